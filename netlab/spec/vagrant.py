"""The section ``vagrant``: hosts that Vagrant makes, with whatever it makes machines by."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from netlab.model.frozen import Frozen
from netlab.spec.bounds import whole
from netlab.spec.sizes import CONTROL_CPUS, CONTROL_MEMORY_MIB, HOST_MIB, NODE_MIB, least_mib, usual_mib

if TYPE_CHECKING:
    from netlab.model.lab import Part, Stack

VagrantProvider = Literal["libvirt", "virtualbox", "vmware_desktop", "parallels", "qemu"]
MOST_HOSTS = 10
"""Client, eight nodes and a control plane."""


class VagrantSpec(Frozen):
    """Sizes of the machines, what they are made from, and by what."""

    provider: VagrantProvider = Field(
        default="libvirt",
        description="What Vagrant makes machines by: `libvirt`, `virtualbox`, `vmware_desktop`, `parallels` or `qemu`.",
    )
    cpus: int = whole(1, "Processors of client and nodes, each.", low=1, high=64)
    memory_mib: int = whole(
        0,
        f"Memory of client and nodes in MiB, each; 0: {HOST_MIB}, but {NODE_MIB} for a cluster's node.",
        low=0,
        high=1 << 20,
    )
    control_cpus: int = CONTROL_CPUS
    control_memory_mib: int = CONTROL_MEMORY_MIB
    network: str = Field(
        default="10.10.0.0/24",
        description="IPv4 network of the lab's own, which carries what is measured; no other network may use it.",
    )
    box: str = Field(
        default="",
        description="Box to make them from; none: netlab's own, which is baked when it is not there (docs/vagrant.md).",
    )
    box_url: str = Field(default="", description="File or URL that the box is added from where it is not there.")
    box_checksum: str = Field(default="", description="SHA-256 of what is there, in hexadecimal.")
    snapshots: bool = Field(
        default=False,
        strict=True,
        description="Resume profiles from Vagrant's snapshots instead of applying them again (docs/vagrant.md).",
    )
    boot_timeout_s: int = whole(600, "Seconds in which a machine must answer after it was started.", low=30, high=7200)

    @field_validator("network")
    @classmethod
    def _is_a_network(cls, text: str) -> str:
        network = ipaddress.IPv4Network(text)
        if network.prefixlen > 27:
            raise ValueError(f"{text} has room for fewer than {MOST_HOSTS} hosts; take a /24")
        return text

    @field_validator("box_checksum")
    @classmethod
    def _is_a_checksum(cls, text: str) -> str:
        if text and not re.fullmatch(r"[0-9a-fA-F]{64}", text):
            raise ValueError("a SHA-256 has 64 hexadecimal digits")
        return text.lower()

    def check(self, stack: Stack) -> None:
        """ValueError where the section makes no sense for hosts of this stack."""
        least = least_mib(stack)
        if self.memory_mib and self.memory_mib < least:
            raise ValueError(f"vagrant.memory_mib is {self.memory_mib}, but a host needs at least {least}")
        if self.box_url and not self.box:
            raise ValueError("vagrant.box_url needs vagrant.box: the name under which the box is added")
        if self.snapshots and self.provider == "qemu":
            raise ValueError("vagrant.snapshots: Vagrant's provider qemu has none")
        if self.box_checksum and not self.box_url:
            raise ValueError("vagrant.box_checksum needs vagrant.box_url: of what it is the checksum")

    def memory_of(self, part: Part, stack: Stack) -> int:
        """Return the MiB of a host that plays ``part``."""
        if part == "control":
            return self.control_memory_mib
        return self.memory_mib or usual_mib(part, stack)

    def cpus_of(self, part: Part) -> int:
        """Return the processors of a host that plays ``part``."""
        return self.control_cpus if part == "control" else self.cpus
