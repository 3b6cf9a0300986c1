"""Where netlab's data is: the checkout's folders, or the copies that travel inside the wheel."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from netlab.errors import RequirementError

if TYPE_CHECKING:
    from collections.abc import Iterable

_PACKAGE = Path(__file__).resolve().parent


def root() -> Path:
    """Folder that holds roles/, playbooks/, profiles/, experiments/ and artifacts/."""
    installed = _PACKAGE / "_data"
    return installed if installed.is_dir() else _PACKAGE.parent


def roles() -> Path:
    """Folder of the Ansible roles."""
    return root() / "roles"


def with_their_roles(names: Iterable[str]) -> list[Path]:
    """Return the folders of these roles and of all that they are made of; sorted. ConfigError: see netlab.roles."""
    from netlab.roles import with_their_roles as found  # noqa: PLC0415 - it parses YAML, which most commands do not

    return found(roles(), names)


def plugins() -> list[Path]:
    """Folders with Ansible plugins that any role may use, as far as there are some; a role's own are in its folder."""
    places = (root() / "plugins", root() / "filter_plugins", root() / "playbooks" / "filter_plugins")
    return [place for place in places if place.is_dir()]


def playbook(name: str) -> Path:
    """Path of a playbook, for example ``up``."""
    return root() / "playbooks" / f"{name}.yml"


def group_variables() -> Path:
    """Folder of what differs between the distributions that hosts run, a file for each group of the inventory."""
    return root() / "playbooks" / "group_vars"


def cloud_program(name: str) -> Path:
    """Path of a program that hosts in clouds run at their first boot."""
    return root() / "playbooks" / "cloud" / "files" / name


def playbook_templates() -> Path:
    """Folder of the scripts that playbooks run on a cluster's hosts, after its snapshot was resumed."""
    return root() / "playbooks" / "templates"


def profiles() -> Path:
    """Folder of the profiles that come with netlab."""
    return root() / "profiles"


def experiments() -> Path:
    """Folder of the experiments that come with netlab."""
    return root() / "experiments"


def vagrantfile() -> Path:
    """Vagrantfile, which reads its hosts from a file beside it."""
    return root() / "Vagrantfile"


def lock() -> Path:
    """Lock of everything that clusters are made of."""
    return root() / "artifacts" / "lock.yml"


def schema(name: str) -> Path:
    """Path of a published JSON Schema by its file's name."""
    return root() / "docs" / name


def installed() -> bool:
    """Whether this is an installed wheel, whose data nobody edits, and not a checkout."""
    return root() != _PACKAGE.parent


def cache() -> Path:
    """Folder of images, snapshots and answers that cost time to find; safe to delete while no netlab runs."""
    folder = Path(platformdirs.user_cache_dir("netlab", appauthor=False))
    if not folder.is_absolute():
        message = f"the cache's folder must have an absolute path, not '{folder}'"
        raise RequirementError(message, hint="set HOME, or XDG_CACHE_HOME to an absolute path")
    return folder


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 over names and contents of files and folders; independent of where they lie and of file dates."""
    total = hashlib.sha256()
    for path in paths:
        files = sorted(f for f in path.rglob("*") if f.is_file()) if path.is_dir() else [path]
        for file in files:
            if file.suffix != ".pyc" and file.name != "README.md":
                total.update(f"{path.name}/{file.relative_to(path).as_posix()}\0".encode())
                total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()
