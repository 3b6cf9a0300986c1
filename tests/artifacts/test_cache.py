"""Entries of the cache that two netlabs look at, and remove, at the same moment."""

import os
import threading

import pytest

from netlab import locks
from netlab.artifacts import cache as cache_module
from netlab.artifacts.cache import Cache
from netlab.errors import ArtifactMissing
from netlab.files import digest_of
from tests.artifacts.server import sha256

GOOD = sha256(b"good")


def put(cache, content=b"good"):
    """Have an entry be there under the good one's name, whatever it holds."""
    file = cache.partials / "coming"
    file.write_bytes(content)
    place = cache.path(GOOD)
    place.parent.mkdir(parents=True, exist_ok=True)
    file.replace(place)
    return place


def test_a_damaged_entry_is_removed_and_told_of(cache):
    place, said = put(cache, b"rotten"), []
    assert not cache.sound(GOOD, "tool", said.append)
    assert not place.exists()
    assert "tool has changed in the cache" in said[0]
    assert not cache.sound(GOOD, "tool", said.append)
    assert len(said) == 1


def test_a_damaged_entry_that_another_netlab_removes_is_gone(cache):
    place = put(cache, b"rotten")
    assert not cache.sound(GOOD, "tool", lambda _: place.unlink())
    assert not place.exists()


def test_a_damaged_entry_that_another_netlab_replaces_stays_replaced(cache):
    place = put(cache, b"rotten")

    def replace(_):
        place.unlink()
        put(cache)

    cache.sound(GOOD, "tool", replace)
    assert place.read_bytes() == b"good"


def test_a_damaged_entry_is_not_removed_while_another_netlab_brings_it(cache):
    place, told = put(cache, b"rotten"), threading.Event()
    descriptor = locks.acquire(cache.partials / f"{GOOD}.lock")
    looking = threading.Thread(target=cache.sound, args=(GOOD, "tool", lambda _: told.set()))
    looking.start()
    assert told.wait(10)
    looking.join(5 * cache_module.POLL_S)
    assert (looking.is_alive(), place.exists()) == (True, True)
    put(cache)
    os.close(descriptor)
    looking.join(10)
    assert place.read_bytes() == b"good"


def test_an_entry_that_goes_while_it_is_read_is_missing(cache, monkeypatch):
    place = put(cache)

    def late(path):
        place.unlink(missing_ok=True)
        return digest_of(path)

    monkeypatch.setattr(cache_module, "digest_of", late)
    with pytest.raises(ArtifactMissing, match="tool is not in the cache"):
        cache.checked(GOOD, "tool")
    assert not Cache(cache.root).sound(GOOD, "tool", lambda _: None)
