"""Waits until the interfaces of new hosts in the lab are what the first boot makes them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from netlab.errors import HostRefused, MachineError, MachineSilent
from netlab.hosts.interfaces import SCRIPT, interface_of
from netlab.samples.machine import parse_answers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlab.hosts.remote import RemoteHosts
    from netlab.model.host import Host

PAUSE_S = 5.0


def wait_for(remote: RemoteHosts, hosts: Sequence[Host], mtu: int, timeout_s: float) -> None:
    """Wait until all have their interface, with the MTU (0: any); MachineSilent where one has none."""
    deadline = time.monotonic() + timeout_s
    while True:
        said = _said(remote)
        late = [host for host in hosts if not _ready(host, said.get(host.name, {}), mtu)]
        if not late:
            return
        if time.monotonic() > deadline:
            size = f" and the MTU {mtu}" if mtu else ""
            message = f"{late[0].name} has no interface with the address {late[0].lab_address}{size}"
            hint = f"look why: netlab ssh {late[0].name} cloud-init status --long"
            raise MachineSilent(f"{message} after {timeout_s:g} s", hint=hint)
        time.sleep(PAUSE_S)


def _said(remote: RemoteHosts) -> dict[str, dict[str, str]]:
    """Ask all; nothing where one does not answer for the moment."""
    try:
        answers = remote.ask(SCRIPT, "it does not say what interfaces it has")
    except HostRefused:
        raise
    except MachineError:
        return {}
    return {name: parse_answers(text) for name, text in answers.items()}


def _ready(host: Host, said: Mapping[str, str], mtu: int) -> bool:
    interface = interface_of(host, said)
    return bool(interface) and (not mtu or said.get(f"mtu {interface}") == str(mtu))
