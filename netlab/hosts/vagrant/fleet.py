"""``fleet.json``, the one file that the Vagrantfile reads: hosts, sizes, addresses and the box."""

from __future__ import annotations

import ipaddress
import zlib
from typing import TYPE_CHECKING, Literal

from netlab.model.frozen import Frozen
from netlab.model.lab import Part

if TYPE_CHECKING:
    from netlab.spec.lab import LabSpec

FILE = "fleet.json"
FIRST_ADDRESS = 10
"""Of the hosts on the lab's network; the first ones belong to what makes the network."""
SSH_PORT = 50_022
"""First port on 127.0.0.1 for hosts of the provider qemu, the only one whose ports must be said."""


class Box(Frozen):
    """What machines are made from."""

    name: str
    url: str | None = None
    """File or URL that it is added from where it is not there; a relative file is beside the Vagrantfile."""
    checksum: str | None = None
    """SHA-256; None: what ``FILE.sha256`` beside the file says, if it is there."""


class FleetHost(Frozen):
    """A machine."""

    name: str
    part: Part
    cpus: int
    memory_mib: int
    lab_address: str


class Fleet(Frozen):
    """All machines of a lab."""

    schema_version: Literal[1] = 1
    name: str
    """What the machines' names begin with, and what their network is called; no other lab has it."""
    box: Box
    network: str
    multicast: str
    """Group and port that are the network of machines of the provider qemu."""
    ssh_port: int = SSH_PORT
    boot_timeout_s: int
    hosts: tuple[FleetHost, ...]


DEFAULT_BOX = Box(name="netlab-datapath", url="netlab-datapath.box")
"""Of ``vagrant up`` by itself: what ``netlab image --format box --output netlab-datapath.box`` writes."""


def fleet_of(spec: LabSpec, name: str, box: Box) -> Fleet:
    """Return the machines of a lab."""
    own = spec.vagrant
    network = ipaddress.IPv4Network(own.network)
    hosts = [
        FleetHost(
            name=host,
            part=part,
            cpus=own.cpus_of(part),
            memory_mib=own.memory_of(part, spec.stack),
            lab_address=str(network[FIRST_ADDRESS + index]),
        )
        for index, (host, part) in enumerate(spec.parts.items())
    ]
    return Fleet(
        name=name,
        box=box,
        network=own.network,
        multicast=_multicast(name),
        boot_timeout_s=own.boot_timeout_s,
        hosts=tuple(hosts),
    )


def default_fleet(spec: LabSpec) -> Fleet:
    """Return the machines of ``vagrant up`` by itself, without a lab."""
    return fleet_of(spec, "netlab", DEFAULT_BOX)


def as_text(fleet: Fleet) -> str:
    """Return the file's content."""
    return fleet.model_dump_json(indent=2) + "\n"


def _multicast(name: str) -> str:
    """Return a group that other labs on this machine hardly have: 239.255.0.0/16 is for what does not leave a site."""
    digest = zlib.crc32(name.encode())
    return f"239.255.{digest & 255}.{digest >> 8 & 255}:{20_000 + (digest >> 16) % 10_000}"
