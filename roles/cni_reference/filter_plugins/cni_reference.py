"""Which addresses a node's pods have: a slice of the lab's own network, or the range that Kubernetes gave the node."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FIRST, SIZE = 64, 32
"""Of the lab's /24, a node's slice: pods have its first addresses, the host-side slave the last but one."""


def flat_network(address: str, index: int) -> dict[str, str]:
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


def routed_network(cidr: str, slaves: bool) -> dict[str, str]:  # noqa: FBT001 - a filter's arguments have no names
    """Return a node's own range; where pods are slaves of the host's interface, the host has an address of it."""
    if not slaves or not cidr:
        return {"subnet": cidr, "start": "", "end": "", "shim": "", "destination": ""}
    part = ipaddress.ip_network(cidr)
    return {"subnet": cidr, "start": "", "end": str(part[-3]), "shim": str(part[-2]), "destination": cidr}


def routes_to_others(cidrs: Mapping[str, str], here: str, hosts: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return a route to the pods of each node but this one."""
    others = [name for name in cidrs if name != here]
    return [{"destination": cidrs[name], "gateway": hosts[name]["netlab_address"]} for name in others]


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by the names that the role calls them by."""
        return {
            "cni_reference_flat_network": flat_network,
            "cni_reference_routed_network": routed_network,
            "cni_reference_routes_to_others": routes_to_others,
        }
