"""Which interface has a host's lab address, and which file of networkd's configures it: a script asks the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.errors import HostUnsuitable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netlab.model.host import Host

SCRIPT = """ip -o -4 address show | while read -r _ device _ address _; do
    echo "address ${address%/*}=$device"
    file=$(networkctl --no-pager --lines=0 status "$device" 2>/dev/null | sed -n 's/^ *Network File: *//p')
    echo "networkd $device=$file"
done
"""
"""For ``sh`` on the host, as root."""


def parse_answers(text: str) -> dict[str, str]:
    """Read lines ``NAME=VALUE``, as such scripts write them; others are none."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def located(host: Host, said: Mapping[str, str]) -> Host:
    """Return the host with its interface in the lab; HostUnsuitable where none has its lab address."""
    interface = said.get(f"address {host.lab_address}", "")
    if not interface:
        hint = "name one of its addresses: those by which the lab's hosts reach each other carry what is measured"
        raise HostUnsuitable(f"{host.name} has no interface with the address {host.lab_address}", hint=hint)
    file = said.get(f"networkd {interface}", "")
    known = file.rpartition("/")[2] if file.endswith(".network") else ""
    return host.model_copy(update={"interface": interface, "networkd_file": known})
