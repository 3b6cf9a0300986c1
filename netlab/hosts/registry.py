"""Every provider by its name in ``netlab.yml``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.hosts.qemu.provider import QemuProvider

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from netlab.hosts.provider import Resumable
    from netlab.lab import Lab
    from netlab.progress import Progress
    from netlab.spec.lab import LabSpec

PROVIDERS: dict[str, Callable[[Lab, LabSpec, Progress, Path | None], Resumable]] = {"qemu": QemuProvider}


def provider_of(lab: Lab, spec: LabSpec, progress: Progress, payload: Path | None = None) -> Resumable:
    """Return the provider that the lab's ``netlab.yml`` names; its hosts get the disk ``payload`` to read."""
    return PROVIDERS[spec.provider](lab, spec, progress, payload)
