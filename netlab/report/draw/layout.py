"""Where everything of a path's picture goes, in units of the picture; it says nothing about how that looks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from netlab.report.draw.segments import PathLayout, Segment, path_layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlab.report.values import PathHop, PathPicture

WIDTH, WIDE = 980.0, 1060.0
"""Of a picture with up to three namespaces, and with more."""
CHAR = 6.05
"""Width of a character of a 10 px monospaced font."""
CHIP, ROW, STEP = 19.0, 28.0, 14.0
"""Height of a chip, from one row of chips to the next, between two chips of a row."""
_FRAME, _HEAD, _PAD, _CHANNEL, _SHORTEST, _LIFT = 30.0, 24.0, 22.0, 12.0, 52.0, 13.0


@dataclass(frozen=True)
class Chip:
    """A hop at its place: its left edge, its middle's height, its width."""

    hop: PathHop
    text: str
    x: float
    y: float
    width: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width


@dataclass(frozen=True)
class Box:
    """A network namespace."""

    segment: Segment
    x: float
    width: float
    y: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width


@dataclass(frozen=True)
class Stop:
    """What a lane shows of one segment: rows of chips in the order of travel, ports, and what is behind the exit."""

    segment: Segment
    box: Box
    rows: tuple[tuple[Chip, ...], ...]
    enter: Chip | None
    leave: Chip | None
    crossing: tuple[Chip, ...]


@dataclass(frozen=True)
class Lane:
    """One direction: its height in the picture, +1 where it goes to the right, and its stops in order of travel."""

    name: str
    y: float
    top: float
    sign: int
    stops: tuple[Stop, ...]

    def ahead(self, thing: Chip | Box) -> float:
        """Edge of a thing that the lane leaves it by."""
        return thing.right if self.sign > 0 else thing.x

    def behind(self, thing: Chip | Box) -> float:
        """Edge of a thing that the lane meets first."""
        return thing.x if self.sign > 0 else thing.right


@dataclass(frozen=True)
class Layout:
    """A whole picture."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lanes: tuple[Lane, ...]


def lay_out(picture: PathPicture) -> Layout:
    """Namespaces from left to right, the request above, the response below."""
    way = path_layout(picture.request, picture.response)
    ways = (way.request, way.response)
    widest = WIDTH if len(way.places) < 4 else WIDE
    gaps = _gaps(way)
    widths = _widths(way, widest - sum(gaps) - 2 * _CHANNEL)
    gaps = _stretched(gaps, widest - sum(widths) - sum(gaps) - 2 * _CHANNEL)
    lefts = [_CHANNEL + sum(widths[:at]) + sum(gaps[:at]) for at in range(len(widths))]
    heights = [max(_lane_height(segment, widths[segment.column]) for segment in segments) for segments in ways]
    top = _FRAME if any(segment.pod for segment in way.places) else _CHANNEL
    bottom = top + _HEAD + sum(heights)
    boxes = tuple(
        Box(segment, left, width, top, bottom - top)
        for segment, left, width in zip(way.places, lefts, widths, strict=True)
    )
    tops = (top + _HEAD, top + _HEAD + heights[0])
    lanes = tuple(
        _lane(name, segments, boxes, top, height, sign)
        for name, segments, top, height, sign in zip(("request", "response"), ways, tops, heights, (1, -1), strict=True)
    )
    width = max(widest, round(lefts[-1] + widths[-1] + _CHANNEL, 6))
    return Layout(width, bottom + _CHANNEL, boxes, lanes)


def _stretched(gaps: Sequence[float], spare: float) -> list[float]:
    """Longer ways between few boxes."""
    return [gap + max(min(spare / len(gaps), 160.0), 0.0) for gap in gaps]


def text_of(hop: PathHop) -> str:
    """Say what is on a chip; a port is called as its device."""
    return hop.what.removeprefix("in ").removeprefix("out ") if hop.kind in ("transmit", "receive") else hop.what


def chip_width(text: str) -> float:
    """Width of a chip with this text."""
    return len(text) * CHAR + 12


def _width(hop: PathHop) -> float:
    return chip_width(text_of(hop))


def _half(hop: PathHop | None) -> float:
    return _width(hop) / 2 if hop else 0.0


def _gaps(way: PathLayout) -> list[float]:
    """Least room between the boxes, for ports that stand out and for what is crossed there."""
    gaps = [_SHORTEST] * (len(way.places) - 1)
    for segments in (way.request, way.response):
        for segment, then in pairwise(segments):
            if abs(segment.column - then.column) == 1:
                at = min(segment.column, then.column)
                chips = max((_width(hop) for hop in segment.crossing), default=0.0)
                gaps[at] = max(gaps[at], chips + 14, _half(segment.leave) + _half(then.enter) + _SHORTEST)
    return gaps


def _widths(way: PathLayout, room: float) -> list[float]:
    """Each box as wide as its widest chip at least, all chips in one row at most; room goes where most are."""
    least, most = [], []
    for column, place in enumerate(way.places):
        segments = [segment for segment in (*way.request, *way.response) if segment.column == column]
        low = max(
            max((_width(hop) for hop in segment.inside), default=0.0) + _channels(segment) for segment in segments
        )
        high = max(
            sum(_width(hop) + STEP for hop in segment.inside) - STEP + _channels(segment) for segment in segments
        )
        title = len(title_of(place)) * 7.2 + 24
        least.append(max(low, title))
        most.append(max(high, title))
    spare, wanted = max(room - sum(least), 0.0), sum(most) - sum(least)
    share = min(spare / wanted, 1.0) if wanted else 0.0
    return [low + share * (high - low) for low, high in zip(least, most, strict=True)]


def title_of(segment: Segment) -> str:
    """Name a box inside its host's."""
    return f"pod {segment.pod}" if segment.pod else "host namespace"


def _channels(segment: Segment) -> float:
    """Room at both ends of a row, for ports and for the lines that lead to and from other rows."""
    return _half(segment.enter) + _half(segment.leave) + 2 * _CHANNEL + 6


def _lane_height(segment: Segment, width: float) -> float:
    rows = len(_rows(segment, width))
    above = len(segment.crossing) * (CHIP + 4) + _LIFT
    return max(rows * ROW, 2 * above, 2 * ROW) + _PAD


def _rows(segment: Segment, width: float) -> list[list[PathHop]]:
    """Fill row after row."""
    rows: list[list[PathHop]] = []
    room = 0.0
    for hop in segment.inside:
        if room < _width(hop):
            rows.append([])
            room = width - _channels(segment)
        rows[-1].append(hop)
        room -= _width(hop) + STEP
    return rows


def _lane(name: str, segments: Sequence[Segment], boxes: Sequence[Box], top: float, height: float, sign: int) -> Lane:  # noqa: PLR0913, PLR0917
    middle = top + _PAD / 2 + height / 2
    nexts: list[Segment | None] = [*segments[1:], None]
    stops = tuple(_stop(segment, then, boxes, middle, sign) for segment, then in zip(segments, nexts, strict=True))
    return Lane(name, middle, top, sign, stops)


def _stop(segment: Segment, then: Segment | None, boxes: Sequence[Box], middle: float, sign: int) -> Stop:
    box = boxes[segment.column]
    rows = _rows(segment, box.width)
    first = middle - (len(rows) - 1) * ROW / 2
    placed = tuple(_row(segment, box, hops, first + at * ROW, sign) for at, hops in enumerate(rows))
    entry, exit_ = (box.x, box.right) if sign > 0 else (box.right, box.x)
    enter = _centred(segment.enter, entry, middle) if segment.enter else None
    leave = _centred(segment.leave, exit_, middle) if segment.leave else None
    crossing: tuple[Chip, ...] = ()
    if then:
        beyond = boxes[then.column]
        between = (exit_ + (beyond.x if sign > 0 else beyond.right)) / 2
        crossing = tuple(_above(segment.crossing, between, middle))
    return Stop(segment, box, placed, enter, leave, crossing)


def _above(hops: Sequence[PathHop], x: float, middle: float) -> Iterator[Chip]:
    """Stack chips on a lane's line, the first on top."""
    for at, hop in enumerate(hops):
        yield _centred(hop, x, middle - _LIFT - CHIP / 2 - (len(hops) - 1 - at) * (CHIP + 4))


def _row(segment: Segment, box: Box, hops: Sequence[PathHop], y: float, sign: int) -> tuple[Chip, ...]:
    """Chips in the order of travel; in the response they go from right to left."""
    start = _half(segment.enter) + _CHANNEL + 4
    x = box.x + start if sign > 0 else box.right - start
    chips = []
    for hop in hops:
        width = _width(hop)
        chips.append(Chip(hop, text_of(hop), x if sign > 0 else x - width, y, width))
        x += sign * (width + STEP)
    return tuple(chips)


def _centred(hop: PathHop, x: float, y: float) -> Chip:
    width = _width(hop)
    return Chip(hop, text_of(hop), x - width / 2, y, width)
