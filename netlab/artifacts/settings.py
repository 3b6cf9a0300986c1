"""A lab's ``artifacts:`` keys → the lock and the sources that its clusters are made from."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from netlab.artifacts.lock import Arch, Lock, load_lock
from netlab.artifacts.mirror import Sources, is_url
from netlab.artifacts.obtain import Origin
from netlab.artifacts.pins import fill, read_pins
from netlab.credentials import split_login
from netlab.errors import RequirementError
from netlab.spec.file import PINS_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.spec.artifacts import ArtifactsSpec

_ARCHES: dict[str, Arch] = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def lock_of(spec: ArtifactsSpec, folder: Path) -> Lock:
    """Read netlab's lock with the lab's own laid over it, and pins where neither has a digest.

    Paths are relative to the lab's ``folder``.
    """
    lock = load_lock(folder / spec.lock if spec.lock else None)
    return fill(lock, read_pins(folder / PINS_NAME))


def origin_of(spec: ArtifactsSpec, folder: Path) -> Origin:
    """Return where a lab's artifacts come from; a mirror that is a folder is relative to the lab's ``folder``."""
    return Origin(sources_of(spec, folder), folder / PINS_NAME, spec.locked)


def sources_of(spec: ArtifactsSpec, folder: Path) -> Sources:
    """Return where to look instead of upstream, log-ins apart."""
    mirror, login = split_login(spec.mirror) if is_url(spec.mirror) else (spec.mirror, "")
    if mirror and not is_url(mirror):
        mirror = str(folder / mirror)
    registry_login, _, registry_mirror = spec.registry_mirror.rpartition("@")
    return Sources(mirror, registry_mirror, login, registry_login)


def host_arch() -> Arch:
    """Return the architecture of this machine, which its virtual machines have too."""
    machine = platform.machine()
    if machine not in _ARCHES:
        raise RequirementError(f"this machine is a {machine}; clusters run on {' and '.join(set(_ARCHES.values()))}")
    return _ARCHES[machine]
