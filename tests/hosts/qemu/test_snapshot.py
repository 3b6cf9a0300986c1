"""What a snapshot may lie on; disks are real ones, without a machine."""

import json
import shutil
import subprocess

import pytest

from netlab.errors import MachineError
from netlab.hosts.qemu import snapshot
from tests.cache.factories import make_image


def lay(disk, below, kind="qcow2"):
    """Make a disk on another one."""
    disk.parent.mkdir(parents=True)
    command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", kind, "-b", below, disk]
    subprocess.run(command, check=True)
    return disk


def below(disk):
    said = subprocess.run(["qemu-img", "info", "--output=json", disk], check=True, capture_output=True).stdout
    return json.loads(said)["backing-filename"]


@pytest.fixture
def cache(tmp_path):
    """A cache with an image, and behind it another one that has the same."""
    make_image(tmp_path / "cache", content=bytes(1024))
    shutil.copytree(tmp_path / "cache", tmp_path / "other")
    return tmp_path / "cache"


@pytest.fixture
def base(cache):
    (folder,) = (cache / "images").iterdir()
    return snapshot.Base(image=folder.name, image_digest="0" * 64)


def test_a_snapshot_lies_on_the_image_or_on_another_one_by_relative_paths(cache, base, tmp_path):
    (tmp_path / "link").symlink_to(cache)
    first, second = cache / "fleets" / "f1" / "base", tmp_path / "link" / "fleets" / "f1" / "ipvlan-1"
    disk = lay(first / "fleet" / "root.qcow2", cache / "images" / base.image / "disk.raw", "raw")
    snapshot.seal(first, [disk], base)
    assert below(disk) == f"../../../../images/{base.image}/disk.raw"
    assert snapshot.read(first).parent is None
    upper = lay(second / "fleet" / "root.qcow2", disk)
    snapshot.seal(second, [upper], base)
    assert snapshot.read(second).parent == "base"
    assert snapshot.damage(second) is None


@pytest.mark.parametrize("where", ["other/images/{}", "cache/images/another"])
def test_a_snapshot_does_not_lie_on_another_image_or_cache(cache, base, tmp_path, where):
    raw = tmp_path / where.format(base.image) / "disk.raw"
    if not raw.exists():
        shutil.copytree(cache / "images" / base.image, raw.parent)
    folder = cache / "fleets" / "f1" / "base"
    disk = lay(folder / "fleet" / "root.qcow2", raw, "raw")
    with pytest.raises(MachineError, match=f"root.qcow2 lies on {raw}, which is not in this cache") as caught:
        snapshot.seal(folder, [disk], base)
    assert "netlab down" in caught.value.hint
    assert not (folder / snapshot.RECORD).exists()
    assert below(disk) == str(raw)
