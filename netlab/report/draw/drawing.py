"""A recorded path → SVG as engineers draw such pictures by hand: namespaces, their devices, what a packet meets."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from netlab.report.draw import colours, svg
from netlab.report.draw.layout import CHIP, ROW, Box, Chip, Lane, Layout, Stop, chip_width, lay_out, title_of
from netlab.report.draw.svg import line, n, rect, text
from netlab.report.text import numbers, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from netlab.report.values import GroupShare, PathHop, PathPicture

_MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace"
_LEGEND = {
    "socket": (("send", "deliver"), ("socket",)),
    "device": (("transmit", "receive"), ("device",)),
    "netfilter, NAT": (("netfilter", "nat"), ("netfilter",)),
    "routing": (("route",), ("routing",)),
    "tunnel": (("tunnel",), ("ipip", "vxlan")),
    "eBPF": (("bpf",), ("bpf",)),
    "softirq": (("softirq",), ("softirq",)),
}
"""What is called by its colour: the kinds of its hops, the profiler's groups. A driver is called by its device."""


@dataclass(frozen=True)
class _Entry:
    """Of the legend."""

    colour: str
    solid: bool
    label: str
    groups: tuple[str, ...] = ()
    """The profiler's, whose cost stands beside the label."""


def draw(picture: PathPicture, name: str, costs: Sequence[GroupShare] = ()) -> str:
    """One ``<svg>`` element; ``name`` makes its identifiers unique in the page.

    ``costs`` are what a request of this cell costs by subsystem, which the legend then says of each colour.
    """
    layout = lay_out(picture)
    legend, below = _legend(picture, layout, {one.group: one for one in costs if one.us_per_request is not None})
    parts = [
        *_frames(layout.boxes),
        *(piece for lane in layout.lanes for piece in _links(lane)),
        *(piece for box in layout.boxes for piece in _box(box, layout.boxes)),
        _divider(layout),
        *(piece for lane in layout.lanes for piece in _lane(lane)),
        *legend,
    ]
    said = f"{words.way('Request', picture.request)} {words.way('Response', picture.response)}"
    title = f"The path of {picture.name}"
    return svg.picture(parts, name=name, title=title, description=said, width=layout.width, height=below)


def _frames(boxes: Sequence[Box]) -> Iterator[str]:
    """Draw a host around its own namespace and those of its pods."""
    for host, inside in _by_host(boxes):
        if len(inside) > 1:
            x, right = inside[0].x - 9, inside[-1].right + 9
            look = 'rx="12" fill="var(--page,transparent)" stroke="var(--grid)" stroke-width="1.5"'
            yield rect(x, 2, right - x, inside[0].y + inside[0].height + 6, look)
            yield text(x + 14, 21, host, 'fill="var(--ink)" font-size="14" font-weight="700"')


def _by_host(boxes: Sequence[Box]) -> list[tuple[str, list[Box]]]:
    return [(host, list(inside)) for host, inside in groupby(boxes, key=lambda box: box.segment.host)]


def _box(box: Box, boxes: Sequence[Box]) -> Iterator[str]:
    framed = any(len(inside) > 1 and box in inside for _, inside in _by_host(boxes))
    edge = "var(--accent)" if box.segment.pod else "var(--muted)"
    yield rect(box.x, box.y, box.width, box.height, f'rx="8" fill="var(--paper)" stroke="{edge}" stroke-width="1.4"')
    title = title_of(box.segment) if framed else box.segment.place
    yield text(box.x + 10, box.y + 17, title, 'fill="var(--ink)" font-size="12" font-weight="600"')


def _divider(layout: Layout) -> str:
    y = layout.lanes[1].top
    look = 'stroke="var(--grid)" stroke-dasharray="3 4"'
    return "".join(line([(box.x + 1, y), (box.right - 1, y)], look) for box in layout.boxes)


def _links(lane: Lane) -> Iterator[str]:
    """From namespace to namespace: a cable between hosts, a plain arrow inside one."""
    for stop, then in pairwise(lane.stops):
        start, end = lane.ahead(stop.leave or stop.box), lane.behind(then.enter or then.box)
        if stop.segment.host != then.segment.host:
            colour = colours.GROUPS["ipip"] if stop.segment.tunnelled else "var(--grid)"
            label = "wire, IP in IP" if stop.segment.tunnelled else "wire"
            yield line([(start, lane.y), (end, lane.y)], f'stroke="{colour}" stroke-width="9"')
            look = 'fill="var(--muted)" font-size="10" text-anchor="middle"'
            yield text((start + end) / 2, lane.y + 19, label, look)
        yield from _arrow([(start, lane.y), (end, lane.y)], lane.sign)


def _arrow(points: Sequence[tuple[float, float]], sign: int) -> Iterator[str]:
    """Draw a line whose head points where the lane goes."""
    (x, y) = points[-1]
    yield line([*points[:-1], (x - 4 * sign, y)], 'stroke="var(--ink)" stroke-width="1.3"')
    back = x - 6 * sign
    yield f'<path d="M{n(x)} {n(y)}L{n(back)} {n(y - 3.2)}L{n(back)} {n(y + 3.2)}Z" fill="var(--ink)"/>'


def _lane(lane: Lane) -> Iterator[str]:
    for stop in lane.stops:
        yield from _inside(stop, lane)
        yield f'<g font-family="{_MONO}" font-size="10" text-anchor="middle">'
        yield from (_chip(chip, port=False) for row in (*stop.rows, stop.crossing) for chip in row)
        yield from (_chip(chip, port=True) for chip in (stop.enter, stop.leave) if chip)
        yield "</g>"
    first = lane.stops[0] if lane.sign > 0 else lane.stops[-1]
    name = f"{lane.name} →" if lane.sign > 0 else f"← {lane.name}"
    look = 'fill="var(--muted)" font-size="11" font-weight="600"'
    yield text(first.box.x + 10, lane.top + 15, name, look)


def _inside(stop: Stop, lane: Lane) -> Iterator[str]:
    """Draw the packet's line through the rows of a box, from port to port."""
    sign, y = lane.sign, lane.y
    enter = lane.ahead(stop.enter) if stop.enter else lane.behind(stop.box)
    leave = lane.behind(stop.leave) if stop.leave else lane.ahead(stop.box)
    comes, goes = stop is not lane.stops[0], stop is not lane.stops[-1]
    if not stop.rows:
        yield from _arrow([(enter, y), (leave, y)], sign)
        return
    for row in stop.rows:
        for chip, then in pairwise(row):
            yield from _arrow([(lane.ahead(chip), chip.y), (lane.behind(then), then.y)], sign)
    for above, below in pairwise(stop.rows):
        yield from _turn((lane.ahead(above[-1]), above[-1].y), (lane.behind(below[0]), below[0].y), sign)
    first, last = stop.rows[0][0], stop.rows[-1][-1]
    if comes:
        yield from _arrow(_elbow((enter, y), (lane.behind(first), first.y), enter + 5 * sign), sign)
    if goes:
        yield from _arrow(_elbow((lane.ahead(last), last.y), (leave, y), leave - 9 * sign), sign)


def _elbow(start: tuple[float, float], end: tuple[float, float], x: float) -> list[tuple[float, float]]:
    return [start, end] if start[1] == end[1] else [start, (x, start[1]), (x, end[1]), end]


def _turn(start: tuple[float, float], end: tuple[float, float], sign: int) -> Iterator[str]:
    """From the end of a row to the beginning of the next."""
    out, back, between = start[0] + 5 * sign, end[0] - 8 * sign, start[1] + ROW / 2
    yield from _arrow([start, (out, start[1]), (out, between), (back, between), (back, end[1]), end], sign)


def _chip(chip: Chip, *, port: bool) -> str:
    colour = colours.of_hop(chip.hop.kind, chip.hop.what)
    fill, ink = (colour, colours.contrast(colour)) if chip.hop.new else ("var(--paper)", "var(--ink)")
    corner = 2 if port else 9 if chip.hop.kind == "softirq" else 4
    look = f'rx="{corner}" fill="{fill}" stroke="{colour}" stroke-width="{1.8 if port else 1.4}"'
    box = rect(chip.x, chip.y - CHIP / 2, chip.width, CHIP, look)
    weight = ' font-weight="700"' if port else ""
    return box + text(chip.x + chip.width / 2, chip.y + 3.5, chip.text, f'fill="{ink}"{weight}')


def _legend(picture: PathPicture, layout: Layout, costs: Mapping[str, GroupShare]) -> tuple[list[str], float]:
    """Explain the colours that occur and what solid means; return the height of the whole picture too."""
    hops = [hop for visit in (*picture.request, *picture.response) for hop in visit.hops]
    entries = list(_entries(hops))
    shown = {group for one in entries for group in one.groups}
    if rest := tuple(group for group in costs if group not in shown):
        entries.append(_Entry("none", solid=False, label="all else (user space, TCP, IP, …)", groups=rest))
    if picture.base:
        entries += [
            _Entry("var(--muted)", solid=True, label=f"solid: not on the way of {picture.base}"),
            _Entry("var(--muted)", solid=False, label="outlined: there too"),
        ]
    x, y, parts = layout.boxes[0].x, layout.height + 12, []
    for entry in entries:
        label = entry.label + _cost([costs[group] for group in entry.groups if group in costs])
        width = 24 + chip_width(label)
        if x + width > layout.width:
            x, y = layout.boxes[0].x, y + 20
        look = f'rx="3" fill="{entry.colour if entry.solid else "none"}" stroke="{entry.colour}" stroke-width="1.4"'
        parts += [rect(x, y - 9, 16, 11, look), text(x + 22, y, label, 'fill="var(--muted)" font-size="11"')]
        x += width
    return parts, y + 10


def _cost(shares: Sequence[GroupShare]) -> str:
    """Write ``: 26.1 µs (+12.0)``; nothing where it is not known."""
    if not shares:
        return ""
    changes = [one.change_us_per_request for one in shares if one.change_us_per_request is not None]
    more = f" ({numbers.signed(sum(changes))})" if changes else ""
    return f": {numbers.number(sum(one.us_per_request or 0.0 for one in shares), 1)} µs{more}"


def _entries(hops: Sequence[PathHop]) -> Iterator[_Entry]:
    seen = {hop.kind: hop for hop in hops}
    for label, (kinds, groups) in _LEGEND.items():
        if found := [seen[kind] for kind in kinds if kind in seen]:
            yield _Entry(colours.of_hop(found[0].kind, found[0].what), solid=True, label=label, groups=groups)
    for driver in dict.fromkeys(hop.what.partition("_")[0] for hop in hops if hop.kind == "driver"):
        yield _Entry(colours.of_hop("driver", driver), solid=True, label=driver, groups=(driver,))
