import pytest

from netlab import assets
from netlab.artifacts import registry
from netlab.artifacts.lock import Component, File, Image, Lock, read_lock, render_lock
from netlab.artifacts.mirror import Sources
from netlab.artifacts.update import bumped_text, lock_to_change, plan_update
from netlab.artifacts.upstream import Upstream, find_checksum
from netlab.errors import ArtifactChanged, ArtifactUnreachable, NotLocked, UsageError
from tests.artifacts.server import QUICK, sha256

OLD, NEW = b"kubeadm 1.36.4", b"kubeadm 1.37.1"
DIGEST = f"sha256:{'d' * 64}"


@pytest.fixture
def lock(server, tmp_path):
    """A lock file with one component of every kind of entry."""
    server.files = {
        "/v1.36.4/kubeadm": OLD,
        "/v1.36.4/kubeadm.sha256": sha256(OLD).encode(),
        "/v1.37.1/kubeadm": NEW,
        "/v1.37.1/kubeadm.sha256": sha256(NEW).encode(),
    }
    component = Component(
        name="kubernetes",
        version="1.36.4",
        note="of the old one",
        files=(
            File(name="kubeadm", url=f"{server.url}/v1.36.4/kubeadm", sha256=sha256(OLD)),
            File(name="extra", url=f"{server.url}/extra", sha256="0" * 64),
        ),
        images=(Image(name="registry.k8s.io/kube-proxy:v1.36.4"), Image(name="registry.k8s.io/pause:3.10.2")),
    )
    path = tmp_path / "lock.yml"
    path.write_text(
        render_lock(Lock(schema_version=1, components=(component, Component(name="runc", version="1.4.3"))))
    )
    return path


@pytest.fixture
def asked(monkeypatch):
    """Names that the registry, which knows every one, was asked for."""
    names = []
    monkeypatch.setattr(registry, "resolve", lambda name, mirror, _login: names.append((name, mirror)) or DIGEST)
    return names


@pytest.fixture
def upstream(cache, progress, asked):
    return Upstream(cache.root, progress, Sources(registry_mirror="127.0.0.1:5000"), QUICK)


def test_a_version_comes_first_and_the_old_one_stays(lock, upstream, progress, asked, notes):
    change = plan_update(lock, ["kubernetes=1.37.1"], upstream, progress)
    assert change.before == lock.read_text()
    assert "-" not in {line[0] for line in change.diff.splitlines()[3:]}
    assert f"+        sha256: {sha256(NEW)}" in change.diff.splitlines()
    change.write()
    new, old, runc = read_lock(lock).components
    assert (old.version, runc.name) == ("1.36.4", "runc")
    assert (new.version, new.note) == ("1.37.1", "")
    assert new.files[0].url.endswith("/v1.37.1/kubeadm")
    assert [image.name for image in new.images] == [
        "registry.k8s.io/kube-proxy:v1.37.1",
        "registry.k8s.io/pause:3.10.2",
    ]
    assert asked == [("registry.k8s.io/kube-proxy:v1.37.1", "127.0.0.1:5000")]
    taken = "kubernetes 1.37.1: taken over from 1.36.4, so look whether they fit: extra, registry.k8s.io/pause:3.10.2"
    assert taken in notes.said


def test_without_a_component_the_registries_are_asked(lock, upstream, progress):
    plan_update(lock, [], upstream, progress).write()
    assert [image.digest for image in read_lock(lock).components[0].images] == [DIGEST, DIGEST]
    assert plan_update(lock, [], upstream, progress).diff == ""


@pytest.mark.parametrize("words", [[], ["tool=v1.2"]])
def test_checksums_that_are_null_are_asked_for(server, upstream, progress, tmp_path, words):
    server.files = {"/tool": b"tool", "/archive": b"archive", "/archive.sha256": sha256(b"archive").encode()}
    file = File(name="tool", url=f"{server.url}/tool", sha256=None)
    image = Image(name="k8s.io/pause:1", url=f"{server.url}/archive", sha256=None)
    own = tmp_path / "own.yml"
    own.write_text(
        render_lock(
            Lock(schema_version=1, components=(Component(name="tool", version="1.2", files=(file,), images=(image,)),))
        )
    )
    plan_update(own, words, upstream, progress).write()
    (only,) = read_lock(own).components
    assert (only.files[0].sha256, only.images[0].sha256) == (sha256(b"tool"), sha256(b"archive"))


def test_a_version_that_is_there_is_compared_with_upstream(lock, upstream, progress, server):
    server.files["/extra"] = b"extra"
    with pytest.raises(ArtifactChanged, match=f"extra at {server.url}/extra is not what the lock says: expected"):
        plan_update(lock, ["kubernetes=1.36.4"], upstream, progress)
    server.files["/extra.sha256"] = b"0" * 64
    change = plan_update(lock, ["kubernetes=1.36.4"], upstream, progress)
    assert [line for line in change.diff.splitlines()[3:] if line[0] in "+-"] == [
        *("-        digest: null", f"+        digest: {DIGEST}") * 2
    ]


def test_a_file_without_a_published_checksum_is_hashed_and_that_is_said(lock, upstream, progress, server, notes, cache):
    del server.files["/v1.37.1/kubeadm.sha256"]
    plan_update(lock, ["kubernetes=1.37.1"], upstream, progress).write()
    assert read_lock(lock).components[0].files[0].sha256 == sha256(NEW)
    assert any("no checksum is published" in text for text in notes.said)
    assert cache.holds(sha256(NEW))


def test_a_lock_of_ones_own_takes_over_from_netlabs(upstream, progress, tmp_path, server):
    for arch in ("amd64", "arm64"):
        for name in ("kubeadm", "kubelet", "kubectl"):
            server.files[f"/dl.k8s.io/release/v1.20.2/bin/linux/{arch}/{name}.sha256"] = sha256(arch.encode()).encode()
    own = tmp_path / "own.yml"
    upstream = Upstream(tmp_path / "cache", progress, Sources(mirror=server.url), QUICK)
    change = plan_update(own, ["kubernetes=1.20.2"], upstream, progress)
    assert not own.exists()
    change.write()
    (only,) = read_lock(own).components
    assert only.label == "kubernetes 1.20.2"
    assert only.files[0].url == "https://dl.k8s.io/release/v1.20.2/bin/linux/amd64/kubeadm"


def test_what_cannot_be_updated(lock, upstream, progress, server):
    with pytest.raises(NotLocked, match="did you mean 'kubernetes'"):
        plan_update(lock, ["kubernets=1.37.1"], upstream, progress)
    for word in ("kubernetes", "kubernetes=", "kubernetes=../x", "=1"):
        with pytest.raises(UsageError, match="is not COMPONENT=VERSION"):
            plan_update(lock, [word], upstream, progress)
    server.close()
    with pytest.raises(
        ArtifactUnreachable, match=f"checksum of kubernetes 1.37.1 kubeadm could not be fetched from {server.url}"
    ):
        plan_update(lock, ["kubernetes=1.37.1"], upstream, progress)


def test_the_lock_of_an_installation_is_not_changed(monkeypatch, tmp_path):
    assert lock_to_change(None) == assets.lock()
    monkeypatch.setattr(assets, "installed", lambda: True)
    with pytest.raises(UsageError, match="part of the installation"):
        lock_to_change(None)
    assert lock_to_change(tmp_path) == tmp_path


A, B = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (A, A),
        (f"{A.upper()}\n", A),
        (f"{A}  runc.amd64\n", A),
        (f"{B} *runc.arm64\n{A} *runc.amd64\n", A),
        (f"-----BEGIN PGP SIGNED MESSAGE-----\n{B}  ./x/runc.arm64\n{A}  ./x/runc.amd64\n", A),
        ("", None),
        (f"{A}  runc.arm64\n", None),
        (f"{A}\n{B}\n", None),
        ("<html>no</html>", None),
    ],
)
def test_checksum_files_of_every_style(text, found):
    if found:
        assert find_checksum(text, "https://x.org/runc.amd64", "there") == found
    else:
        with pytest.raises(ArtifactChanged, match=r"there holds no SHA-256 of runc.amd64"):
            find_checksum(text, "https://x.org/runc.amd64", "there")


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("https://x/v1.36.4/kubeadm-1.36.4.tgz", "https://x/v2.0.0/kubeadm-2.0.0.tgz"),
        ("https://x/v1.36.40/11.36.4/1.36.4.1", "https://x/v1.36.40/11.36.4/1.36.4.1"),
    ],
)
def test_a_version_is_replaced_as_a_whole(text, new):
    assert bumped_text(text, "1.36.4", "2.0.0") == new
