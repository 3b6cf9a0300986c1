"""What profiles ask for, as ``netlab up`` meets it: what cannot be had, what does not fit, what nobody runs."""

import pytest

from netlab import profiles
from netlab.__main__ import main
from netlab.artifacts.fit import refuse_misfits
from netlab.artifacts.lock import Component, Lock, load_lock, render_lock
from netlab.artifacts.prepare import place, unused
from netlab.errors import ConfigError
from netlab.spec.artifacts import ArtifactsSpec
from tests.artifacts.server import QUICK


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("netlab.artifacts.registry.RETRIES", 0)
    monkeypatch.setattr("netlab.artifacts.download.Limits", lambda: QUICK)
    (tmp_path / "lab").mkdir()
    monkeypatch.chdir(tmp_path / "lab")
    return tmp_path / "lab"


@pytest.mark.skopeo
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("", "proxyconnect"),  # the registry: tests leave no packet on a wire
        ("registry_mirror: '127.0.0.1:1'", "connection refused"),
        ("mirror: 'http://127.0.0.1:1'", "Connection refused"),
        ("mirror: nowhere, registry_mirror: '127.0.0.1:1'", "connection refused"),
        ("locked: true", "nothing may be pinned"),
    ],
)
def test_a_cluster_whose_parts_nobody_gives_names_its_replica(folder, capsys, settings, words):
    if settings:
        (folder / "netlab.yml").write_text(f"artifacts: {{{settings}}}\n")
    assert main(["up", "--profile", "cilium"]) == 13
    said = capsys.readouterr().err
    assert words in said
    assert "'--stack datapath' takes the replica of the data path, which needs nothing to be downloaded" in said
    assert not (folder / "netlab.lock.yml").exists()


def test_without_skopeo_the_replica_is_named_too(folder, capsys, monkeypatch):
    monkeypatch.setattr("netlab.proc.shutil.which", lambda name, **_: None if name == "skopeo" else f"/usr/bin/{name}")
    assert main(["up", "--profile", "cilium"]) == 4
    said = capsys.readouterr().err
    assert "apt-get install skopeo" in said
    assert "'--stack datapath'" in said


@pytest.mark.parametrize("option", ["up", "run", "bench", "prove", "reset", "plan"])
def test_every_command_that_may_download_takes_locked(folder, capsys, option):
    assert main([option, "--help"]) == 0
    assert "--locked" in capsys.readouterr().out


def test_locked_on_the_command_line_is_obeyed(folder, capsys):
    assert main(["up", "--profile", "cilium", "--locked"]) == 13
    assert "nothing may be pinned" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kubernetes", "containerd", "fits"),
    [
        ("1.25.16", "2.0.0", False),
        ("v1.20.2", "2.3.4", False),
        ("1.20.2", "1.7.28", True),
        ("1.26.0", "2.3.4", True),
        ("1.36.4", "2.3.4", True),
        ("1.3.10", "10.0", False),
        ("devel", "2.0.0", True),
        ("1.20.2", None, True),
    ],
)
def test_an_old_kubelet_has_no_language_in_common_with_a_new_containerd(kubernetes, containerd, fits):
    found = [Component(name="kubernetes", version=kubernetes)]
    found += [Component(name="containerd", version=containerd)] if containerd else []
    if fits:
        refuse_misfits(found)
        return
    with pytest.raises(ConfigError, match=f"kubernetes {kubernetes.lstrip('v')} needs containerd 1, but") as caught:
        refuse_misfits(found)
    assert "containerd=1.7.28" in caught.value.hint
    assert "container_runtime_source: distribution" in caught.value.hint


def test_what_does_not_fit_is_refused_before_anything_starts(folder, capsys):
    old = Component(name="kubernetes", version="1.20.2")
    (folder / "own.yml").write_text(render_lock(Lock(schema_version=1, components=(old,))))
    (folder / "netlab.yml").write_text("artifacts: {lock: own.yml}\n")
    for words in (["up", "--profile", "cilium"], ["up", "--profile", "cilium", "--dry-run"]):
        assert main(words) == 3
        assert (
            "kubernetes 1.20.2 needs containerd 1, but the profiles ask for containerd 2.3.4" in capsys.readouterr().err
        )


@pytest.mark.parametrize(
    ("names", "images"),
    [
        (["cilium"], {"kube-proxy"}),
        (["baseline-vm", "cilium", "cilium-netkit"], {"kube-proxy"}),
        (["cilium", "cluster-host"], set()),
        (["calico-ebpf"], set()),
        (["baseline-vm"], set()),
    ],
)
def test_images_of_phases_that_every_cluster_skips_are_left_out(names, images):
    assert unused([profiles.find(name, stack="kubeadm") for name in names]) == images


def test_an_image_that_is_left_out_makes_another_payload(folder):
    whole = load_lock().find("kubernetes")
    less = whole.without({"kube-proxy"})
    assert {image.name for image in whole.images} - {image.name for image in less.images} == {
        f"registry.k8s.io/kube-proxy:v{whole.version}"
    }
    assert place(["kubernetes"], ArtifactsSpec(), folder) != place(
        ["kubernetes"], ArtifactsSpec(), folder, {"kube-proxy"}
    )


def test_the_lock_names_nothing_that_a_role_switches_off():
    lock = load_lock()
    assert not [image.name for image in lock.find("cilium").images if "envoy" in image.name]
    assert {file.name for file in lock.find("calico").files} == {"operator-crds.yaml", "tigera-operator.yaml"}
