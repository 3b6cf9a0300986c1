"""``netlab cache`` and what ``netlab doctor`` says of the cache, by the real command on a cache made by hand."""

import json
import os

import pytest

from netlab import doctor
from netlab.artifacts.lock import Component, File, Lock, render_lock
from netlab.hosts.qemu import image as image_module
from tests.cache.factories import make_image, make_old, make_snapshot

pytestmark = pytest.mark.real


@pytest.fixture
def cache(folder):
    cache = folder.parent / "cache" / "netlab"
    image = make_image(cache)
    make_snapshot(cache, image)
    make_snapshot(cache, image, "ipvlan-1", parent="base")
    (cache / "artifacts" / "sha256").mkdir(parents=True)
    (cache / "artifacts" / "sha256" / "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855").touch()
    return cache


def keep_date(path, content):
    before = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_an_empty_cache_is_no_error(netlab):
    for action in ("list", "verify", "prune"):
        done = netlab("cache", action)
        assert done.returncode == 0, done.stderr


def test_the_list_tells_what_lies_on_what(netlab, cache):
    key = image_module.DATAPATH.key
    lines = netlab("cache", "list").stdout.splitlines()
    assert lines[0].split() == ["entry", "size", "last", "used", "state", "lies", "on"]
    assert any(line.startswith(f"image {key}") for line in lines)
    (profile,) = [line for line in lines if "ipvlan-1" in line]
    assert profile.endswith(f"snapshot f1/base, image {key}")
    assert lines[-1].endswith(f"in {cache}")
    found = json.loads(netlab("cache", "list", "--json").stdout)
    assert [entry["kind"] for entry in found] == ["image", "snapshot", "snapshot", "artifact"]
    assert all(entry["size"] % 512 == 0 and not entry["damage"] for entry in found)


def test_verify_reads_all_and_names_what_is_damaged(netlab, cache):
    assert netlab("cache", "verify").returncode == 0
    keep_date(cache / "fleets" / "f1" / "ipvlan-1" / "fleet" / "state", b"X" * len("ipvlan-1 state"))
    assert json.loads(netlab("cache", "list", "--json").stdout)[2]["damage"] is None, "its date is as it was"
    done = netlab("cache", "verify")
    assert done.returncode == 14
    assert "1 of 5 entries are damaged: snapshot f1/ipvlan-1: the content of fleet/state has changed" in done.stderr
    assert "netlab cache prune" in done.stderr
    assert "removed snapshot f1/ipvlan-1" in netlab("cache", "prune").stdout
    assert netlab("cache", "verify").returncode == 0


def test_verify_knows_artifacts_by_their_names(netlab, cache):
    (entry,) = (cache / "artifacts" / "sha256").iterdir()
    entry.write_text("changed")
    said = netlab("cache", "verify").stderr
    assert "artifact e3b0c44298fc1c14" in said
    assert "fetched again" in said
    assert "prune" not in said, "it reads no artifact, so it knows of no damaged one"


def test_what_kubernetes_was_built_to_is_fixed_by_hand(netlab, cache):
    folder = cache / "kubernetes-source"
    place = folder / "mirror" / "x.org" / "kubeadm"
    place.parent.mkdir(parents=True)
    file = File(name="kubeadm", url="https://x.org/kubeadm", sha256="0" * 64)
    lock = Lock(schema_version=1, components=(Component(name="kubernetes", version="1", files=(file,)),))
    (folder / "lock.yml").write_text(render_lock(lock))
    place.touch()
    assert netlab("cache", "prune").stdout == "freed 0 B\n"
    said = netlab("cache", "verify").stderr
    assert "kubernetes-source: the content of mirror/x.org/kubeadm has changed" in said
    assert f"remove {folder}, then run 'make kubernetes'" in said
    assert "prune" not in said


def test_prune_removes_what_is_old_and_a_dry_run_nothing(netlab, cache):
    for path in (*cache.glob("images/*"), *cache.glob("fleets/*/*")):
        make_old(path, 40)
    tried = netlab("cache", "prune", "--older-than", "30d", "--dry-run").stdout.splitlines()
    assert tried[0].startswith("would remove snapshot f1/ipvlan-1 (")
    assert tried[0].endswith("): not used for 40 days")
    assert tried[-1].startswith("would free ")
    assert len(list(cache.glob("fleets/*/*"))) == 2
    assert netlab("cache", "prune").stdout == "freed 0 B\n"
    done = json.loads(netlab("cache", "prune", "--older-than", "4w", "--json").stdout)
    assert [each["removed"] for each in done["entries"]] == [True, True, True]
    assert done["freed"] == sum(each["size"] for each in done["entries"])
    assert not list(cache.glob("fleets/*"))
    assert [path.name for path in cache.glob("images/*")] == []


@pytest.mark.parametrize("age", ["30", "d", "30y", "-1d", "1.5d", "٣d", "99999999d"])
def test_an_age_that_is_none_is_a_usage_error(netlab, age):
    done = netlab("cache", "prune", f"--older-than={age}")
    assert done.returncode == 2
    assert "is not an age" in done.stderr


def test_doctor_notices_a_damaged_image(cache, folder):
    assert doctor._cache().ok
    os.truncate(cache / "images" / image_module.DATAPATH.key / "kernel", 3)
    check = doctor._cache()
    assert not check.ok
    assert f"image {image_module.DATAPATH.key}: kernel has 3 bytes instead of 7" in check.message
    assert "netlab cache prune" in check.hint
