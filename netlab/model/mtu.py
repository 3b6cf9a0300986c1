"""The MTU of a lab's network: the bytes of the largest packet that it carries, with the packet's IP header."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlab.model.host import Host

ETHERNET = 1500
"""Of an Ethernet that nobody has said more about."""
BOUNDS = range(576, 65_536)
"""What one can be: every host takes IPv4 packets of 576 bytes, and none has more than 65535."""


def read(text: str) -> int:
    """Return the MTU that a text says; 0 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 and int(text) in BOUNDS else 0


def of_lab(hosts: Sequence[Host]) -> int:
    """Return the lowest of the hosts': packets of no more bytes arrive whichever of them they come through."""
    return min((host.mtu for host in hosts), default=ETHERNET)


def unlike(hosts: Sequence[Host]) -> str:
    """Say which host has which MTU, where not all have the same; empty where they have."""
    by_mtu: dict[int, list[str]] = {}
    for host in hosts:
        by_mtu.setdefault(host.mtu, []).append(host.name)
    if len(by_mtu) < 2:
        return ""
    return "; ".join(f"{', '.join(names)}: {mtu}" for mtu, names in sorted(by_mtu.items()))
