"""What 'netlab cache' finds in a cache that is made by hand, what it removes, and what it must not."""

import errno
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from netlab import locks
from netlab.cache.contents import entries
from netlab.cache.prune import Doomed, Kept, judge, remove
from netlab.hosts.qemu import image as image_module
from netlab.storage import leases
from tests.cache.factories import make_image, make_old, make_snapshot

MONTH = timedelta(days=30)


@pytest.fixture
def cache(tmp_path):
    """The image of this netlab, a fleet with a base, a cluster on it, and a profile on that."""
    image = make_image(tmp_path)
    make_snapshot(tmp_path, image)
    make_snapshot(tmp_path, image, "cluster-1", parent="base")
    make_snapshot(tmp_path, image, "calico-1", parent="cluster-1")
    return tmp_path


def prune(cache, older_than=None):
    """Prune; return the labels of what is left, without what is never removed."""
    judgement = judge(entries(cache), datetime.now(UTC), older_than)
    list(remove(cache, judgement.doomed))
    return left(cache)


def left(cache):
    return {entry.path.name for entry in entries(cache)}


KEY = image_module.DATAPATH.key


def all_of(cache):
    return {KEY, "base", "cluster-1", "calico-1"}


def test_the_list_tells_sizes_and_what_lies_on_what(cache):
    found = {entry.label: entry for entry in entries(cache)}
    profile = found["snapshot f1/calico-1"]
    assert profile.lies_on == ("snapshot f1/cluster-1", f"image {KEY}")
    assert profile.size >= 4096
    assert not any(entry.damage or entry.in_use for entry in found.values())


def test_what_can_be_used_stays(cache):
    assert prune(cache) == all_of(cache)


def test_an_image_that_no_recipe_makes_goes_with_all_that_lies_on_it(cache):
    old = make_image(cache, key="0123456789abcdef")
    make_snapshot(cache, old, fleet="f2")
    make_snapshot(cache, old, "ipvlan-1", fleet="f2", parent="base")
    (cache / "fleets" / "f2.lock").touch()
    assert prune(cache) == all_of(cache)
    assert {path.name for path in (cache / "fleets").iterdir()} == {"f1"}


def test_a_snapshot_of_an_image_that_is_gone_or_was_baked_again_goes(cache):
    image = cache / "images" / KEY
    for file in image.iterdir():
        file.unlink()
    image.rmdir()
    assert prune(cache) == set()
    fresh = make_image(cache)
    make_snapshot(cache, fresh.model_copy(update={"digest": "another"}))
    assert prune(cache) == {fresh.key}


def test_a_snapshot_of_a_payload_that_is_gone_goes(cache):
    image = image_module.read(cache / "images" / KEY)
    make_snapshot(cache, image, fleet="f2", payload=("abc.ext4", "digest"))
    assert prune(cache) == all_of(cache)
    assert [path.name for path in (cache / "fleets").iterdir()] == ["f1"]


@pytest.mark.parametrize("tag", ["base", "cluster-1", "calico-1"])
def test_a_damaged_snapshot_goes_with_all_that_lie_on_it_and_no_other(cache, tag):
    os.truncate(cache / "fleets" / "f1" / tag / "fleet" / "state", 1)
    chain = ["base", "cluster-1", "calico-1"]
    assert prune(cache) == {KEY, *chain[: chain.index(tag)]}


def test_age_counts_only_where_it_is_asked_for(cache):
    make_old(cache / "fleets" / "f1" / "calico-1", 31)
    assert prune(cache) == all_of(cache)
    assert prune(cache, MONTH) == all_of(cache) - {"calico-1"}


def test_an_old_base_stays_only_if_it_is_younger_than_asked(cache):
    for path in (cache / "images" / KEY, *cache.glob("fleets/f1/*")):
        make_old(path, 31)
    assert prune(cache, timedelta(days=32)) == all_of(cache)
    assert prune(cache, MONTH) == set()
    assert not (cache / "fleets" / "f1").exists()


def test_artifacts_logs_and_downloads_go_by_age(cache):
    for name in (
        "artifacts/sha256/" + "0" * 64,
        "artifacts/partial/old",
        "logs/artifacts.log",
        "artifacts/partial/new",
    ):
        path = cache / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        make_old(path, 0 if name.endswith("new") else 40)
    assert prune(cache) == {*all_of(cache), "0" * 64, "artifacts.log", "new"}
    assert prune(cache, MONTH) == {*all_of(cache), "new"}


def test_a_deep_look_keeps_nothing(cache):
    """Empty, so that its name is known: an artifact that is as it should be, and that nobody has used for long."""
    file = cache / "artifacts" / "sha256" / "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    file.parent.mkdir(parents=True)
    file.touch()
    for path in (cache / "images" / KEY, *cache.glob("fleets/f1/*"), file):
        make_old(path, 40)
    assert not any(entry.damage for entry in entries(cache, deep=True))
    assert prune(cache, MONTH) == set()


def test_a_download_that_somebody_waits_for_stays(cache):
    partial = cache / "artifacts" / "partial" / "abc"
    partial.parent.mkdir(parents=True)
    partial.write_text("half")
    make_old(partial, 2)
    descriptor = locks.acquire(partial.with_name("abc.lock"))
    assert "abc" in prune(cache)
    os.close(descriptor)
    assert "abc" not in prune(cache)
    assert list(partial.parent.iterdir()) == []


def test_what_kubernetes_was_built_to_never_goes(cache):
    folder = cache / "kubernetes-source"
    folder.mkdir()
    (folder / "lock.yml").write_text("schema_version: 1\ncomponents: []\n")
    make_old(folder, 400)
    assert "kubernetes-source" in prune(cache, MONTH)


@pytest.mark.parametrize("wrong", ["old", "damaged", "no recipe"])
def test_what_a_machine_uses_stays_with_all_that_it_lies_on(cache, wrong):
    """The machine is a process that inherited the leases; the netlab that started it has ended."""
    image = make_image(cache, key="0123456789abcdef") if wrong == "no recipe" else None
    if image:
        make_snapshot(cache, image, fleet="f2")
    fleet, key = ("f2", "0123456789abcdef") if image else ("f1", KEY)
    held = leases.Leases(cache)
    held.hold(leases.image(key))
    held.hold(leases.fleet(fleet))
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=held.descriptors) as machine:
        del held
        if wrong == "damaged":
            os.truncate(cache / "fleets" / "f1" / "base" / "fleet" / "state", 1)
        for path in (*cache.glob("images/*"), *cache.glob("fleets/*/*")):
            make_old(path, 40 if wrong == "old" else 0)
        before = left(cache)
        assert prune(cache, MONTH) == before
        judgement = judge(entries(cache), datetime.now(UTC), MONTH)
        assert {kept.reason for kept in judgement.kept} == {"in use"}
        machine.communicate(b"")
    assert prune(cache, MONTH) < before


def test_what_came_into_use_after_it_was_judged_stays(cache):
    for path in (cache / "images" / KEY, *cache.glob("fleets/f1/*")):
        make_old(path, 31)
    judgement = judge(entries(cache), datetime.now(UTC), MONTH)
    assert len(judgement.doomed) == 4
    held = leases.Leases(cache)
    held.hold(leases.fleet("f1"))
    list(remove(cache, judgement.doomed))
    assert left(cache) == all_of(cache), "the image too: a snapshot lies on it"


@pytest.mark.parametrize(
    "place",
    ["artifacts/sha256/" + "0" * 64, "logs/old.log", "artifacts/partial/abc", "payloads/p.ext4", "fleets/f1/calico-1"],
)
def test_what_was_used_after_it_was_judged_stays(cache, place):
    """It is not in use any more, or nothing tells that it is: its date does."""
    path = cache / place
    if not path.exists():
        path.parent.mkdir(parents=True)
        path.write_text("x")
    marked = path.with_name("p.ext4.json") if path.suffix == ".ext4" else path
    marked.touch()
    make_old(marked, 40)
    judgement = judge(entries(cache), datetime.now(UTC), MONTH)
    (one,) = [doomed for doomed in judgement.doomed if doomed.entry.path == path]
    then = marked.stat()
    os.utime(marked)
    assert list(remove(cache, [one])) == [Kept(one.entry, "used just now")]
    assert path.exists()
    os.utime(marked, ns=(then.st_atime_ns, then.st_mtime_ns))
    assert list(remove(cache, [one])) == [one]
    assert not path.exists()


def test_what_lies_on_others_is_removed_first(cache):
    for path in (cache / "images" / KEY, *cache.glob("fleets/f1/*")):
        make_old(path, 31)
    judgement = judge(entries(cache), datetime.now(UTC), MONTH)
    assert [doomed.entry.path.name for doomed in judgement.doomed] == ["calico-1", "cluster-1", "base", KEY]


def test_leftovers_and_leases_of_what_is_gone_go(cache):
    for place in ("images/.bake-1", "fleets/f1/.new-1", "payloads/.make-1", "fleets/f1/.old-1"):
        (cache / place).mkdir(parents=True)
    held = leases.Leases(cache)
    held.hold(leases.image("gone"))
    del held
    assert prune(cache) == all_of(cache)
    assert not list(cache.rglob(".*"))
    assert not (leases.place(cache) / "image-gone").exists()


@pytest.fixture
def stuck(monkeypatch):
    """Nothing in a folder can be removed, as when it is another user's, and no log."""
    unlink = Path.unlink

    def refuse(path, *, ignore_errors=False):
        if not ignore_errors:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

    def refuse_logs(path, *, missing_ok=False):
        if path.suffix == ".log":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(shutil, "rmtree", refuse)
    monkeypatch.setattr(Path, "unlink", refuse_logs)


@pytest.mark.parametrize("place", ["images/.bake-1", "fleets/f1/.old-1", "images/another", "logs/old.log"])
def test_what_could_not_be_removed_is_not_said_to_be(cache, stuck, place):
    path = cache / place
    if path.suffix == ".log":
        path.parent.mkdir()
        path.write_text("x")
        make_old(path, 40)
    else:
        path.mkdir(parents=True)
    doomed = [each for each in judge(entries(cache), datetime.now(UTC), MONTH).doomed if each.entry.path == path]
    (outcome,) = remove(cache, doomed)
    assert isinstance(outcome, Kept)
    assert outcome.reason.startswith("it could not be removed: ")
    assert outcome.reason.endswith(": Permission denied")


def test_one_that_cannot_be_removed_does_not_keep_the_others(cache, monkeypatch):
    for name in ("a", "b"):
        (cache / "images" / name).mkdir()
    rename = Path.rename

    def refuse(path, target):
        if path.name == "a":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    done = list(remove(cache, judge(entries(cache), datetime.now(UTC)).doomed))
    assert {(each.entry.name, type(each)) for each in done} == {("a", Kept), ("b", Doomed)}
    assert left(cache) == {*all_of(cache), "a"}
