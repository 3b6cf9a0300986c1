"""A disk of Debian 12 as its users have it, with nothing of netlab's: made once, and kept in the cache.

Its apt has an archive on the disk, of all that netlab's roles install: machines are not led to a mirror.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netlab import assets
from netlab.hosts.packages import packages, roles
from netlab.hosts.qemu import hooks, mirrors

if TYPE_CHECKING:
    from collections.abc import Iterator

SUITE = "bookworm"
RELEASE = "debian_12"
PREPARE = Path(__file__).with_name("prepare")
DISK_GIB = 4
BASE = (
    "dbus",
    "kmod",
    "libpam-systemd",
    "linux-image-cloud-amd64",
    "netplan.io",
    "openssh-server",
    "python3",
    "sudo",
    "systemd-timesyncd",
)
"""Besides what every Debian has (mmdebstrap's variant ``important``): ifupdown, a DHCP client, systemd, udev, …"""
OUTPUTS = ("disk.raw", "own-kernel", "own-initrd", "newer-kernel", "newer-initrd", "host_key.pub")
TIMEOUT_S = 3600


class Debian(NamedTuple):
    """What a machine is booted with, and what it is entered with."""

    disk: Path
    folder: Path

    @property
    def key(self) -> Path:
        """The user's."""
        return self.folder / "user"

    @property
    def host_key(self) -> str:
        """Every machine's: they have one disk."""
        return " ".join((self.folder / "host_key.pub").read_text().split()[:2])

    def kernel(self, which: str) -> tuple[Path, Path]:
        """Kernel and initrd: ``own`` is the release's, ``newer`` that of its backports."""
        return self.folder / f"{which}-kernel", self.folder / f"{which}-initrd"


def build() -> Debian:
    """Return the disk; made if it is not in the cache, which takes minutes."""
    images = assets.cache() / "test-debian"
    folder = images / _key()
    if not folder.is_dir():
        shutil.rmtree(images, ignore_errors=True)  # of what it was made by before
        (fresh := images / "fresh").mkdir(parents=True)
        _make(fresh)
        fresh.rename(folder)
    return Debian(folder / "disk.raw", folder)


def wanted() -> list[str]:
    """Every package that a role of netlab's installs there."""
    return sorted({name for role in roles() for name in packages(role, RELEASE)})


def _key() -> str:
    parts = [Path(__file__).read_bytes(), PREPARE.read_bytes(), *(name.encode() for name in wanted())]
    return hashlib.sha256(b"\n".join(parts)).hexdigest()[:16]


def _make(folder: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "debian", "-f", folder / "user"], check=True)
    with contextlib.ExitStack() as stack, (folder / "log").open("w") as log:
        outputs = {name: stack.enter_context(hooks.writable(folder / name)) for name in OUTPUTS}
        os.truncate(outputs["disk.raw"], DISK_GIB << 30)
        command = [
            *("mmdebstrap", "--variant=important", "--format=null", "--dpkgopt=force-unsafe-io"),
            f"--include={','.join(BASE)}",
            *(f"--customize-hook={hook}" for hook in _hooks(folder, outputs)),
            *(SUITE, "/dev/null", *mirrors.sources(SUITE), *mirrors.backports(SUITE)),
        ]
        subprocess.run(command, stdout=log, stderr=log, pass_fds=tuple(outputs.values()), timeout=TIMEOUT_S, check=True)
    for name in OUTPUTS:
        assert (folder / name).stat().st_size, f"{name} is empty"


def _hooks(folder: Path, outputs: dict[str, int]) -> Iterator[str]:
    places = {name: f"/proc/self/fd/{descriptor}" for name, descriptor in outputs.items()}
    yield _kernel("own", places)
    yield f"upload {shlex.quote(str(folder / 'user.pub'))} /root/user.pub"
    yield f"upload {shlex.quote(str(PREPARE))} /root/prepare"
    yield f'chroot "$1" sh /root/prepare {SUITE}-backports {" ".join(wanted())} && rm "$1"/root/prepare'
    yield _kernel("newer", places)
    yield f'cat "$1"/etc/ssh/ssh_host_ed25519_key.pub > {places["host_key.pub"]}'
    make = hooks.on_bare_tree(f'mkfs.ext4 -q -F -L debian -d "$2" {places["disk.raw"]}')
    yield f'rm -f "$1"/etc/hostname "$1"/etc/resolv.conf && : > "$1"/etc/machine-id && {make}'


def _kernel(which: str, places: dict[str, str]) -> str:
    """Copy the newest kernel that the tree has by now, and its initrd."""
    newest = 'version=$(ls "$1"/boot/vmlinuz-* | sed "s/.*vmlinuz-//" | sort --version-sort | tail --lines 1)'
    copies = (
        f'cat "$1/boot/{file}-$version" > {places[f"{which}-{name}"]}'
        for file, name in (("vmlinuz", "kernel"), ("initrd.img", "initrd"))
    )
    return " && ".join((newest, *copies))
