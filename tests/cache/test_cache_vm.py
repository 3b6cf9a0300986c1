"""The cache under real machines: one bake, and no profile is applied, so that it takes a few minutes."""

import json
import os
import subprocess

import pytest

from netlab import assets
from netlab.hosts.qemu import image
from netlab.hosts.qemu.bake import bake
from netlab.progress import Reporter

pytestmark = pytest.mark.vm

UP = ("up", "--no-profile", "--stack", "datapath", "--clock", "virtual")


@pytest.fixture
def cache(tmp_path_factory, monkeypatch):
    """A cache of its own that begins with the image of the user's, which is baked if need be."""
    made = bake(image.DATAPATH, assets.cache(), Reporter()).disk.parent
    home = tmp_path_factory.mktemp("cache")
    (home / "netlab" / "images").mkdir(parents=True)
    copy = ["cp", "-a", "--sparse=always", "--reflink=auto", made, home / "netlab" / "images"]
    subprocess.run(copy, check=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    return home / "netlab"


def up(netlab):
    done = netlab(*UP)
    assert done.returncode == 0, done.stderr
    assert netlab("ssh", "node1", "--", "hostname").stdout.strip() == "node1"
    return done.stderr


def entries_of(netlab):
    return {f"{entry['kind']} {entry['name']}": entry for entry in json.loads(netlab("cache", "list", "--json").stdout)}


def test_what_a_machine_uses_is_not_pruned_and_an_image_that_is_baked_again_resumes_no_old_snapshot(netlab, cache):
    assert "boot the fleet" in up(netlab)
    before = entries_of(netlab)
    assert {entry["kind"] for entry in before.values() if entry["in_use"]} == {"image", "snapshot"}
    pruned = netlab("cache", "prune", "--older-than", "0h")
    assert pruned.stdout.count("): in use") == 2, pruned.stdout
    assert entries_of(netlab).keys() == before.keys()
    assert netlab("down").returncode == 0
    assert not any(entry["in_use"] for entry in entries_of(netlab).values())
    assert "boot the fleet" not in up(netlab), "the snapshot is there, and is resumed"
    assert netlab("down").returncode == 0

    (kernel,) = cache.glob("images/*/kernel")
    old = json.loads((kernel.parent / "image.json").read_text())["files"]["disk.raw"]["sha256"]
    os.truncate(kernel, kernel.stat().st_size // 2)
    said = up(netlab)
    assert f"the cached image {kernel.parent.name} is damaged (kernel has " in said
    assert "boot the fleet" in said, "the old snapshot lies on another disk"
    assert json.loads((kernel.parent / "image.json").read_text())["files"]["disk.raw"]["sha256"] != old
    assert netlab("cache", "prune").stdout.count("removed snapshot") == 1
    assert len(list(cache.glob("fleets/*/base"))) == 1
    assert netlab("doctor").stdout.count("as they were made") == 1
