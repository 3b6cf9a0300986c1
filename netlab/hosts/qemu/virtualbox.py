"""A box for VirtualBox, made by VirtualBox's own tool: a machine is described, exported and removed again."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING

from netlab import proc
from netlab.errors import ImageError
from netlab.hosts.qemu import box

if TYPE_CHECKING:
    from pathlib import Path

TOOL = "VBoxManage"
TIMEOUT_S = 1800.0
_MAC = "080027A1B2C3"
"""Of the first interface; Vagrant gives each machine another one."""
_VAGRANTFILE = box.VAGRANTFILE.replace("  config.vm.synced", f'  config.vm.base_mac = "{_MAC}"\n  config.vm.synced')


def write_box(disk: Path, made: Path) -> None:
    """Write a box of the raw ``disk`` to ``made``, in whose folder there is room for what is in between."""
    folder, name = made.parent, f"netlab-{secrets.token_hex(4)}"
    image = folder / "disk.vdi"
    proc.run(["qemu-img", "convert", "-f", "raw", "-O", "vdi", disk, image], timeout=TIMEOUT_S, error=ImageError)
    _manage("createvm", "--name", name, "--ostype", "Debian_64", "--basefolder", folder, "--register")
    try:
        _manage("modifyvm", name, *_MACHINE)
        _manage("storagectl", name, "--name", "SATA", "--add", "sata", "--portcount", "1")
        where = ("--storagectl", "SATA", "--port", "0", "--device", "0")
        _manage("storageattach", name, *where, "--type", "hdd", "--medium", image)
        _manage("export", name, "--output", folder / "box.ovf")
    finally:
        with contextlib.suppress(ImageError):  # what failed before says more
            _manage("unregistervm", name, "--delete")
    box.pack(made, box.texts({"provider": "virtualbox"}, _VAGRANTFILE), _exported(folder))


_MACHINE = (
    *("--cpus", "1", "--memory", "512", "--vram", "9", "--ioapic", "on", "--rtcuseutc", "on"),
    *("--nic1", "nat", "--nictype1", "virtio", "--macaddress1", _MAC),
    *("--uart1", "0x3F8", "4", "--uartmode1", "disconnected"),
)


def _exported(folder: Path) -> list[Path]:
    """Return the description, which Vagrant expects under this name, and the disks that it names."""
    return [folder / "box.ovf", *sorted(folder.glob("*.vmdk"))]


def _manage(*words: object) -> None:
    proc.run([TOOL, *words], timeout=TIMEOUT_S, error=ImageError)
