"""The first sectors of a disk that boots by itself."""

import struct

import pytest

from netlab.errors import ImageError
from netlab.hosts.qemu import bootloader

BOOT = bytes(range(256)) + bytes(254) + b"\x55\xaa"
GIB = 1 << 30


def test_the_first_sector_has_code_and_one_active_partition():
    sector = bootloader.first_sector(BOOT, 6 * GIB)
    assert len(sector) == 512
    assert sector[:440] == BOOT[:440]
    assert sector[510:] == b"\x55\xaa"
    active, _, kind, _, start, length = struct.unpack("<B3sB3sII", sector[446:462])
    assert (active, kind) == (0x80, 0x83)
    assert start == 2048
    assert (start + length) * 512 == 6 * GIB
    assert sector[462:510] == bytes(48), "there is no other partition"
    assert sector[440:444] != bytes(4), "a disk without a signature is an empty one to some systems"


@pytest.mark.parametrize("boot", [b"", BOOT[:-1], BOOT[:-2] + b"ab", BOOT + b"x"])
def test_what_is_no_boot_sector_is_refused(boot):
    with pytest.raises(ImageError, match="is not a boot sector"):
        bootloader.first_sector(boot, GIB)


def files(folder, core):
    (folder / "boot.img").write_bytes(BOOT)
    (folder / "core.img").write_bytes(core)
    disk = folder / "disk.raw"
    with disk.open("wb") as file:
        file.seek(bootloader.START)
        file.write(b"the file system")
        file.truncate(8 << 20)
    return disk


def test_the_loader_is_written_in_front_of_the_file_system(tmp_path):
    core = b"c" * 40_000
    disk = files(tmp_path, core)
    bootloader.install(tmp_path, disk)
    content = disk.read_bytes()
    assert content[:512] == bootloader.first_sector(BOOT, 8 << 20)
    assert content[512 : 512 + len(core)] == core
    assert content[bootloader.START :].startswith(b"the file system")
    assert len(content) == 8 << 20
    assert not list(tmp_path.glob("*.img")), "they are no part of an image"


@pytest.mark.parametrize("size", [0, 512, bootloader.START])
def test_a_loader_that_does_not_fit_is_refused(tmp_path, size):
    disk = files(tmp_path, b"c" * size)
    with pytest.raises(ImageError, match="must fit in front of the partition"):
        bootloader.install(tmp_path, disk)
    assert disk.read_bytes()[bootloader.START :].startswith(b"the file system")
