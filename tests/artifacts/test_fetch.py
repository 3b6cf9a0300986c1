import json
import os
import subprocess
from types import SimpleNamespace

import pytest

from netlab.artifacts.bundle import write_bundle
from netlab.artifacts.fetch import fetch
from netlab.artifacts.lock import Component, File, Image
from netlab.artifacts.mirror import Sources
from netlab.artifacts.payload import payload_disk, payload_key, sanitised
from netlab.artifacts.verify import look, refuse, table
from netlab.cache.contents import entries
from netlab.errors import ArtifactChanged, ArtifactError, ArtifactMissing, NoSpace, NotForArchitecture, NotLocked
from tests.artifacts.payloads import read_back
from tests.artifacts.server import QUICK, sha256

KUBEADM = {"amd64": b"\x7fELF amd64" * 1000, "arm64": b"\x7fELF arm64" * 1000}
CHART = b"chart" * 3000
PAUSE = b"archive of pause"


@pytest.fixture
def components(server):
    """Two components as an old cluster would have them; everything is on the server."""
    server.files = {"/amd64/kubeadm": KUBEADM["amd64"], "/arm64/kubeadm": KUBEADM["arm64"]}
    server.files |= {"/chart.tgz": CHART, "/pause.tar": PAUSE}
    files = [
        File(name="kubeadm", arch=arch, url=f"{server.url}/{arch}/kubeadm", sha256=sha256(data))
        for arch, data in KUBEADM.items()
    ]
    pause = Image(name="k8s.gcr.io/pause:3.2", url=f"{server.url}/pause.tar", sha256=sha256(PAUSE))
    chart = File(name="chart.tgz", url=f"{server.url}/chart.tgz", sha256=sha256(CHART))
    return (
        Component(name="kubernetes", version="1.20.2", files=tuple(files), images=(pause,)),
        Component(name="cilium", version="1.20.0", files=(chart,)),
    )


@pytest.fixture
def fetched(components, cache, progress):
    fetch(components, "amd64", cache.root, progress, limits=QUICK)
    return components


def test_what_one_architecture_needs_is_fetched(fetched, server):
    assert sorted(path for path, _ in server.asked) == ["/amd64/kubeadm", "/chart.tgz", "/pause.tar"]


def test_nothing_is_asked_for_that_is_there(fetched, server, cache, progress):
    server.asked.clear()
    fetch(fetched, "amd64", cache.root, progress, limits=QUICK)
    assert server.asked == []


def test_an_image_without_a_digest_is_refused_before_anything_is_fetched(components, server, cache, progress):
    waiting = Component(name="x", version="1", images=(Image(name="k8s.gcr.io/etcd:3"),))
    with pytest.raises(NotLocked, match=r"^image k8s.gcr.io/etcd:3: the lock has no digest of it yet$") as caught:
        fetch((*components, waiting), "amd64", cache.root, progress, limits=QUICK)
    assert "netlab lock" in caught.value.hint
    assert server.asked == []


def test_a_bundle_serves_where_there_is_no_network(fetched, server, cache, tmp_path, progress):
    assert write_bundle(fetched, "amd64", cache.root, tmp_path / "usb") == 3
    assert (tmp_path / "usb" / server.host / "amd64" / "kubeadm").read_bytes() == KUBEADM["amd64"]
    assert write_bundle(fetched, "amd64", cache.root, tmp_path / "usb") == 0
    server.asked.clear()
    sources = Sources(mirror=str(tmp_path / "usb"))
    fetch(fetched, "amd64", tmp_path / "elsewhere", progress, sources=sources, limits=QUICK)
    refuse(look(fetched, "amd64", tmp_path / "elsewhere", deep=True))
    assert server.asked == []


def test_a_bundle_mends_what_was_altered_in_it(fetched, server, cache, tmp_path):
    write_bundle(fetched, "amd64", cache.root, tmp_path)
    chart = tmp_path / server.host / "chart.tgz"
    chart.write_bytes(b"other")
    assert write_bundle(fetched, "amd64", cache.root, tmp_path) == 1
    assert chart.read_bytes() == CHART


def test_verify_tells_missing_from_changed(fetched, cache):
    found = look(fetched, "amd64", cache.root, deep=True)
    assert [(each.kind, each.name, each.state, each.size) for each in found] == [
        ("file", "kubeadm", "cached", 10_000),
        ("image", "k8s.gcr.io/pause:3.2", "cached", 16),
        ("file", "chart.tgz", "cached", 15_000),
    ]
    refuse(found)
    entry = cache.path(sha256(CHART))
    entry.chmod(0o644)
    entry.write_bytes(b"other")
    cache.path(sha256(PAUSE)).unlink()
    assert [each.state for each in look(fetched, "amd64", cache.root, deep=False)] == ["cached", "missing", "cached"]
    found = look(fetched, "amd64", cache.root, deep=True)
    assert [each.state for each in found] == ["cached", "missing", "changed"]
    with pytest.raises(ArtifactChanged) as caught:
        refuse(found)
    assert caught.value.message.startswith("1 of 3 artifacts changed: cilium 1.20.0 chart.tgz has changed in the cache")
    assert f"expected sha256 {sha256(CHART)}, found sha256 {sha256(b'other')}" in caught.value.message
    with pytest.raises(ArtifactMissing, match=r"^1 of 2 artifacts missing: image k8s.gcr.io/pause:3.2 is not in the"):
        refuse(found[:2])
    lines = list(table(fetched, found))
    assert lines[0] == "kubernetes 1.20.2  1 of 1 files, 0 of 1 images cached (9.8 KiB)"
    assert lines[1] == "cilium 1.20.0      0 of 1 files cached (0 B)"
    assert lines[2].startswith("  changed: cilium 1.20.0 chart.tgz has changed")


def test_to_verify_is_not_to_use(fetched, cache):
    os.utime(cache.path(sha256(PAUSE)), (1, 1))
    assert all(each.state == "cached" for each in look(fetched, "amd64", cache.root, deep=True))
    (entry,) = [each for each in entries(cache.root) if each.name == sha256(PAUSE)]
    assert entry.last_used.year == 1970


def test_what_is_missing_in_the_lock_is_told_apart(cache):
    waiting = Component(name="x", version="1", images=(Image(name="k8s.gcr.io/etcd:3"),))
    other = Component(
        name="y", version="1", files=(File(name="z", arch="arm64", url="https://x.org/z", sha256="0" * 64),)
    )
    found = look((waiting, other), "amd64", cache.root, deep=False)
    assert [each.state for each in found] == ["unlocked", "unavailable"]
    assert list(table((waiting, other), found))[1::2] == [
        "  1 not pinned yet: the first use does it, or 'netlab lock x=1'",
        "  unavailable: y 1: the lock has no z for amd64",
    ]
    with pytest.raises(NotLocked) as caught:
        refuse(found[:1])
    assert "netlab lock" in caught.value.hint
    with pytest.raises(
        NotForArchitecture, match="1 of 1 artifacts unavailable: y 1: the lock has no z for amd64"
    ) as caught:
        refuse(found[1:])
    assert "netlab lock" not in caught.value.hint


def test_a_payload_disk_holds_all_with_an_index(fetched, cache):
    disk = payload_disk(fetched, "amd64", cache.root)
    assert disk == cache.root / "payloads" / f"{payload_key(fetched, 'amd64')}.ext4"
    index = json.loads(read_back(disk, "index.json"))
    pause = f"images/{sanitised('k8s.gcr.io/pause:3.2')}.tar"
    assert index["kubernetes"] == {
        "version": "1.20.2",
        "files": {"kubeadm": {"path": "files/kubernetes/kubeadm", "sha256": sha256(KUBEADM["amd64"])}},
        "images": {"k8s.gcr.io/pause:3.2": {"path": pause, "sha256": sha256(PAUSE)}},
    }
    for part in index.values():
        for entry in [*part["files"].values(), *part["images"].values()]:
            assert sha256(read_back(disk, entry["path"])) == entry["sha256"]
    label = subprocess.run(["/sbin/e2label", disk], check=True, capture_output=True, text=True).stdout
    assert label == "netlab-payload\n"
    subprocess.run(["/sbin/e2fsck", "-fn", disk], check=True, capture_output=True)
    before = disk.stat().st_mtime_ns
    assert payload_disk(fetched, "amd64", cache.root).stat().st_mtime_ns == before
    assert sorted(path.suffix for path in disk.parent.iterdir()) == [".ext4", ".json", ".lock"]


def test_a_large_payload_fits(cache, tmp_path):
    files = []
    for count in range(40):
        data = bytes([count]) * (count * 50_000)
        (tmp_path / "file").write_bytes(data)
        cache.adopt(tmp_path / "file", sha256(data), "x", "y")
        files.append(File(name=f"f{count}", url=f"https://x.org/{count}", sha256=sha256(data)))
    disk = payload_disk([Component(name="a", version="1", files=tuple(files))], "amd64", cache.root)
    assert sha256(read_back(disk, "files/a/f39")) == files[-1].sha256


def test_a_payload_is_keyed_by_content_alone(components):
    moved = components[0].model_copy(
        update={"files": tuple(f.model_copy(update={"url": "https://x.org/y"}) for f in components[0].files)}
    )
    key = payload_key(components, "amd64")
    assert payload_key((moved, components[1]), "amd64") == key
    assert len({key, payload_key(components, "arm64"), payload_key(components[:1], "amd64")}) == 3


def test_a_payload_wants_everything_in_the_cache(components, cache):
    with pytest.raises(ArtifactMissing, match=r"^kubernetes 1.20.2 kubeadm is not in the cache"):
        payload_disk(components, "amd64", cache.root)
    assert [path.suffix for path in (cache.root / "payloads").iterdir()] == [".lock"]


def test_a_full_disk_says_how_much_a_payload_needs(fetched, cache, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    with pytest.raises(NoSpace, match=r"^the payload needs 8.0 MiB in .*/payloads, but 1.0 MiB are free$"):
        payload_disk(fetched, "amd64", cache.root)


def test_a_payload_has_no_two_versions_of_one_thing(components):
    other = components[0].model_copy(update={"version": "1.21.0"})
    with pytest.raises(ArtifactError, match="kubernetes was asked for twice"):
        payload_key((*components, other), "amd64")
