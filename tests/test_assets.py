import shutil

import pytest

from netlab import assets, profiles
from netlab.hosts.qemu import image
from netlab.provision import session
from netlab.spec.lab import LabSpec


def test_data_is_there():
    assert (assets.roles() / "benchmark" / "tasks" / "main.yml").is_file()
    assert assets.playbook("up").is_file()
    assert assets.lock().is_file()


def test_digest_depends_on_content_and_names_only(tmp_path):
    for where in ("a", "b"):
        (tmp_path / where / "role").mkdir(parents=True)
        (tmp_path / where / "role" / "main.yml").write_text("x: 1")
    first = assets.digest([tmp_path / "a" / "role"])
    assert first == assets.digest([tmp_path / "b" / "role"])
    (tmp_path / "b" / "role" / "README.md").write_text("words change nothing on a host")
    assert first == assets.digest([tmp_path / "b" / "role"])
    (tmp_path / "b" / "role" / "main.yml").write_text("x: 2")
    assert first != assets.digest([tmp_path / "b" / "role"])
    (tmp_path / "a" / "role" / "main.yml").rename(tmp_path / "a" / "role" / "other.yml")
    assert first != assets.digest([tmp_path / "a" / "role"])


def test_a_role_depends_on_the_roles_that_it_includes():
    names = [folder.name for folder in assets.with_their_roles(["cluster_workload", "cni_reference"])]
    assert names == [
        *("app", "cluster_workload", "cni_reference", "in_effect", "lab_routes", "pod_image", "pod_network", "undo"),
    ]


def test_what_a_role_needs_under_a_condition_is_a_part_of_it_too():
    names = [folder.name for folder in assets.with_their_roles(["pod"])]
    assert names == ["app", "in_effect", "pod", "pod_image", "undo"]


@pytest.mark.parametrize("place", ["plugins/filter", "filter_plugins", "playbooks/filter_plugins"])
def test_a_plugin_is_part_of_every_snapshot_and_image(tmp_path, monkeypatch, place):
    shutil.copytree(assets.root() / "roles", tmp_path / "roles")
    shutil.copytree(assets.root() / "playbooks", tmp_path / "playbooks")
    shutil.copytree(assets.root() / "profiles", tmp_path / "profiles")
    monkeypatch.setattr(assets, "root", lambda: tmp_path)

    def names():
        return session.snapshot_tag(profiles.find("calico-ipip"), LabSpec()), image.DATAPATH.key

    before = names()
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    (tmp_path / place / "addresses.py").write_text("class FilterModule: pass")
    assert set(names()).isdisjoint(before)
