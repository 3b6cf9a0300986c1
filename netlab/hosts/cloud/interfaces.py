"""What hosts call their interface in the lab, which the image decides, and whether it is ready."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from netlab.errors import HostRefused, MachineError, MachineSilent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netlab.hosts.remote import RemoteHosts

SCRIPT = r"""ip -4 -o address show scope global | while read -r _ name _ address _; do
    echo "${address%/*} $name $(cat "/sys/class/net/$name/mtu")"
done
"""
"""Writes address, name and MTU of each interface."""
PAUSE_S = 5.0


def wait_for(remote: RemoteHosts, addresses: Mapping[str, str], mtu: int, timeout_s: float) -> dict[str, str]:
    """Return the interface with each host's address, once it has the MTU (0: any); MachineSilent where none has."""
    deadline = time.monotonic() + timeout_s
    while True:
        said = _said(remote)
        found = {name: _interface(said.get(name, ""), address, mtu) for name, address in addresses.items()}
        late = [name for name, interface in found.items() if not interface]
        if not late:
            return found
        if time.monotonic() > deadline:
            size = f" and the MTU {mtu}" if mtu else ""
            message = f"{late[0]} has no interface with the address {addresses[late[0]]}{size} after {timeout_s:g} s"
            raise MachineSilent(message, hint=f"look why: netlab ssh {late[0]} cloud-init status --long")
        time.sleep(PAUSE_S)


def _said(remote: RemoteHosts) -> dict[str, str]:
    """Ask all; nothing where one does not answer for the moment."""
    try:
        return remote.ask(SCRIPT, "it does not say what interfaces it has")
    except HostRefused:
        raise
    except MachineError:
        return {}


def _interface(said: str, address: str, mtu: int) -> str:
    for line in said.splitlines():
        words = line.split()
        if words[:1] == [address] and (not mtu or words[2] == str(mtu)):
            return words[1]
    return ""
