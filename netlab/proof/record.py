"""The kernels' record of one request a path (ftrace's text) → what each packet crossed, hop by hop.

A packet keeps its ``sk_buff`` from the sender's TCP through devices, namespaces and tunnels to the receiver's TCP, as
long as it stays in one kernel; so its events are those with the same address between the first and the last. Where
hosts are machines of their own, each kernel holds a part of the journey, and the packet is found again by its length.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from netlab.errors import ResultsError
from netlab.proof.probes import PROBES
from netlab.results.model import Hop

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from netlab.results.model import HopKind

WIRE = "wire"
LAB = "lab0"
"""The interface of each host on the lab's Ethernet."""
TCP_HEADER = (20, 60)
"""Bytes, from no option to all that fit."""
IP_HEADERS = (20, 40)
"""Bytes: one header, or two behind a tunnel."""
LEAST_RESPONSE = 100
"""Bytes of a segment that is more than an acknowledgement."""

_LINE = re.compile(r"^\s*.+-\d+\s+\[(?P<cpu>\d+)\]\s+\S+\s+\d+\.\d+: (?P<event>\w+): (?P<rest>.*)$")
_FIELD = re.compile(r'(\w+)=("[^"]*"|\S+)')
_VETH = re.compile(r"^veth[0-9a-f]{8}$")
_HOOKS = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")
_CHANGES = {"0": "SNAT", "1": "DNAT"}
_IPV4 = "2"


class Event(NamedTuple):
    """One line of a kernel's record."""

    cpu: int
    name: str
    fields: Mapping[str, str]

    @property
    def packet(self) -> str:
        """Address of the packet's ``sk_buff``; empty for an event that is about none."""
        return self.fields.get("skb", "")

    @property
    def length(self) -> int:
        """Bytes of the packet as this event counts them, -1 where it does not say."""
        text = self.fields.get("len", "")
        return int(text) if text.isdigit() else -1

    @property
    def namespace(self) -> str:
        """Inode number of the network namespace; empty where the event does not say."""
        return self.fields.get("ns", "")


class Kernel(NamedTuple):
    """One kernel's record, and what its network namespaces are called."""

    events: Sequence[Event]
    places: Mapping[str, str]
    alone: bool = True
    """Whether it is the kernel of all hosts; else a packet that leaves on the lab's interface is gone from it."""

    def place(self, event: Event, default: str) -> str:
        """Name the namespace of an event; one that is nobody's is the wire between the hosts."""
        return self.places.get(event.namespace, WIRE) if event.namespace else default


def parse_trace(text: str) -> list[Event]:
    """Read ftrace's text; ResultsError for a line that is no event."""
    events = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.match(line)
        if match is None:
            raise ResultsError(f"the record has a line that is no event: {line[:80]!r}")
        fields = {name: value.strip('"') for name, value in _FIELD.findall(match["rest"])}
        events.append(Event(int(match["cpu"]), match["event"], fields))
    return events


def journeys(kernels: Sequence[Kernel], origin: str, sent: int) -> tuple[tuple[Hop, ...], tuple[Hop, ...]]:
    """Hops of the request of ``sent`` bytes from the place ``origin``, and of the response; empty where none was found.

    The first kernel is the one that holds the origin; all others can only have passed the packets on or answered.
    """
    first = next((kernel for kernel in kernels if origin in kernel.places.values()), None)
    start = _sent_at(first, origin, sent) if first else None
    if first is None or start is None:
        return (), ()
    request, end = _follow(first, start)
    if len(kernels) == 1:
        return request, _response(first, end)
    return _across(kernels, first, request, sent)


def _sent_at(kernel: Kernel, origin: str, sent: int) -> int | None:
    low, high = (sent + header for header in TCP_HEADER)
    return next(
        (
            index
            for index, event in enumerate(kernel.events)
            if event.name == "send" and low <= event.length <= high and kernel.place(event, "") == origin
        ),
        None,
    )


def _response(kernel: Kernel, delivered: int) -> tuple[Hop, ...]:
    """Hops of the first segment with data that the receiver sends back."""
    receiver = kernel.events[delivered]
    for index in range(delivered, len(kernel.events)):
        event = kernel.events[index]
        if event.name == "send" and event.namespace == receiver.namespace and event.length >= LEAST_RESPONSE:
            return _follow(kernel, index)[0]
    return ()


def _across(
    kernels: Sequence[Kernel], first: Kernel, leaving: tuple[Hop, ...], sent: int
) -> tuple[tuple[Hop, ...], tuple[Hop, ...]]:
    """Put together what several kernels saw: the sender's, those that passed it on, the receiver's."""
    parts: list[tuple[Kernel, tuple[Hop, ...], int]] = []
    for kernel in (kernel for kernel in kernels if kernel is not first):
        at = _arrival(kernel, sent)
        if at is not None:
            parts.append((kernel, *_follow(kernel, at)))
    parts.sort(key=lambda part: part[1][-1].kind == "deliver")
    if not parts or parts[-1][1][-1].kind != "deliver":
        return leaving + _joined(part[1] for part in parts), ()
    receiver, _, end = parts[-1]
    request = leaving + _joined(part[1] for part in parts)
    response = _response(receiver, end)
    size = _response_length(receiver, end)
    back = [_follow(kernel, at)[0] for kernel, _, _ in parts[:-1][::-1] if (at := _arrival(kernel, size)) is not None]
    home = _arrival(first, size)
    last = [_follow(first, home)[0]] if home is not None else []
    return request, response + _joined([*back, *last])


def _joined(parts: Iterable[tuple[Hop, ...]]) -> tuple[Hop, ...]:
    return tuple(hop for part in parts for hop in part)


def _arrival(kernel: Kernel, payload: int) -> int | None:
    """Index of the event with which a packet of so many bytes of data came in from another machine."""
    low, high = payload + IP_HEADERS[0] + TCP_HEADER[0], payload + IP_HEADERS[1] + TCP_HEADER[1]
    return next(
        (
            index
            for index, event in enumerate(kernel.events)
            if event.name == "arrive" and low <= event.length <= high and event.fields.get("dev") != "lo"
        ),
        None,
    )


def _response_length(kernel: Kernel, delivered: int) -> int:
    """Bytes of data in the response's first segment, taking the TCP header as the usual 32 bytes."""
    receiver = kernel.events[delivered]
    for event in kernel.events[delivered:]:
        if event.name == "send" and event.namespace == receiver.namespace and event.length >= LEAST_RESPONSE:
            return event.length - 32
    return 0


def _follow(kernel: Kernel, start: int) -> tuple[tuple[Hop, ...], int]:
    """Hops of the packet of the event ``start``, and the index of its last event."""
    chosen = list(_life(kernel, start))
    hops = tuple(_hops(kernel, [kernel.events[index] for index in chosen]))
    return hops, chosen[-1]


def _life(kernel: Kernel, start: int) -> Iterator[int]:
    """Yield the indices of a packet's events; between them, the softirqs that its own CPU raised."""
    packet, cpu, raised = kernel.events[start].packet, kernel.events[start].cpu, list[int]()
    for index in range(start, len(kernel.events)):
        event = kernel.events[index]
        if event.packet == packet:
            if index > start and event.name == "send":
                return  # the buffer is another packet's now
            yield from raised
            yield index
            raised, cpu = [], event.cpu
            if event.name == "deliver" or (event.name == "out" and _leaves(event, kernel)):
                return
        elif event.name == "softirq_raise" and event.cpu == cpu:
            raised.append(index)


def _leaves(event: Event, kernel: Kernel) -> bool:
    return not kernel.alone and event.fields.get("dev") == LAB


def _hops(kernel: Kernel, events: Sequence[Event]) -> Iterator[Hop]:
    place, owner, inside = "", "", ("", "")
    for event in events:
        place = kernel.place(event, place)
        kind, what = _named(event)
        if event.name in {"arrive", "ip_rcv"}:
            if inside == (place, what):
                continue  # the stack says again what the device has said
            inside = (place, what)
        owner = owner if event.name == "softirq_raise" else _owner(event, place)
        if what:
            yield Hop(place=owner, what=what, kind=kind)


def _owner(event: Event, place: str) -> str:
    """Give the lab's own interface to the wire: that it is a veth where hosts share a kernel is no affair of theirs."""
    on_lab = event.fields.get("dev") == LAB and event.name in {"veth_xmit", "netif_rx"}
    return WIRE if on_lab else place


def _named(event: Event) -> tuple[HopKind, str]:
    """Name a hop, with nothing for one that is of no interest."""
    if event.name == "softirq_raise":
        return "softirq", "raise NET_RX"
    probe = PROBES[event.name]
    device = _VETH.sub("veth", event.fields.get("dev", ""))
    names = {
        "send": "socket",
        "deliver": "socket",
        "out": f"out {device}",
        "arrive": f"in {device}",
        "ip_rcv": f"in {device}",
        "hook": _hook(event),
        "nat": _CHANGES.get(event.fields.get("change", ""), "NAT"),
    }
    return probe.kind, names.get(event.name, event.name)


def _hook(event: Event) -> str:
    number = event.fields.get("hook", "")
    if event.fields.get("family") != _IPV4 or not number.isdigit() or int(number) >= len(_HOOKS):
        return ""
    return _HOOKS[int(number)]
