"""What hosts must be, and get, before they become a cluster, where netlab did not boot them itself."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from netlab.artifacts.payload import content_of
from netlab.artifacts.settings import host_arch
from netlab.hosts.delivery import Delivery
from netlab.hosts.kubeadm import Demands, refuse_unfit
from netlab.hosts.provider import Remote

if TYPE_CHECKING:
    from netlab.model.profile import Profile
    from netlab.provision.session import Session


def check(session: Session, profile: Profile) -> None:
    """HostUnsuitable where a host cannot be a part of the cluster that the profile builds on; nothing is changed."""
    if profile.cluster is not None and isinstance(provider := session.provider, Remote):
        refuse_unfit(provider.remote(), demands(session, profile.cluster))


def equip(session: Session) -> None:
    """Have the payload on the hosts; MachineError where it does not arrive."""
    provider = session.provider
    if isinstance(provider, Remote) and provider.payload is not None:
        Delivery(provider.remote(), provider.payload).deliver()


def demands(session: Session, inputs: dict[str, Any]) -> Demands:
    """Return what a cluster with these inputs asks of the session's hosts."""
    provider = session.provider
    payload = provider.payload if isinstance(provider, Remote) else None
    usual = Demands(arch=host_arch())
    return usual._replace(
        payload_bytes=content_of(payload).size if payload else 0,
        control_cpus=_number(inputs.get("kubeadm_control_cpus"), usual.control_cpus),
        control_memory_mb=_number(inputs.get("kubeadm_control_memory_mb"), usual.control_memory_mb),
        own_runtime="container_runtime" in provider.facts().get("netlab_baked_roles", ()),
    )


def _number(value: Any, usual: int) -> int:
    """Return a profile's number; of one that is computed on the hosts, nothing is known here, and the role looks."""
    if value is None:
        return usual
    with contextlib.suppress(ValueError):
        return int(value)
    return 0
