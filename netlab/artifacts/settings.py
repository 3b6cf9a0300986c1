"""A lab's ``artifacts:`` keys → the lock and the sources that its clusters are made from."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from netlab.artifacts.lock import Arch, Lock, load_lock
from netlab.artifacts.mirror import Sources, is_url
from netlab.errors import RequirementError

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.spec import ArtifactsSpec

_ARCHES: dict[str, Arch] = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def lock_of(spec: ArtifactsSpec, folder: Path) -> Lock:
    """Read netlab's lock with the lab's own laid over it; paths are relative to the lab's ``folder``."""
    return load_lock(folder / spec.lock if spec.lock else None)


def sources_of(spec: ArtifactsSpec, folder: Path) -> Sources:
    """Return where to look instead of upstream; a mirror that is a folder is relative to the lab's ``folder``."""
    mirror = spec.mirror
    if mirror and not is_url(mirror):
        mirror = str(folder / mirror)
    return Sources(mirror, spec.registry_mirror)


def host_arch() -> Arch:
    """Return the architecture of this machine, which its virtual machines have too."""
    machine = platform.machine()
    if machine not in _ARCHES:
        raise RequirementError(f"this machine is a {machine}; clusters run on {' and '.join(set(_ARCHES.values()))}")
    return _ARCHES[machine]
