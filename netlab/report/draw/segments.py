"""Visits of a path as a picture needs them: what is a port on a box's edge, what is inside, what is between boxes.

Each segment has a column of the picture; request and response share the columns, which are in the request's order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netlab.model.proof import WIRE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlab.report.values import PathHop, Visit

_CROSSING = ("transmit", "driver", "softirq")


@dataclass(frozen=True)
class Segment:
    """What a packet does in one namespace, from the device that it comes in through to the one that it leaves by."""

    place: str
    enter: PathHop | None
    inside: tuple[PathHop, ...]
    leave: PathHop | None
    crossing: tuple[PathHop, ...]
    """What takes it to the next namespace: a driver's function, the softirq that it raises."""
    tunnelled: bool
    """Whether it leaves as another packet's content."""
    column: int = -1

    @property
    def host(self) -> str:
        """The host that the namespace is on."""
        return self.place.partition("/")[0]

    @property
    def pod(self) -> str:
        """The pod that the namespace is of; empty for the host's own."""
        return self.place.partition("/")[2]


@dataclass(frozen=True)
class PathLayout:
    """Both ways of a path, in columns; ``places`` names each column's namespace."""

    places: tuple[Segment, ...]
    request: tuple[Segment, ...]
    response: tuple[Segment, ...]


def path_layout(request: Sequence[Visit], response: Sequence[Visit]) -> PathLayout:
    """Give every segment its column: usually the response goes through the request's, backwards."""
    there = [replace(segment, column=at) for at, segment in enumerate(_segments(request))]
    places, back, at = list(there), [], len(there)
    for segment in _segments(response):
        at = next((one.column for one in reversed(there[:at]) if one.place == segment.place), -1)
        if at < 0:
            at = len(places)
            places.append(segment)
        back.append(replace(segment, column=at))
    return PathLayout(tuple(places), tuple(there), tuple(back))


def _segments(visits: Sequence[Visit]) -> list[Segment]:
    stops = [visit for visit in visits if visit.place != WIRE]
    return [_segment(visit, last=visit is stops[-1]) for visit in stops]


def _segment(visit: Visit, *, last: bool) -> Segment:
    hops = list(visit.hops)
    enter = hops.pop(0) if hops and hops[0].kind == "receive" else None
    leave, crossing = (None, ()) if last else _end(hops)
    inside = hops[: len(hops) - len(crossing) - (leave is not None)]
    tunnelled = any(hop.kind == "tunnel" and hop.what.endswith("_xmit") for hop in inside)
    return Segment(visit.place, enter, tuple(inside), leave, crossing, tunnelled)


def _end(hops: Sequence[PathHop]) -> tuple[PathHop | None, tuple[PathHop, ...]]:
    """Find the device that the packet leaves by, where it does, and what follows it."""
    at = len(hops)
    while at and (hops[at - 1].kind in _CROSSING or hops[at - 1].what == "redirect"):
        at -= 1
    devices = [place for place in range(at, len(hops)) if hops[place].kind == "transmit"]
    if not devices:
        return None, tuple(hops[at:])
    return hops[devices[-1]], tuple(hops[devices[-1] + 1 :])
