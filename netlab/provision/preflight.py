"""Whether hosts that run another image than netlab's can carry a profile, asked before anything of it is on them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from netlab import assets
from netlab.artifacts.payload import content_of
from netlab.artifacts.settings import host_arch
from netlab.errors import HostUnsuitable
from netlab.hosts import packages
from netlab.hosts.kubeadm import Demands, refuse_unfit
from netlab.hosts.provider import Remote
from netlab.hosts.releases import RELEASES
from netlab.hosts.remote import RemoteHosts
from netlab.inputs import CLUSTER_ROLES
from netlab.model import mtu
from netlab.model.lab import PARTS

if TYPE_CHECKING:
    from collections.abc import Collection

    from netlab.model.host import Host
    from netlab.model.lab import Part
    from netlab.model.profile import Profile
    from netlab.provision.session import Session

BY_NETWORKD: dict[str, Collection[Part]] = {
    "calico": {"client"},
    "cilium": {"client"},
    "cni_reference": PARTS,
    "lab_routes": PARTS,
    "pod_network": PARTS,
    "tunnel": PARTS,
}
"""Roles that put routes or links into files of systemd-networkd's, and on which hosts."""


def check_profile(session: Session, profile: Profile) -> None:
    """HostUnsuitable where a host does not have what the profile's roles need; netlab's own image always has it."""
    hosts = [host for host in session.provider.hosts() if host.release in RELEASES]
    if not hosts:
        return
    for host in hosts:
        _check_network(host, profile)
    remote = RemoteHosts(session.lab, hosts, session.progress, timeout_s=packages.TIMEOUT_S)
    packages.require(remote, hosts, lambda host: roles_of(host, profile), profile.requires.packages)


def check_cluster(session: Session, profile: Profile) -> None:
    """HostUnsuitable where a host cannot be a part of the cluster that the profile builds on, if it builds on one."""
    if profile.cluster is not None and isinstance(provider := session.provider, Remote):
        refuse_unfit(provider.remote(), demands(session, profile.cluster))


def say_unlike_mtus(session: Session) -> None:
    """Warn where the lab's hosts have different MTUs: packets between hosts may then be larger than those of pods."""
    hosts = session.provider.hosts()
    if words := mtu.unlike(hosts):
        lowest = f"pods get the lowest, {mtu.of_lab(hosts)}; those of ipvlan and macvlan have their host's"
        session.progress.warn(f"the MTUs of the lab's hosts differ ({words}): {lowest}")


def roles_of(host: Host, profile: Profile) -> list[str]:
    """Return all roles that a host gets, with those that they are made of."""
    cluster = CLUSTER_ROLES if profile.cluster is not None and host.part != "client" else ()
    return [role.name for role in assets.with_their_roles({*packages.BARE, *_named(host, profile), *cluster})]


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


def _check_network(host: Host, profile: Profile) -> None:
    wanting = sorted(role for role in _named(host, profile) if host.part in BY_NETWORKD.get(role, ()))
    if wanting and not host.networkd_file:
        message = f"systemd-networkd does not configure {host.interface} of {host.name}, as {profile.name} needs it"
        hint = (
            f"have networkd configure it (docs/hosts.md): the role {wanting[0]} puts routes into its files; "
            "or choose a profile without such routes, baseline-vm for example"
        )
        raise HostUnsuitable(message, hint=hint)


def _named(host: Host, profile: Profile) -> set[str]:
    return {use.role for use in profile.roles if use.hosts == "all" or host.part in use.hosts.split(":")}


def _number(value: Any, usual: int) -> int:
    """Return a profile's number; of one that is computed on the hosts, nothing is known here, and the role looks."""
    if value is None:
        return usual
    with contextlib.suppress(ValueError):
        return int(value)
    return 0
