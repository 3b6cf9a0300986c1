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
    threads: int = 1
    duration_s: int = 1
    warmup_s: float = 0.2
    keepalive: bool = True
    response_bytes: int = 1024
