"""What the request and the response of each path crossed, in all kernels together.

Where hosts are machines of their own, each kernel holds a part of a journey. The parts are joined by TCP's sequence
number, which the packets' bytes tell: whatever else is on the hosts meanwhile, of the same length too, is another byte
stream's. A response is a journey of its own, found again in every kernel: that it comes back as the request went is
nowhere assumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netlab.samples.packets.lengths import came_in, span
from netlab.samples.packets.segments import LEAST_RESPONSE, has_bytes, segment
from netlab.samples.packets.trips import Trip, follow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlab.model.proof import Hop
    from netlab.samples.packets.events import Event
    from netlab.samples.packets.kernels import Kernel
    from netlab.samples.packets.lengths import Sent
    from netlab.samples.packets.segments import Segment

_TCP_HEADER = (20, 60)
"""Bytes, from no option to all that fit."""


class Journey(NamedTuple):
    """Hops of a request and of its response; empty where none was found."""

    request: tuple[Hop, ...]
    response: tuple[Hop, ...]


class Part(NamedTuple):
    """What one kernel saw of a packet."""

    kernel: Kernel
    trip: Trip


def journeys(kernels: Sequence[Kernel], requests: Sequence[Sent]) -> list[Journey]:
    """Follow each request from its sender's socket to its receiver's, and the response from there.

    Each request is longer than the one before it, and is sent when that one has been answered.
    """
    return [_journey(kernels, requests, number) for number in range(len(requests))]


def _journey(kernels: Sequence[Kernel], requests: Sequence[Sent], number: int) -> Journey:
    sent = requests[number]
    first = next((kernel for kernel in kernels if sent.origin in kernel.places.values()), None)
    start = _sent_at(first, sent) if first else None
    if first is None or start is None:
        return Journey((), ())
    spans = [span(kernel, requests, number) for kernel in kernels]
    request = _parts(kernels, first, start, spans)
    kernel, trip = request[-1]
    answer = _answered_at(kernel, trip) if trip.delivered else None
    response = [] if answer is None else _parts(kernels, kernel, answer, spans, sent.origin)
    return Journey(_joined(request), _joined(response))


def _sent_at(kernel: Kernel, sent: Sent) -> int | None:
    return next(
        (
            index
            for index, event in enumerate(kernel.events)
            if event.name == "send"
            and _is_long(event, sent.bytes)
            and kernel.place(event, "") == sent.origin
            # a recording from before ports were told has none
            and (not sent.port or event.fields.get("port", str(sent.port)) == str(sent.port))
        ),
        None,
    )


def _is_long(event: Event, payload: int) -> bool:
    """Whether so many bytes of data are sent."""
    found = segment(event)
    if found is not None and found.payload is not None:
        return found.payload == payload
    return _TCP_HEADER[0] <= event.length - payload <= _TCP_HEADER[1]


def _parts(kernels: Sequence[Kernel], first: Kernel, start: int, spans: Sequence[range], end: str = "") -> list[Part]:
    """Put together what the kernels saw of a packet: the sender's, those that passed it on, the receiver's.

    ``end`` is the place of the receiver's socket, where it is known.
    """
    leaving, packet = Part(first, follow(first, start)), first.events[start]
    if leaving.trip.delivered:
        return [leaving]
    others = [
        Part(kernel, trip)
        for kernel, within in zip(kernels, spans, strict=True)
        if kernel is not first and (trip := _arrived(kernel, packet, within, end)) is not None
    ]
    return [leaving, *sorted(others, key=lambda part: part.trip.delivered)]


def _arrived(kernel: Kernel, packet: Event, within: range, end: str) -> Trip | None:
    """Follow a packet of another kernel from where it came into this one; None where it did not."""
    wanted = segment(packet)
    for index in within:
        event = kernel.events[index]
        if event.name != "arrive":
            continue
        if has_bytes(event):
            found = segment(event)
            if found and wanted and found.sequence == wanted.sequence and found.has_data(event.length):
                return follow(kernel, index)
        elif came_in(kernel, event, packet.length):
            trip = follow(kernel, index)
            if _is_likely(trip, wanted, end):
                return trip
    return None


def _is_likely(trip: Trip, wanted: Segment | None, end: str) -> bool:
    """Whether a packet of the right length may be the wanted one, by what its receiver says of it, if it has one."""
    if trip.delivered and end not in {"", trip.hops[-1].place}:
        return False
    return trip.received is None or wanted is None or trip.received.sequence == wanted.sequence


def _answered_at(kernel: Kernel, request: Trip) -> int | None:
    """Find the first segment with data that the request's receiver sends back."""
    for index in range(request.end + 1, len(kernel.events)):
        event = kernel.events[index]
        if event.name == "send" and event.namespace == request.namespace and _answers(event, request):
            return index
    return None


def _answers(event: Event, request: Trip) -> bool:
    found = segment(event)
    if found is None or request.received is None:
        return event.length >= LEAST_RESPONSE
    return found.has_data(event.length) and found.answers(request.received)


def _joined(parts: Sequence[Part]) -> tuple[Hop, ...]:
    return tuple(hop for part in parts for hop in part.trip.hops)
