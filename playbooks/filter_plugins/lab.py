"""Addresses and routes of data-path profiles: ``profiles/*.yml`` calls these filters.

Where nodes route to each other's pods, a node has a /26 of 10.244.0.0/16, as Calico gives it. In a flat network it has
a slice of the lab's own addresses, the same as the role ``cni_reference`` gives the node of a cluster.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

FIRST, SIZE = 64, 32


def flat(address: str, index: int) -> dict[str, str]:
    """Return the slice of the ``index``-th node, from the address of any host of the lab."""
    lab = ipaddress.ip_network(f"{address}/24", strict=False)
    part = ipaddress.ip_network((int(lab[FIRST]) + SIZE * int(index), 27))
    if not part.subnet_of(lab):
        raise ValueError(f"the lab's network {lab} has no addresses for the pods of node {int(index) + 1}")
    return {
        "subnet": str(lab),
        "start": str(part[1]),
        "end": str(part[-3]),
        "shim": str(part[-2]),
        "destination": str(part),
    }


def peers(nodes: Iterable[str], here: str, hosts: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return name and address of each node but this one."""
    return [{"name": name, "address": hosts[name]["netlab_address"]} for name in nodes if name != here]


def routes(nodes: Iterable[str], here: str, hosts: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return a route to the pods of each node but this one."""
    return [
        {"destination": f"10.244.{index}.0/26", "gateway": hosts[name]["netlab_address"]}
        for index, name in enumerate(nodes)
        if name != here
    ]


def one_pod(addresses: Iterable[str], index: int) -> list[dict[str, str]]:
    """Return the pod of the ``index``-th node: the app, then the pod that asks it; more nodes have none."""
    pods = [{"name": name, "address": address} for name, address in zip(("app", "client"), addresses, strict=True)]
    return pods[int(index) :][:1]


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by the names that profiles call them by."""
        return {"lab_flat": flat, "lab_peers": peers, "lab_pod_routes": routes, "lab_one_pod": one_pod}
