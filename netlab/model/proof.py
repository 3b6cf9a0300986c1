"""Which path packets take, and what decides performance besides it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from netlab.model.frozen import Frozen
from netlab.model.lab import PathName

HopKind = Literal[
    "send", "transmit", "receive", "netfilter", "nat", "route", "tunnel", "driver", "bpf", "softirq", "deliver"
]


WIRE = "wire"
"""The place of a hop that belongs to no host: the Ethernet that joins them."""


class Hop(Frozen):
    """One thing that a packet crosses, in the network namespace where it happens."""

    place: str
    """A host (``node1``), a pod (``node1/app``), or `WIRE`."""
    what: str
    """``in lab0``, ``out veth``, ``PREROUTING``, ``DNAT``, ``ip_forward``, ``ipip_tunnel_xmit``, ``raise NET_RX``, …"""
    kind: HopKind


class PathTrace(Frozen):
    """What one request and its response crossed, from socket to socket, in the order in which the kernel did it."""

    path: PathName
    request: tuple[Hop, ...]
    response: tuple[Hop, ...]


class DeviceFacts(Frozen):
    """A network device as it was during a proof."""

    name: str
    """As in its network namespace."""
    kind: str
    """What makes it: ``veth``, ``ipvlan``, ``virtio_net``, …; empty where the kernel does not say."""
    mtu: int
    """Most bytes of an IP packet."""
    qdisc: str
    """What queues packets that it sends; empty where the kernel does not say."""
    offloads: tuple[str, ...]
    """Features that are on, as ethtool names them."""
    rps: bool
    """Whether received packets are handed to other CPUs."""


class HostFacts(Frozen):
    """What decides performance besides the path, in one network namespace."""

    devices: tuple[DeviceFacts, ...]
    settings: dict[str, str]
    """Counts and settings, by a name that a network engineer knows: ``iptables rules``, ``conntrack entries``, …"""
    kernel_arguments: str = ""
    """The kernel's command line; of a host, not of its pods, and empty where it was not recorded, as below."""
    vulnerabilities: dict[str, str] = Field(default_factory=dict)
    """What the kernel says of each fault of the CPU that it knows: ``spectre_v2`` to ``Mitigation: Retpolines``, …"""


class Proof(Frozen):
    """The path that the packets of a profile really take, from the kernel's own record."""

    profile: str
    paths: tuple[PathTrace, ...]
    facts: dict[str, HostFacts]
    """By place, as in `Hop`."""
