"""The section ``qemu``: hosts that are virtual machines on this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from netlab.model.frozen import Frozen
from netlab.spec.bounds import whole
from netlab.spec.sizes import CONTROL_CPUS, CONTROL_MEMORY_MIB, HOST_MIB, NODE_MIB, least_mib, usual_mib

if TYPE_CHECKING:
    from netlab.model.lab import Part, Stack

Mitigations = Literal["off", "auto"]
"""What Linux takes as ``mitigations=`` on every processor."""


class QemuSpec(Frozen):
    """Sizes and ports of the machines."""

    cpus: int = whole(1, "Processors of each host (the virtual clock always uses one).", low=1, high=64)
    memory_mib: int = whole(
        0,
        f"Memory of client and nodes in MiB, shared evenly; 0: {HOST_MIB} each, but {NODE_MIB} a cluster's node.",
        low=0,
        high=1 << 20,
    )
    control_cpus: int = CONTROL_CPUS
    control_memory_mib: int = CONTROL_MEMORY_MIB
    parallel: int = whole(
        0, "Fleets that work at the same time; 0: two on the virtual clock, else one.", low=0, high=16
    )
    ssh_port: int = whole(
        0, "First port on 127.0.0.1 for SSH to the hosts; the others follow. 0: free ports.", low=0, high=65_000
    )
    mitigations: Mitigations = Field(
        default="off",
        description="The kernel's guards against faults of processors: `off`, or `auto` as on most servers.",
    )

    def check_memory(self, hosts: int, stack: Stack) -> None:
        """ValueError where ``hosts`` (client and nodes) would have too little each."""
        least = least_mib(stack)
        if self.memory_mib and self.memory_mib // hosts < least:
            what = " of a cluster" if stack == "kubeadm" else ""
            raise ValueError(
                f"qemu.memory_mib is {self.memory_mib}, but {hosts} hosts{what} need at least {least * hosts}"
            )

    def memory_of(self, part: Part, hosts: int, stack: Stack) -> int:
        """Return the MiB of a host that plays ``part`` beside ``hosts`` clients and nodes, each a machine."""
        if part == "control":
            return self.control_memory_mib
        return self.memory_mib // hosts if self.memory_mib else usual_mib(part, stack)
