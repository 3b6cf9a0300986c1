"""What profiles ask for → the disk that their hosts are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab import assets
from netlab.artifacts.fit import refuse_misfits
from netlab.artifacts.obtain import obtain
from netlab.artifacts.payload import disk_place, payload_disk
from netlab.artifacts.settings import host_arch, lock_of, origin_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from netlab.artifacts.lock import Component
    from netlab.model.profile import Profile
    from netlab.progress import Progress
    from netlab.spec.artifacts import ArtifactsSpec


PHASES = {"addon/kube-proxy": "kube-proxy", "addon/coredns": "coredns"}
"""Phases of kubeadm, each with the image that it starts."""


def prepare_payload(
    words: Iterable[str], spec: ArtifactsSpec, folder: Path, progress: Progress, unused: Collection[str] = ()
) -> Path:
    """Return a disk with components (``NAME`` or ``NAME=VERSION``) for a lab in ``folder``; downloads what is missing.

    Images in whose path one of ``unused`` is the last name are left out.
    """
    components, arch = _chosen(words, spec, folder, unused), host_arch()
    known = obtain(components, arch, assets.cache(), progress, origin=origin_of(spec, folder))
    return payload_disk(known, arch, assets.cache(), progress.warn)


def place(words: Iterable[str], spec: ArtifactsSpec, folder: Path, unused: Collection[str] = ()) -> Path:
    """Return where that disk is, or would be."""
    return disk_place(_chosen(words, spec, folder, unused), host_arch(), assets.cache())


def unused(chosen: Iterable[Profile]) -> set[str]:
    """Return the images that none of the profiles' clusters runs: of phases that every one of them skips."""
    skipped = [each.cluster.get("kubeadm_control_skip_phases", ()) for each in chosen if each.cluster is not None]
    return {image for phase, image in PHASES.items() if skipped and all(phase in phases for phases in skipped)}


def _chosen(words: Iterable[str], spec: ArtifactsSpec, folder: Path, unused: Collection[str]) -> tuple[Component, ...]:
    components = lock_of(spec, folder).select(sorted(words))
    refuse_misfits(components)
    return tuple(each.without(unused) for each in components)
