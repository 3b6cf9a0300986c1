"""Every provider by its name in ``netlab.yml``."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netlab.errors import ConfigError
from netlab.hosts.qemu import doctor as qemu_doctor
from netlab.hosts.qemu.provider import QemuProvider
from netlab.hosts.ssh import doctor as ssh_doctor
from netlab.hosts.ssh.provider import SshProvider

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
    checks: Callable[[Lab, LabSpec], list[Check]]
    """For ``netlab doctor``; they change nothing."""


PROVIDERS: dict[str, Entry] = {
    "qemu": Entry(QemuProvider, qemu_doctor.checks),
    "ssh": Entry(SshProvider, ssh_doctor.checks),
}


def provider_of(lab: Lab, spec: LabSpec, progress: Progress, payload: Path | None = None) -> Provider:
    """Return the provider that the lab's ``netlab.yml`` names; its hosts get the disk ``payload`` to read."""
    if spec.provider not in PROVIDERS:  # of the state that another version wrote
        message = f"the lab's hosts are of the provider '{spec.provider}', which this version of netlab does not have"
        raise ConfigError(message, hint=f"use the netlab that made them; this one has {', '.join(PROVIDERS)}")
    return PROVIDERS[spec.provider].make(lab, spec, progress, payload)
