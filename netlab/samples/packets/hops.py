"""Events of one packet in one kernel → hops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.model.host import LAB_INTERFACE as LAB
from netlab.model.proof import WIRE, Hop
from netlab.samples.probes import PROBES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlab.model.proof import HopKind
    from netlab.samples.packets.events import Event
    from netlab.samples.packets.kernels import Kernel

TCX = "tcx_run"
"""What runs the programs on a device's TCX hook, in the words of the kernel, which inlines it."""

_HOOKS = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")
_CHANGES = {"0": "SNAT", "1": "DNAT"}
_IPV4 = "2"
_QUEUEING = {"netif_rx", "softirq_raise"}
_RECEIVING = ("arrive", "ip_rcv", "ip_rcv_core")


def hops(kernel: Kernel, events: Sequence[Event]) -> Iterator[Hop]:
    """Yield what a packet crossed, in the order of its events."""
    place, device, inside = "", "", ("", "")
    for event in events:
        if event.name not in PROBES and event.name != "softirq_raise":
            continue  # a newer netlab's recording may hold more than this one knows
        if event.name == "queue" and not _has_programs(event):
            continue
        if event.name not in _QUEUEING:  # a driver that queues a packet for the next device still has it
            place, device = kernel.place(event, place), kernel.device(event, device)
        kind, what = _named(event, device)
        if event.name in _RECEIVING:
            here = (place, event.fields.get("dev", ""))
            if inside == here:
                continue  # the stack says again what the device has said
            inside = here
        if what:
            # That the lab's own interface is a veth where hosts share a kernel is no affair of theirs.
            on_wire = device == LAB and (event.name in {"veth_xmit", "netif_rx"} or kind == "softirq")
            yield Hop(place=WIRE if on_wire else place, what=what, kind=kind)
        if event.name == "arrive" and _has_programs(event):
            yield Hop(place=place, what=TCX, kind="bpf")


def _named(event: Event, device: str) -> tuple[HopKind, str]:
    """Name a hop, with nothing for one that is of no interest."""
    if event.name == "softirq_raise":
        return "softirq", "raise NET_RX"
    names = {
        "send": "socket",
        "deliver": "socket",
        "queue": TCX,
        "out": f"out {device}",
        **dict.fromkeys(_RECEIVING, f"in {device}"),
        "hook": _hook(event),
        "nat": _CHANGES.get(event.fields.get("change", ""), "NAT"),
    }
    return PROBES[event.name].kind, names.get(event.name, event.name)


def _has_programs(event: Event) -> bool:
    """Whether the device has programs on its TCX hook; tc's, which stand on the same hook, name themselves.

    Where there is no hook, the kernel has not read the second word, and what stands there means nothing.
    """
    return bool(event.number("tcx") and event.number("program"))


def _hook(event: Event) -> str:
    number = event.fields.get("hook", "")
    if event.fields.get("family") != _IPV4 or number not in {"0", "1", "2", "3", "4"}:
        return ""
    return _HOOKS[int(number)]
