"""What profiles ask for → the disk that their hosts are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab import assets
from netlab.artifacts.fetch import fetch
from netlab.artifacts.payload import disk_place, payload_disk
from netlab.artifacts.settings import host_arch, lock_of, sources_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from netlab.artifacts.lock import Arch, Component
    from netlab.progress import Progress
    from netlab.spec import ArtifactsSpec


def bring(words: Iterable[str], spec: ArtifactsSpec, folder: Path, progress: Progress) -> Path:
    """Return a disk with components (``NAME`` or ``NAME=VERSION``) for a lab in ``folder``; downloads what lacks."""
    components, arch = _chosen(words, spec, folder)
    fetch(components, arch, assets.cache(), progress, sources=sources_of(spec, folder))
    return payload_disk(components, arch, assets.cache(), progress.warn)


def place(words: Iterable[str], spec: ArtifactsSpec, folder: Path) -> Path:
    """Return where that disk is, or would be."""
    return disk_place(*_chosen(words, spec, folder), assets.cache())


def _chosen(words: Iterable[str], spec: ArtifactsSpec, folder: Path) -> tuple[tuple[Component, ...], Arch]:
    return lock_of(spec, folder).select(sorted(words)), host_arch()
