"""The boot loader of a disk that boots by itself: GRUB for BIOS, in front of the one partition.

| sectors | what |
|---|---|
| 0 | ``boot.img``, then the partition table |
| 1 … 2047 | ``core.img``, which knows ext4 and finds its settings in the partition |
| 2048 … | the partition: the root file system |

``boot.img`` loads what begins in sector 1, and the first sector of ``core.img`` the rest of it: both are as they come
from GRUB. So nothing needs root, a loop device or the machine that the disk is for.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from netlab.errors import ImageError

if TYPE_CHECKING:
    from pathlib import Path

FILES = ("boot.img", "core.img")
SECTOR = 512
START = 2048 * SECTOR
"""Where the partition begins, in bytes."""

_CODE = 440
"""Bytes of the first sector that are the boot loader's."""
_LINUX = 0x83
_ACTIVE = 0x80
_FAR = b"\xfe\xff\xff"
"""Cylinder, head and sector of what only a sector's number can tell."""


def install(folder: Path, disk: Path) -> None:
    """Write the boot loader in ``folder`` and the partition table to the disk, whose file system is there already.

    ImageError where the boot loader is none, or does not fit in front of the partition.
    """
    boot, core = (folder / name for name in FILES)
    with disk.open("r+b") as file:
        file.write(first_sector(boot.read_bytes(), disk.stat().st_size))
        file.write(_checked(core.read_bytes()))
    boot.unlink()
    core.unlink()


def first_sector(boot: bytes, size: int) -> bytes:
    """Return the first sector of a disk of ``size`` bytes with one active partition, up to its end."""
    if len(boot) != SECTOR or not boot.endswith(b"\x55\xaa"):
        raise ImageError("GRUB's boot.img is not a boot sector")
    partition = struct.pack("<B3sB3sII", _ACTIVE, _FAR, _LINUX, _FAR, START // SECTOR, (size - START) // SECTOR)
    return boot[:_CODE] + struct.pack("<IH", _identity(size), 0) + partition + bytes(48) + b"\x55\xaa"


def _identity(size: int) -> int:
    """Return a disk signature: some systems take a disk without one for an empty one."""
    return 0x6E65746C ^ (size >> 30)


def _checked(core: bytes) -> bytes:
    if not SECTOR < len(core) <= START - SECTOR:
        raise ImageError(f"GRUB's core.img has {len(core)} bytes, but it must fit in front of the partition")
    return core
