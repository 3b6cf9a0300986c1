"""A host as it is reached: by netlab over SSH, by the other hosts on the lab's own network."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from netlab.model.frozen import Frozen
from netlab.model.lab import Part
from netlab.model.mtu import ETHERNET

LAB_INTERFACE = "lab0"
"""What hosts of netlab's own making call it, and what records and reports call it everywhere."""
API_PORT = 6443
"""Where a cluster's API answers on the lab's network."""


class Server(Frozen):
    """An SSH server, and how it is entered."""

    address: str
    """Where it answers: a name or an IP address."""
    port: int = Field(default=22, ge=0, le=65_535)
    user: str = "root"
    host_key: str = ""
    """Public key that it proves itself with (``ssh-ed25519 AAAA…``); without one, nobody can enter."""
    identity: Path | None = None
    """Private key that enters it, or the public half of one that an agent holds; None: the lab's own."""


class Host(Server):
    """A host of the lab; ``address`` is on the management network."""

    name: str
    part: Part
    lab_address: str
    """On the lab's own network, which carries what is measured."""
    lab_port: int = Field(default=22, ge=1, le=65_535)
    """Where its SSH server answers the lab's other hosts."""
    interface: str = LAB_INTERFACE
    """That has the lab address."""
    networkd_file: str = "20-lab.network"
    """Name of systemd-networkd's file that configures that interface; empty where another program does."""
    mtu: int = ETHERNET
    """Bytes of the largest packet that the lab's network carries to this host and from it."""
    own_mtu: int = 0
    """What the user says that it is; 0: nobody does, so it is that of the interface."""
    release: str = ""
    """What it runs, as the inventory's group of it is called (``debian_12``); empty: netlab's own image."""
    jump: Server | None = None
    """Through which it is reached; None: directly."""
    api_port: int | None = None
    """Where a cluster's API answers at ``address``, if it does; otherwise it is reached through SSH."""


def groups_of(release: str) -> tuple[str, ...]:
    """Return the inventory's groups of hosts with a release, the wider one first: ``debian``, ``debian_12``."""
    return (release.partition("_")[0], release) if release else ()
