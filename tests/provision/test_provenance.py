from __future__ import annotations

import shutil

import pytest

from netlab import assets, profiles
from netlab.artifacts.lock import load_lock
from netlab.provision import provenance
from netlab.spec.artifacts import ArtifactsSpec
from netlab.spec.lab import LabSpec

SPEC = LabSpec()


@pytest.fixture
def data(tmp_path, monkeypatch):
    """netlab's own roles, playbooks, profiles and lock, in a copy that a test may change."""
    for name in ("roles", "playbooks", "profiles", "artifacts"):
        shutil.copytree(assets.root() / name, tmp_path / "data" / name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(assets, "root", lambda: tmp_path / "data")
    return tmp_path / "data"


def made_of(name, stack="datapath", folder=None, spec=SPEC):
    return provenance.of_profile(profiles.find(name, folder, stack), spec, folder or assets.root())


def test_a_profile_is_its_file_its_roles_its_playbooks_and_what_measures_it():
    made = made_of("calico-ipip")
    assert {"profile", "role pod_network", "role nodeport", "role benchmark", "playbook up", "playbook bench"} <= set(
        made.digests
    )
    assert all(len(digest) == 64 for digest in made.digests.values())
    assert made.artifacts == {}
    assert "role kubeadm_node" not in made.digests


def test_a_cluster_is_its_artifacts_and_the_cluster_below_it_too():
    made = made_of("calico-ipip", "kubeadm")
    assert {"role calico", "role kubeadm_node", "playbook cluster"} <= set(made.digests)
    lock = load_lock()
    assert {name: one.version for name, one in made.artifacts.items()} == {
        name: lock.find(name).version
        for name in ("kubernetes", "crictl", "containerd", "runc", "cni-plugins", "calico")
    }


@pytest.mark.parametrize(
    ("file", "stack", "what"),
    [
        ("profiles/calico-ipip.yml", "datapath", "profile"),
        ("roles/pod_network/tasks/main.yml", "datapath", "role pod_network"),
        ("roles/benchmark/files/netlab/netlab-drive", "datapath", "role benchmark"),
        ("playbooks/up.yml", "datapath", "playbook up"),
        ("playbooks/hotspots.yml", "datapath", "playbook hotspots"),
        ("playbooks/filter_plugins/lab.py", "datapath", "plugins"),
        ("playbooks/filter_plugins/lab.py", "kubeadm", "plugins"),
        ("playbooks/templates/settle.sh.j2", "kubeadm", "playbook templates"),
        ("playbooks/templates/restart-controllers.sh.j2", "kubeadm", "playbook templates"),
    ],
)
def test_a_change_shows_in_one_digest(data, file, stack, what):
    before = made_of("calico-ipip", stack).digests
    with (data / file).open("a") as text:
        text.write("# changed\n")
    after = made_of("calico-ipip", stack).digests
    assert {name for name in before if before[name] != after[name]} == {what}


def test_what_only_clusters_are_measured_with_is_no_part_of_others(data):
    before = made_of("calico-ipip")
    for script in (data / "playbooks/templates").iterdir():
        script.write_text("")
    assert made_of("calico-ipip") == before


def test_a_profile_of_the_labs_own_is_what_counts(tmp_path, data):
    (tmp_path / "own").mkdir()
    own = tmp_path / "own/calico-ipip.yml"
    own.write_text((data / "profiles/calico-ipip.yml").read_text())
    assert made_of("calico-ipip", folder=tmp_path / "own") == made_of("calico-ipip")
    own.write_text(own.read_text() + "# mine\n")
    assert made_of("calico-ipip", folder=tmp_path / "own") != made_of("calico-ipip")


def test_an_artifact_is_its_contents_and_not_where_they_come_from():
    (component,) = load_lock().select(["crictl"])
    moved = component.model_copy(
        update={"files": tuple(file.model_copy(update={"url": f"{file.url}x", "size": 1}) for file in component.files)}
    )
    other = component.model_copy(
        update={"files": tuple(file.model_copy(update={"sha256": "0" * 64}) for file in component.files)}
    )
    assert provenance.content_digest(moved) == provenance.content_digest(component)
    assert provenance.content_digest(other) != provenance.content_digest(component)


def test_the_labs_own_lock_decides_the_version(tmp_path):
    lock = load_lock()
    old = lock.find("kubernetes", "1.34.11")
    from netlab.artifacts.lock import Lock, render_lock  # noqa: PLC0415

    (tmp_path / "own.yml").write_text(render_lock(Lock(schema_version=1, components=(old,))))
    spec = LabSpec(artifacts=ArtifactsSpec(lock="own.yml"))
    made = made_of("calico-ipip", "kubeadm", tmp_path, spec)
    assert made.artifacts["kubernetes"].version == "1.34.11"
