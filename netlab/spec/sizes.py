"""How much memory a host gets of which nothing is said, and how little it may have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netlab.model.lab import Part, Stack

HOST_MIB = 512
"""Memory of a host of which nothing is said."""
MIN_HOST_MIB = 384
NODE_MIB = 1536
"""The same of a cluster's node."""
MIN_NODE_MIB = 1024
"""Cilium's agent takes 340 to 400 MiB, the compiler that it starts 120; kubelet, containerd and pods come on top."""


def usual_mib(part: Part, stack: Stack) -> int:
    """Return the MiB of a client or node of which nothing is said."""
    return NODE_MIB if part == "node" and stack == "kubeadm" else HOST_MIB


def least_mib(stack: Stack) -> int:
    """Return the MiB that a client or node needs."""
    return MIN_NODE_MIB if stack == "kubeadm" else MIN_HOST_MIB
