"""What hosts are baked by, and what a bake left in the cache: found, and compared with what it was when it was made."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import yaml
from pydantic import ValidationError

from netlab import assets
from netlab.model.frozen import Frozen
from netlab.storage import manifest

if TYPE_CHECKING:
    from netlab.model.lab import Stack

Login = Literal["cloud-init", "vagrant"]
"""Who may enter a disk that boots by itself: whom a cloud says, or anyone with Vagrant, until it replaces the key."""

SUITE = "trixie"
OS_NAME = "Debian 13"
FORMAT = 1
"""Raise it when `netlab.hosts.qemu.bake` changes what an image holds."""


class Recipe(NamedTuple):
    """What an image is made of."""

    playbook: str
    roles: tuple[str, ...]
    """Those that the playbook applies, in whole or in part; their packages are in the root tree before it begins."""
    disk_gib: int
    login: Login | None = None
    """Who may enter a disk that boots by itself; None: netlab boots it, and says so at each boot."""

    @property
    def variables(self) -> dict[str, str]:
        """Inputs of the playbook."""
        return {"bootable_login": self.login} if self.login else {}

    @property
    def baked_roles(self) -> list[str]:
        """Roles whose install steps an image has behind it; what a profile decides is left to ``up``."""
        return sorted(set(self.roles) - {"bootable", "image", "virtual_hosts"})

    @property
    def packages(self) -> list[str]:
        """Every distribution package that a role asks for by ``<role>_packages`` in its defaults."""
        found = {"cloud-init"} if self.login == "cloud-init" else set()
        for role in self.roles:
            defaults = assets.roles() / role / "defaults" / "main.yml"
            if defaults.exists():
                found |= set((yaml.safe_load(defaults.read_text(encoding="utf-8")) or {}).get(f"{role}_packages", []))
        return sorted(found)

    @property
    def key(self) -> str:
        """What the image depends on, hashed: version of this module, packages, roles, playbook."""
        roles = (assets.roles() / role for role in sorted(self.roles))
        parts = [assets.playbook(self.playbook), *roles, *assets.plugins()]
        words = [str(FORMAT), SUITE, str(self.disk_gib), *self.packages, assets.digest(parts), *self.variables.values()]
        return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]


DATAPATH = Recipe(
    playbook="image",
    roles=(
        "app",
        "base",
        "benchmark",
        "bgp",
        "bpf_service",
        "image",
        "lab_routes",
        "nodeport",
        "pod",
        "pod_image",
        "pod_network",
        "tunnel",
        "virtual_hosts",
    ),
    disk_gib=3,
)
CLUSTER = Recipe(
    playbook="image-cluster",
    roles=(
        "app",
        "base",
        "benchmark",
        "container_runtime",
        "image",
        "kubernetes",
        "lab_routes",
        "pod_image",
        "pod_network",
    ),
    disk_gib=8,
)
"""Hosts of a Kubernetes cluster: the disk, which is sparse, holds every image twice."""


def recipe_of(stack: Stack, login: Login | None = None) -> Recipe:
    """Return what the hosts of a stack are baked by; with ``login``, as a disk that boots by itself."""
    recipe = CLUSTER if stack == "kubeadm" else DATAPATH
    return _bootable(recipe, login) if login else recipe


def recipes() -> list[Recipe]:
    """Return everything that this netlab bakes."""
    return [recipe_of(stack, login) for stack in ("datapath", "kubeadm") for login in (None, *get_args(Login))]


def _bootable(recipe: Recipe, login: Login) -> Recipe:
    """Return the same with a boot loader, for any machine, and with room for what its user does there."""
    roles = {*recipe.roles, "bootable"} - {"image", "virtual_hosts"}
    playbook = recipe.playbook.replace("image", "disk")
    return Recipe(playbook, tuple(sorted(roles)), 2 * recipe.disk_gib, login)


FILES = ("disk.raw", "initrd", "kernel")


class Image(Frozen):
    """A baked image: a raw ext4 disk and the kernel to boot it with."""

    key: str
    disk: Path
    kernel: Path
    initrd: Path
    kernel_version: str
    digest: str
    """SHA-256 over the contents of disk, kernel and initrd: two bakes of one recipe differ in it."""


class Record(Frozen):
    """``image.json``: what was baked."""

    format: Literal[2] = 2
    key: str
    kernel_version: str
    files: dict[str, manifest.FileRecord]


def find(recipe: Recipe, cache: Path) -> Image | None:
    """Return the image of this recipe, with the roles as they are now, if it has been baked and is as it was then."""
    folder = folder_of(recipe, cache)
    return None if damage(folder) else read(folder)


def folder_of(recipe: Recipe, cache: Path) -> Path:
    """Return where the image of this recipe is, or would be."""
    return cache / "images" / recipe.key


def read(folder: Path) -> Image | None:
    """Return the image in ``folder`` as its record says; None where there is none. See ``damage``."""
    record = _record(folder)
    if record is None:
        return None
    disk, initrd, kernel = (folder / name for name in FILES)
    return Image(
        key=record.key,
        disk=disk,
        kernel=kernel,
        initrd=initrd,
        kernel_version=record.kernel_version,
        digest=manifest.digest(record.files),
    )


def damage(folder: Path, *, deep: bool = False) -> str | None:
    """Say what is wrong with the image in ``folder``; None where nothing is, or where there is no image.

    ``deep`` reads all of it; otherwise a content is read only where the file's date has changed.
    """
    if not folder.exists():
        return None
    record = _record(folder)
    if record is None:
        return "image.json is missing, unreadable or of another version of netlab"
    if record.key != folder.name or set(record.files) != set(FILES):
        return "image.json describes another image"
    return manifest.damage(folder, record.files, deep=deep)


def _record(folder: Path) -> Record | None:
    try:
        return Record.model_validate_json((folder / "image.json").read_bytes())
    except (OSError, ValidationError):
        return None
