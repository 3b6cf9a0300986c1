"""Which interface has a host's lab address, its MTU, and which file of networkd's configures it: asked of the host."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netlab.errors import HostUnsuitable
from netlab.hosts.releases import release_of
from netlab.model import mtu

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netlab.model.host import Host

_INTERFACE = re.compile(r"[A-Za-z0-9_.-]{1,15}")
"""The kernel allows more; Ansible would take ``{{`` in a name for a template, and a shell other letters for its own."""
_FILE = re.compile(r"[A-Za-z0-9_.@-]{1,200}\.network")
_NETPLAN = re.compile(r"[0-9]+-netplan-")
MANAGERS = {"NetworkManager", "ifupdown"}
"""What may configure an interface in networkd's place, as ``SCRIPT`` calls them."""

SCRIPT = """ip -o -4 address show | while read -r _ device _ address _; do
    echo "address ${address%/*}=$device"
    file=$(networkctl --no-pager --lines=0 status "$device" 2>/dev/null | sed -n 's/^ *Network File: *//p')
    echo "networkd $device=$file"
    if nmcli -g GENERAL.STATE device show "$device" 2>/dev/null | grep -qx '100 (connected)'; then
        echo "manager $device=NetworkManager"
    elif ifquery --state "$device" >/dev/null 2>&1; then
        echo "manager $device=ifupdown"
    fi
    echo "mtu $device=$(cat "/sys/class/net/$device/mtu")"
done
"""
"""For ``sh`` on the host, as root."""


def interface_of(host: Host, said: Mapping[str, str]) -> str:
    """Return the host's interface that has the lab address; empty where none has it, or where its name is none."""
    name = said.get(f"address {host.lab_address}", "")
    return name if _INTERFACE.fullmatch(name) else ""


def networkd_file_of(interface: str, said: Mapping[str, str]) -> str:
    """Return the name of networkd's file that configures an interface; empty where there is none."""
    name = said.get(f"networkd {interface}", "").rpartition("/")[2]
    return name if _FILE.fullmatch(name) else ""


def mtu_of(interface: str, said: Mapping[str, str]) -> int:
    """Return an interface's MTU; 0 where the host says none."""
    return mtu.read(said.get(f"mtu {interface}", ""))


def manager_of(interface: str, said: Mapping[str, str]) -> str:
    """Say what configures an interface: networkd, and whose file it reads, or another program that netlab knows."""
    if file := networkd_file_of(interface, said):
        return f"networkd by {file}" + (", which netplan writes" if _NETPLAN.match(file) else "")
    other = said.get(f"manager {interface}", "")
    return other if other in MANAGERS else "a program that netlab does not know"


def located(host: Host, said: Mapping[str, str]) -> Host:
    """Return the host with its interface in the lab; HostUnsuitable where none has its lab address."""
    interface = interface_of(host, said)
    if not interface:
        hint = "name one of its addresses: those by which the lab's hosts reach each other carry what is measured"
        raise HostUnsuitable(f"{host.name} has no interface with the address {host.lab_address}", hint=hint)
    file, release = networkd_file_of(interface, said), release_of(said)
    carried = host.own_mtu or mtu_of(interface, said) or mtu.ETHERNET
    found = {"interface": interface, "networkd_file": file, "mtu": carried, "release": release}
    return host.model_copy(update=found)
