"""A Vagrant box: an archive of a disk, ``metadata.json`` and a Vagrantfile that is read before the project's own."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DISK = "box.img"
"""What the provider libvirt calls a box's disk."""

VAGRANTFILE = """\
# Made by netlab. Nothing of this machine is shared with a host of a lab.
Vagrant.configure("2") do |config|
  config.vm.synced_folder ".", "/vagrant", disabled: true
end
"""


def libvirt(disk_bytes: int) -> dict[str, bytes]:
    """Return the texts of a box for libvirt by their names; the disk is ``DISK``."""
    metadata = {"provider": "libvirt", "format": "qcow2", "virtual_size": -(-disk_bytes >> 30)}
    return texts(metadata)


def texts(metadata: Mapping[str, object], vagrantfile: str = VAGRANTFILE) -> dict[str, bytes]:
    """Return what every box holds besides disks."""
    return {"metadata.json": json.dumps(metadata).encode(), "Vagrantfile": vagrantfile.encode()}


def pack(made: Path, contents: Mapping[str, bytes], files: Sequence[Path]) -> None:
    """Write the archive; the same content is the same archive, at any time. Disks are compressed already."""
    with tarfile.open(made, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in contents.items():
            archive.addfile(_member(name, len(content)), io.BytesIO(content))
        for path in files:
            with path.open("rb") as disk:
                archive.addfile(_member(path.name, path.stat().st_size), disk)


def _member(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    return info
