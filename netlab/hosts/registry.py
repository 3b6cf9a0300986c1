"""Every provider by its name in ``netlab.yml``."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netlab.hosts.qemu import doctor
from netlab.hosts.qemu.provider import QemuProvider

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from netlab.hosts.provider import Provider
    from netlab.lab import Lab
    from netlab.model.check import Check
    from netlab.progress import Progress
    from netlab.spec.lab import LabSpec


class Entry(NamedTuple):
    """How a provider's hosts are had, and what a machine must have for them."""

    make: Callable[[Lab, LabSpec, Progress, Path | None], Provider]
    checks: Callable[[], list[Check]]
    """For ``netlab doctor``."""


PROVIDERS: dict[str, Entry] = {"qemu": Entry(QemuProvider, doctor.checks)}


def provider_of(lab: Lab, spec: LabSpec, progress: Progress, payload: Path | None = None) -> Provider:
    """Return the provider that the lab's ``netlab.yml`` names; its hosts get the disk ``payload`` to read."""
    return PROVIDERS[spec.provider].make(lab, spec, progress, payload)
