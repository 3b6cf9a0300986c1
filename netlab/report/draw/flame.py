"""A flame graph → SVG: callers above, callees below, as wide as the larger of network and baseline.

So what has vanished keeps its place, and what is new has one. Coordinates across are percentages, so that the picture
is as wide as the page and its text is not scaled; the page's script zooms by changing them.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from netlab.report.text import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlab.report.values import Flame, FlameFrame

ROW = 17
_WRITTEN = 1.2
"""% of the width that a frame needs to be written on."""
LOOKS = ("same", "more", "less", "new", "gone")
"""Style classes of the page, by what became of a frame."""


@dataclass(frozen=True)
class Place:
    """A frame with its left edge and its width, in % of the picture's."""

    frame: FlameFrame
    left: float
    width: float


def draw(flame: Flame, name: str) -> str:
    """One ``<svg>`` element; ``name`` makes its identifier unique in the page."""
    rows = 1 + max(frame.depth for frame in flame.frames)
    inside = "".join(_frame(place, flame) for place in places(flame.frames))
    return (
        f'<svg class="flame" id="{name}" height="{rows * ROW}" role="img" aria-label="{escape(label(flame))}">'
        f"{inside}</svg>"
    )


def places(frames: Sequence[FlameFrame]) -> Iterator[Place]:
    """Lay callees out below their caller, from its left edge on, in the frames' order."""
    widths = _widths(frames)
    scale = 100 / widths[0] if frames and widths[0] else 0.0
    free: list[float] = [0.0]  # by depth, where the next frame of it begins
    for frame, width in zip(frames, widths, strict=True):
        left = free[frame.depth]
        free[frame.depth :] = [left + width, left]
        yield Place(frame, left * scale, width * scale)


def _widths(frames: Sequence[FlameFrame]) -> list[float]:
    """Own time, the larger of both sides', and the widths of all callees."""
    found: list[float] = [0.0] * len(frames)
    below: list[tuple[float, float, float]] = []  # by depth: sums of callees' value, base and width
    for at in range(len(frames) - 1, -1, -1):
        frame = frames[at]
        below += [(0.0, 0.0, 0.0)] * (frame.depth + 2 - len(below))
        value, base, width = below[frame.depth + 1]
        below[frame.depth + 1] = (0.0, 0.0, 0.0)
        found[at] = width + max(frame.value - value, frame.base_value - base, 0.0)
        sums = below[frame.depth]
        below[frame.depth] = (sums[0] + frame.value, sums[1] + frame.base_value, sums[2] + found[at])
    return found


def look(frame: FlameFrame, *, compared: bool) -> str:
    """Say what became of a frame: one of `LOOKS`."""
    if not compared or not frame.told:
        return "same"
    if not frame.base_value:
        return "new"
    if not frame.value:
        return "gone"
    return "more" if frame.value > frame.base_value else "less"


def _frame(place: Place, flame: Flame) -> str:
    frame = place.frame
    text = f'<text x="3" y="12">{escape(frame.name)}</text>' if place.width >= _WRITTEN else ""
    return (
        f'<svg class="{look(frame, compared=flame.base is not None)}" x="{place.left:.2f}%" y="{frame.depth * ROW}" '
        f'width="{place.width:.2f}%" height="{ROW - 1}"><title>{escape(words.frame(frame, flame))}</title>'
        f'<rect width="100%" height="100%"/>{text}</svg>'
    )


def label(flame: Flame) -> str:
    """Say what the graph is of."""
    against = f", compared with {flame.base}" if flame.base else ""
    return f"Flame graph of {flame.name}{against}"
