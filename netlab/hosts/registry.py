"""Every provider by its name in ``netlab.yml``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from netlab.errors import ConfigError
from netlab.hosts.cloud import record, requirements
from netlab.hosts.cloud.api import Api
from netlab.hosts.cloud.cost import spent
from netlab.hosts.cloud.ec2 import Ec2
from netlab.hosts.cloud.hcloud import Hcloud
from netlab.hosts.cloud.openstack import Openstack
from netlab.hosts.cloud.provider import CloudProvider
from netlab.hosts.qemu import doctor as qemu_doctor
from netlab.hosts.qemu.provider import QemuProvider
from netlab.hosts.ssh import doctor as ssh_doctor
from netlab.hosts.ssh.provider import SshProvider
from netlab.hosts.vagrant import doctor as vagrant_doctor
from netlab.hosts.vagrant.snapshots import provider_of as vagrant_provider_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from netlab.hosts.cloud.cloud import Cloud
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
    cloud: Callable[[LabSpec], Cloud] | None = None
    """Whose account the hosts are in, where they outlive the lab's state; None: they are in nobody's."""


def _of_cloud(name: str, cloud: Callable[[LabSpec], Cloud]) -> Entry:
    def make(lab: Lab, spec: LabSpec, progress: Progress, payload: Path | None) -> Provider:
        return CloudProvider(cloud(spec), lab, spec, progress, payload)

    return Entry(make, lambda _lab, _spec: requirements.checks(name), cloud)


PROVIDERS: dict[str, Entry] = {
    "qemu": Entry(QemuProvider, qemu_doctor.checks),
    "ssh": Entry(SshProvider, ssh_doctor.checks),
    "vagrant": Entry(vagrant_provider_of, vagrant_doctor.checks),
    "ec2": _of_cloud("ec2", lambda spec: Ec2(spec.ec2)),
    "hcloud": _of_cloud("hcloud", lambda spec: Hcloud(spec.hcloud)),
    "openstack": _of_cloud("openstack", lambda spec: Openstack(spec.openstack)),
}


def provider_of(lab: Lab, spec: LabSpec, progress: Progress, payload: Path | None = None) -> Provider:
    """Return the provider that the lab's ``netlab.yml`` names; its hosts get the disk ``payload`` to read."""
    if spec.provider not in PROVIDERS:  # of the state that another version wrote
        message = f"the lab's hosts are of the provider '{spec.provider}', which this version of netlab does not have"
        raise ConfigError(message, hint=f"use the netlab that made them; this one has {', '.join(PROVIDERS)}")
    return PROVIDERS[spec.provider].make(lab, spec, progress, payload)


def account_of(lab: Lab, spec: LabSpec, progress: Progress) -> Api | None:
    """Return the account of a cloud that the lab's hosts are in; None where they are in none."""
    cloud = PROVIDERS[spec.provider].cloud
    return None if cloud is None else Api(cloud(spec), lab, progress)


def remembered(lab: Lab) -> str | None:
    """Return whose hosts the lab has, in whole or in part; None where it knows of none."""
    begun = record.load(lab)
    return begun.provider if begun else lab.provider()


def still_costs(lab: Lab) -> str:
    """Say which hosts cost money for as long as nobody removes them; empty where there are none."""
    known = record.load(lab)
    if known is None:
        return ""
    price = spent(known.cost, datetime.now(UTC) - known.created)
    return f"hosts in the cloud ({known.provider}, {known.place}) are still there: {price}; 'netlab down' removes them"
