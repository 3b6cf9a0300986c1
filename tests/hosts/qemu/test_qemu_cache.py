"""What the provider takes from the cache and how it shows that it uses it; no machine is started."""

import gc
import os

import pytest

from netlab import assets
from netlab.artifacts.lock import Component
from netlab.artifacts.payload import payload_disk
from netlab.errors import ArtifactMissing
from netlab.hosts.qemu import provider as qemu
from netlab.hosts.qemu.accel import Accelerator
from netlab.hosts.qemu.fleet import BASE, Fleet
from netlab.hosts.qemu.guests import Guests
from netlab.lab import Lab
from netlab.progress import Reporter
from netlab.spec.lab import LabSpec
from netlab.storage import leases
from tests.cache.factories import make_image, make_snapshot

TCG = Accelerator(name="tcg", qemu_version="7.2")


@pytest.fixture
def warnings():
    return []


@pytest.fixture
def make(tmp_path, monkeypatch, warnings):
    """Make providers of one lab, in a cache that holds the image."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("netlab.hosts.qemu.accel.probe", lambda _: TCG)
    make_image(assets.cache())
    progress = Reporter()
    progress.warn = warnings.append
    (tmp_path / "lab").mkdir()
    return lambda payload=None: qemu.QemuProvider(Lab(tmp_path / "lab"), LabSpec(clock="virtual"), progress, payload)


def in_use(name):
    with leases.unused(assets.cache(), name) as free:
        return not free


def test_what_a_provider_needs_is_in_use_until_it_is_gone(make):
    disk = payload_disk([Component(name="a", version="1")], "amd64", assets.cache())
    provider = make(disk)
    names = [leases.image(provider.image.key), leases.fleet(provider.fleet.key), leases.payload(disk.name)]
    assert all(in_use(name) for name in names)
    (machine,) = provider.fleet.machines
    assert len(machine.inherits) == 3, "QEMU keeps them in use when this netlab has ended"
    del provider, machine
    gc.collect()
    assert not any(in_use(name) for name in names)


def test_a_payload_that_changed_is_not_given_to_machines(make):
    disk = payload_disk([Component(name="a", version="1")], "amd64", assets.cache())
    provider = make(disk)
    make_snapshot(assets.cache(), provider.image, fleet=provider.fleet.key)
    assert make(disk).snapshots() == {BASE}
    os.truncate(disk, 5)
    assert make(disk).snapshots() == set(), "whatever the cache holds lies on another payload"
    with pytest.raises(ArtifactMissing, match="was removed or changed just now"):
        _ = make(disk).fleet


def test_a_damaged_snapshot_is_told_of_and_made_again(make, monkeypatch, warnings):
    provider = make()
    folder = make_snapshot(assets.cache(), provider.image, fleet=provider.fleet.key)
    make_snapshot(assets.cache(), provider.image, "ipvlan-1", fleet=provider.fleet.key, parent=BASE)
    provider.prepare()
    assert warnings == []
    os.truncate(folder / "fleet" / "state", 3)
    done = []
    monkeypatch.setattr(Fleet, "start", lambda _, tag: done.append(f"boot {tag}"))
    monkeypatch.setattr(Fleet, "save", lambda _, tag: done.append(f"save {tag}"))
    monkeypatch.setattr(Guests, "wait_until_booted", lambda _: None)
    assert provider.snapshots() == set()
    provider.lab.create()
    provider.prepare()
    assert done == ["boot None", "save base"]
    assert warnings == [
        "the cached snapshot 'base' is damaged (fleet/state has 3 bytes instead of 10); it is made again",
        (
            "the cached snapshot 'ipvlan-1' is damaged (the snapshot 'base' that it lies on: fleet/state has 3 bytes "
            "instead of 10); it is made again"
        ),
    ]


def test_an_image_that_was_baked_again_has_none_of_the_old_snapshots(make):
    """Same recipe, same key, other bytes: resumed over them, hosts hang."""
    provider = make()
    make_snapshot(assets.cache(), provider.image, fleet=provider.fleet.key)
    assert make().snapshots() == {BASE}
    folder = provider.image.disk.parent
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    assert make().snapshots() == set()
    fresh = make_image(assets.cache(), content=b"other bytes")
    assert (fresh.key, fresh.digest != provider.image.digest) == (provider.image.key, True)
    assert make().snapshots() == set()


def test_a_plan_says_what_the_cache_holds(make):
    image, hosts = make().outline()
    assert image == f"image {make().image.key}: there already"
    assert hosts == "make the hosts client, node1, node2 (qemu, clock: virtual)"


def test_a_plan_says_when_the_image_is_damaged(make):
    make().image.kernel.write_bytes(b"")
    bake, _ = make().outline()
    assert bake.endswith("then the roles (the cached one is damaged: kernel has 0 bytes instead of 7)")


def test_a_build_boots_again_and_has_snapshots_of_its_own_which_it_forgets(make, monkeypatch):
    provider = make().rebuilt("20260101T000000Z.ab.2")
    key, baked, mark = provider.fleet.key, provider.image, "+20260101T000000Z.ab.2"
    kept = ["base", "one-123", "one-123+20260101T000000Z.ab.3"]
    for tag in (*kept, f"base{mark}"):
        make_snapshot(assets.cache(), baked, tag, fleet=key)
    make_snapshot(assets.cache(), baked, f"one-123{mark}", fleet=key, parent=f"base{mark}")
    started = []
    monkeypatch.setattr(Fleet, "start", lambda _, tag: started.append(tag))
    monkeypatch.setattr(Guests, "wait_until_one_answers", lambda _: None)
    provider.lab.state_folder.mkdir()
    provider.lab.create()
    provider.start()
    assert started == [f"base{mark}"]
    assert provider.parallel_fleet(1).build == provider.build
    provider.forget()
    assert provider.snapshots() == set(kept)
    make().forget()
    assert provider.snapshots() == set(kept), "the first build's are everyone's"
