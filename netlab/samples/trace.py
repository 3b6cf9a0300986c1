"""The kernels' record of one request per path (ftrace's text) → what each packet crossed, hop by hop.

A packet keeps its ``sk_buff`` from the sender's TCP through devices, namespaces and tunnels to the receiver's TCP, as
long as it stays in one kernel; so its events are those with the same address between the first and the last. Where
hosts are machines of their own, each kernel holds a part of the journey, and the packet is found again by its length;
TCP's sequence number, which no NAT and no tunnel changes, tells a packet of another connection from it where it ends.
Hosts talk of other things meanwhile: the agents' own SSH crosses the lab too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from netlab.errors import ResultsError
from netlab.model.host import LAB_INTERFACE as LAB
from netlab.model.proof import WIRE, Hop
from netlab.samples.probes import PROBES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from netlab.model.proof import HopKind

TCP_HEADER = (20, 60)
"""Bytes, from no option to all that fit."""
USUAL_TCP_HEADER = 32
"""Bytes, with the option of time stamps that Linux sends."""
IP_HEADERS = (20, 40)
"""Bytes: one header, or two behind a tunnel."""
LEAST_RESPONSE = 100
"""Bytes of a segment that is more than an acknowledgement."""

_LINE = re.compile(r"^\s*.+-\d+\s+\[(?P<cpu>\d+)\]\s+\S+\s+\d+\.\d+: (?P<event>\w+): (?P<rest>.*)$")
_LOST = re.compile(r"^CPU:\d+ \[LOST (?P<count>\d+) EVENTS\]$")
_FIELD = re.compile(r'(\w+)=("[^"]*"|\S+)')
_VETH = re.compile(r"^veth[0-9a-f]{8}$")
_HOOKS = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")
_CHANGES = {"0": "SNAT", "1": "DNAT"}
_IPV4 = "2"
_QUEUEING = {"netif_rx", "softirq_raise"}
_RECEIVING = ("arrive", "ip_rcv", "ip_rcv_core")


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


class Trip(NamedTuple):
    """What one packet did in one kernel."""

    hops: tuple[Hop, ...]
    end: int
    """Index of its last event."""
    namespace: str
    """Where that was."""
    payload: int
    """Bytes of data, where the first event is the sender's."""
    sequence: str
    """TCP's sequence number, as the sender or the receiver has it; empty where no event says it."""
    ports: int | None
    """Both of its receiver's ports as one number; None where no event says them."""

    @property
    def delivered(self) -> bool:
        """Whether it came to a socket."""
        return bool(self.hops) and self.hops[-1].kind == "deliver"


NOWHERE = Trip((), 0, "", 0, "", None)


def parse_trace(text: str) -> list[Event]:
    """Read ftrace's text; ResultsError for a line that is no event, and where the kernel lost some.

    What a packet has not crossed is a part of a proof, so that nothing may be missing.
    """
    events: list[Event] = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.match(line)
        if lost := _LOST.match(line):
            raise ResultsError(
                f"the kernel lost {lost['count']} events of the record, which proves nothing without them",
                hint="record again when the hosts are less busy: netlab prove",
            )
        if match is None:
            raise ResultsError(f"the record has a line that is not an event: {line[:80]!r}")
        fields = {name: value.strip('"') for name, value in _FIELD.findall(match["rest"])}
        events.append(Event(int(match["cpu"]), match["event"], fields))
    return _with_namespaces(events)


def _with_namespaces(events: Sequence[Event]) -> list[Event]:
    """Give events that know only the address of their network namespace its inode number, which others know."""
    numbers = {event.fields["net"]: event.namespace for event in events if event.namespace and "net" in event.fields}
    return [
        event._replace(fields={**event.fields, "ns": numbers[event.fields["net"]]})
        if not event.namespace and event.fields.get("net") in numbers
        else event
        for event in events
    ]


def journeys(
    kernels: Sequence[Kernel], origin: str, sent: int, port: int = 0
) -> tuple[tuple[Hop, ...], tuple[Hop, ...]]:
    """Hops of the request of ``sent`` bytes from the place ``origin``, and of the response; empty where none was found.

    ``port`` is the TCP port that it was sent from, 0 where nobody knows. The first kernel is the one that holds the
    origin; all others can only have passed the packets on or answered.
    """
    first = next((kernel for kernel in kernels if origin in kernel.places.values()), None)
    start = _sent_at(first, origin, sent, port) if first else None
    if first is None or start is None:
        return (), ()
    request = _follow(first, start)
    if len(kernels) == 1:
        return request.hops, _answer(first, request).hops
    return _across(kernels, first, request, sent)


def _sent_at(kernel: Kernel, origin: str, sent: int, port: int) -> int | None:
    low, high = (sent + header for header in TCP_HEADER)
    return next(
        (
            index
            for index, event in enumerate(kernel.events)
            if event.name == "send" and low <= event.length <= high and kernel.place(event, "") == origin
            # a recording from before ports were told has none
            if not port or event.fields.get("port", str(port)) == str(port)
        ),
        None,
    )


def _answer(kernel: Kernel, request: Trip) -> Trip:
    """Follow the first segment with data that the request's receiver sends back."""
    for index in range(request.end, len(kernel.events)):
        event = kernel.events[index]
        if event.name != "send" or event.namespace != request.namespace or event.length < LEAST_RESPONSE:
            continue
        if request.ports in {None, _mirrored(event)}:
            return _follow(kernel, index)
    return NOWHERE


def _ports(event: Event) -> int | None:
    text = event.fields.get("ports", "")
    try:
        return int(text, 16)
    except ValueError:
        return None


def _mirrored(event: Event) -> int | None:
    """Both ports of the way back, as one number."""
    ports = _ports(event)
    return None if ports is None else (ports & 0xFFFF) << 16 | ports >> 16


def _across(
    kernels: Sequence[Kernel], first: Kernel, leaving: Trip, sent: int
) -> tuple[tuple[Hop, ...], tuple[Hop, ...]]:
    """Put together what several kernels saw: the sender's, those that passed it on, the receiver's."""
    parts = [
        (kernel, trip)
        for kernel in kernels
        if kernel is not first and (trip := _arrived(kernel, sent, leaving.sequence, 0)) is not None
    ]
    parts.sort(key=lambda part: part[1].delivered)
    request = _joined([leaving, *(trip for _, trip in parts)])
    if not parts or not parts[-1][1].delivered:
        return request, ()
    answer = _answer(*parts[-1])
    # Responses are of one length: this one comes to each kernel after its own request has left it.
    homeward = [*parts[:-1][::-1], (first, leaving)]
    arrivals = [_arrived(kernel, answer.payload, answer.sequence, trip.end) for kernel, trip in homeward]
    return request, _joined([answer, *(trip for trip in arrivals if trip is not None)])


def _joined(trips: Iterable[Trip]) -> tuple[Hop, ...]:
    return tuple(hop for trip in trips for hop in trip.hops)


def _arrived(kernel: Kernel, payload: int, sequence: str, after: int) -> Trip | None:
    """Follow a packet of so many bytes of data, and none of another connection, that came in from another machine."""
    low, high = payload + IP_HEADERS[0] + TCP_HEADER[0], payload + IP_HEADERS[1] + TCP_HEADER[1]
    for index in range(after, len(kernel.events)):
        event = kernel.events[index]
        if event.name == "arrive" and low <= event.length <= high and event.fields.get("dev") != "lo":
            trip = _follow(kernel, index)
            if not trip.sequence or not sequence or trip.sequence == sequence:
                return trip
    return None


def _follow(kernel: Kernel, start: int) -> Trip:
    """Follow the packet of the event ``start`` to its last event in this kernel."""
    chosen = list(_life(kernel, start))
    events = [kernel.events[index] for index in chosen]
    namespace = next((event.namespace for event in reversed(events) if event.namespace), "")
    return Trip(
        hops=tuple(_hops(kernel, events)),
        end=chosen[-1],
        namespace=namespace,
        payload=events[0].length - USUAL_TCP_HEADER,
        sequence=next((event.fields["seq"] for event in events if "seq" in event.fields), ""),
        ports=_ports(events[-1]),
    )


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
    place, device, inside = "", "", ("", "")
    for event in events:
        if event.name not in _QUEUEING:  # a driver that queues a packet for the next device still has it
            place, device = kernel.place(event, place), event.fields.get("dev", device)
        kind, what = _named(event)
        if event.name in _RECEIVING:
            if inside == (place, what):
                continue  # the stack says again what the device has said
            inside = (place, what)
        if what:
            # That the lab's own interface is a veth where hosts share a kernel is no affair of theirs.
            on_wire = device == LAB and (event.name in {"veth_xmit", "netif_rx"} or kind == "softirq")
            yield Hop(place=WIRE if on_wire else place, what=what, kind=kind)


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
        **dict.fromkeys(_RECEIVING, f"in {device}"),
        "hook": _hook(event),
        "nat": _CHANGES.get(event.fields.get("change", ""), "NAT"),
    }
    return probe.kind, names.get(event.name, event.name)


def _hook(event: Event) -> str:
    number = event.fields.get("hook", "")
    if event.fields.get("family") != _IPV4 or not number.isdigit() or int(number) >= len(_HOOKS):
        return ""
    return _HOOKS[int(number)]
