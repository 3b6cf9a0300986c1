"""A payload that is not as it was made is made again, with a warning; what cannot be kept is an error."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from netlab.artifacts.lock import Component, File
from netlab.artifacts.payload import damage, digest_of_payload, payload_disk
from tests.artifacts.server import sha256

PROGRAM = b"a program" * 1000


@pytest.fixture
def components(cache, tmp_path):
    (tmp_path / "file").write_bytes(PROGRAM)
    cache.adopt(tmp_path / "file", sha256(PROGRAM), "x", "y")
    return [Component(name="a", version="1", files=(File(name="f", url="https://x.org/f", sha256=sha256(PROGRAM)),))]


CHANGES = {
    "truncated": (lambda disk: os.truncate(disk, 9), "has 9 bytes instead of"),
    "other content": (lambda disk: disk.write_bytes(bytes(disk.stat().st_size)), "the content of"),
    "no record": (lambda disk: disk.with_name(f"{disk.name}.json").unlink(), ".ext4.json is missing, unreadable"),
    "a half record": (lambda disk: os.truncate(disk.with_name(f"{disk.name}.json"), 9), ".json is missing, unreadable"),
}


@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=CHANGES)
def test_a_disk_that_changed_is_made_again_with_a_warning(cache, components, change, message):
    warnings = []
    disk = payload_disk(components, "amd64", cache.root, warnings.append)
    assert digest_of_payload(disk)
    change(disk)
    assert digest_of_payload(disk) == "", "nobody takes it"
    assert payload_disk(components, "amd64", cache.root, warnings.append) == disk
    (warning,) = warnings
    assert message in warning
    assert warning.endswith("it is made again")
    assert damage(disk, deep=True) is None
    assert digest_of_payload(disk)
    assert PROGRAM in disk.read_bytes()


def test_two_disks_with_the_same_content_have_the_same_digest_and_no_others(cache, components, tmp_path):
    disk = payload_disk(components, "amd64", cache.root)
    before = digest_of_payload(disk)
    shutil.copytree(disk.parent, tmp_path / "copy", copy_function=shutil.copyfile)
    assert digest_of_payload(tmp_path / "copy" / disk.name) == before
    disk.unlink()
    payload_disk(components, "amd64", cache.root)
    assert digest_of_payload(disk) != before, "a file system has an identity and dates of its own"


def test_what_a_killed_netlab_left_is_removed_by_the_next(cache, components):
    left = cache.root / "payloads" / ".make-dead"
    left.mkdir(parents=True)
    payload_disk(components, "amd64", cache.root)
    assert not left.exists()


@pytest.mark.parametrize(("number", "copied"), [(errno.EPERM, True), (errno.EOPNOTSUPP, True), (errno.ENOSPC, False)])
def test_only_where_there_are_no_hard_links_is_copied(cache, components, monkeypatch, number, copied):
    def fail(self, _):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "hardlink_to", fail)
    if copied:
        assert PROGRAM in payload_disk(components, "amd64", cache.root).read_bytes()
    else:
        with pytest.raises(OSError, match=os.strerror(number)):
            payload_disk(components, "amd64", cache.root)
