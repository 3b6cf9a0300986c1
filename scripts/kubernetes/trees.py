"""The root folders of the images: a program, and where it is linked dynamically what it needs of Debian's libraries."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from netlab.errors import NetlabError
from scripts.kubernetes.debian import MERGED, MULTIARCH

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from scripts.kubernetes.context import BuildContext

PROGRAMS = "usr/local/bin"

PROXY_PACKAGES = ("iptables", "conntrack", "ipset", "kmod")
PROXY_PROGRAMS = ("usr/sbin/xtables-nft-multi", "usr/sbin/conntrack", "usr/sbin/ipset", "usr/bin/kmod")
PROXY_LINKS = {
    **{
        f"usr/sbin/{family}{action}": "xtables-nft-multi"
        for family in ("iptables", "ip6tables")
        for action in ("", "-save", "-restore")
    },
    "usr/sbin/modprobe": "../bin/kmod",
}
"""What Debian makes when a package is configured; here they are only unpacked."""

PROXY_CHECKED = ("/usr/sbin/iptables", "/usr/sbin/conntrack", "/usr/sbin/ipset", "/usr/sbin/modprobe")

FILES = {
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
    "etc/passwd": "root:x:0:0:root:/:/nonexistent\nnobody:x:65534:65534:nobody:/:/nonexistent\n",
}


def base(tree: Path) -> Path:
    """Make a root with what every program may look for, and return it."""
    for name in (*(f"usr/{name}" for name in MERGED), PROGRAMS, "etc", "run", "tmp", "var"):
        (tree / name).mkdir(parents=True, exist_ok=True)
    for name in MERGED:
        (tree / name).symlink_to(f"usr/{name}")
    for name, text in FILES.items():
        (tree / name).write_text(text)
    (tree / "tmp").chmod(0o1777)
    return tree


def add(tree: Path, program: Path) -> None:
    """Put a program where the images' PATH finds it."""
    shutil.copy(program, tree / PROGRAMS / program.name)


def add_linked(context: BuildContext, tree: Path, packages: Path, programs: Iterable[str], arch: str) -> None:
    """Copy programs of an unpacked tree of packages to the same place, with all libraries that they are linked to."""
    folder = f"usr/lib/{MULTIARCH[arch]}"
    loader = next((packages / folder).glob("ld-linux-*.so.*"))
    for program in programs:
        copy(packages, tree, program)
        question = [loader, "--library-path", packages / folder, "--list", packages / program]
        for line in context.run(f"list the libraries of {program}", question).splitlines():
            library = line.split("=>")[0].split()[0].rpartition("/")[2]
            if (packages / folder / library).exists():
                copy(packages, tree, f"{folder}/{library}")
    _link_loader(tree, folder, loader.name)


def add_etcd(context: BuildContext, tree: Path, packages: Path, arch: str) -> None:
    """Add Debian's etcd, where kubeadm's manifest finds it by name as it finds the others."""
    add_linked(context, tree, packages, ["usr/bin/etcd"], arch)
    (tree / PROGRAMS / "etcd").symlink_to("/usr/bin/etcd")


def add_proxy(context: BuildContext, tree: Path, packages: Path, arch: str) -> None:
    """Add what kube-proxy calls: iptables on nftables, as the hosts have it, conntrack, ipset and modprobe."""
    add_linked(context, tree, packages, PROXY_PROGRAMS, arch)
    extensions = f"usr/lib/{MULTIARCH[arch]}/xtables"
    shutil.copytree(packages / extensions, tree / extensions, symlinks=True)
    for name, target in PROXY_LINKS.items():
        (tree / name).symlink_to(target)


def check(context: BuildContext, tree: Path, *command: str) -> str:
    """Run a program with the tree as its root, as a container will; return what it says."""
    alone = ["chroot"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "chroot"]
    return context.run(f"run {command[0]} in its image", [*alone, tree, *command])


def copy(source: Path, target: Path, name: str) -> None:
    """Copy one file to the same place in another tree; of a link what it points to."""
    place = target / name
    file = (source / name).resolve(strict=True)
    if not file.is_relative_to(source.resolve()):
        raise NetlabError(f"{name} of an unpacked package leads out of it, to {file}")
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, place)


def _link_loader(tree: Path, folder: str, loader: str) -> None:
    """Put a link to the loader where the programs' ELF headers name it: /lib64 or /lib."""
    place = tree / ("usr/lib64" if loader.startswith("ld-linux-x86-64") else "usr/lib") / loader
    if not place.exists():
        place.symlink_to(os.path.relpath(tree / folder / loader, place.parent))
