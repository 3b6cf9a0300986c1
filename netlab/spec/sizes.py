"""Sizes of hosts that are machines of netlab's own: of which nothing is said, and how little they may have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.spec.bounds import whole

if TYPE_CHECKING:
    from netlab.model.lab import Part, Stack

HOST_MIB = 512
"""Memory of a host of which nothing is said."""
MIN_HOST_MIB = 384
NODE_MIB = 1536
"""The same of a cluster's node."""
MIN_NODE_MIB = 1024
"""Cilium's agent takes 340 to 400 MiB, the compiler that it starts 120; kubelet, containerd and pods come on top."""

GUEST_KERNEL_MIB = 92
"""What a guest's kernel keeps of a machine's memory, at most: its programs see so much less."""
KUBEADM_MIB = 1700
"""What kubeadm asks of a control plane, as programs see it."""

CONTROL_CPUS = whole(2, "Processors of a cluster's control plane (stack kubeadm).", low=2, high=64)
CONTROL_MEMORY_MIB = whole(
    2048,
    "Memory of a cluster's control plane in MiB (stack kubeadm).",
    low=KUBEADM_MIB + GUEST_KERNEL_MIB,
    high=1 << 20,
)
"""Fields of the sections that have them."""


def usual_mib(part: Part, stack: Stack) -> int:
    """Return the MiB of a client or node of which nothing is said."""
    return NODE_MIB if part == "node" and stack == "kubeadm" else HOST_MIB


def least_mib(stack: Stack) -> int:
    """Return the MiB that a client or node needs."""
    return MIN_NODE_MIB if stack == "kubeadm" else MIN_HOST_MIB
