"""The words that a lab is described with."""

from __future__ import annotations

from typing import Literal

from netlab.model.frozen import Frozen

Clock = Literal["real", "virtual"]
Stack = Literal["vm", "datapath", "kubeadm"]
PathName = Literal["host", "pod-ip", "nodeport-local", "nodeport-remote", "clusterip", "pod-to-pod"]
"""How the client reaches the app; the last two begin in a pod of the second node."""

Part = Literal["client", "node", "control"]
PARTS: tuple[Part, ...] = ("client", "node", "control")
"""Each is also the Ansible group of the hosts that play it."""


class Load(Frozen):
    """What wrk does: a closed loop of ``connections`` requests in flight for ``duration_s``."""

    connections: int = 4
    """Number of connections, each with one request in flight."""
    threads: int = 1
    """Number of wrk's threads."""
    duration_s: int = 1
    """Seconds of the lab's clock that a sample takes."""
    warmup_s: float = 0.2
    """Seconds of the same load before it, which are not counted."""
    keepalive: bool = True
    """Whether a connection carries more than one request."""
    response_bytes: int = 1024
    """Bytes of a response's body."""
