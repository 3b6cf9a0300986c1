"""Changes against the baseline on one scale: a strip per path that shows where it is, how sure, and what that says.

Each strip is a small SVG whose coordinates are percentages of its width: the page lays names and figures beside it, or
above it on a phone, and text is never scaled with a picture. The figures stand beside the strips as text, so that
strips are hidden from screen readers. What a verdict is shows by its shape as well as by its colour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netlab.report.draw import axes
from netlab.report.text import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from netlab.report.values import Change
    from netlab.statistics.verdict import Verdict

CLASSES: dict[Verdict, str] = {
    "lower": "lower",
    "higher": "higher",
    "no difference at this precision": "same",
    "cannot tell yet": "unsure",
}
"""Style classes of the page."""
SHAPES = {
    "lower": "M-7 0L4 -5V5Z",
    "higher": "M7 0L-4 -5V5Z",
    "same": "M-4 -4H4V4H-4Z",
    "unsure": "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0Z",
}
"""Around the estimate: an arrowhead to the left, one to the right, a square, a ring."""
_HEIGHT = 25
_MOST_TICKS = 5
_PAD = 0.04
"""Of the scale, free on either side."""


@dataclass(frozen=True)
class Scale:
    """From ``low`` to ``high`` %, with the values that are named below it."""

    low: float
    high: float
    ticks: tuple[float, ...]
    digits: int
    """Decimals that the ticks need."""
    margin: float

    def at(self, percent: float) -> float:
        """Place of a change, in % of a strip's width; what is beyond the scale is at its end."""
        share = (percent - self.low) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 2)


def scale(changes: Iterable[Change], margin: float) -> Scale:
    """Choose a scale for all of the changes; intervals that would crush all others are cut off."""
    known = [change for change in changes if change.percent is not None]
    points = [0.0, margin, -margin, *(change.percent or 0.0 for change in known)]
    span = max(points) - min(points)
    low = max(min([*points, *(one.low_percent for one in known if one.low_percent is not None)]), min(points) - span)
    high = min(max([*points, *(one.high_percent for one in known if one.high_percent is not None)]), max(points) + span)
    pad = _PAD * (high - low or 1.0)
    step = axes.step(high - low or 1.0, _MOST_TICKS)
    first, last = math.ceil((low - pad) / step), math.floor((high + pad) / step)
    digits = max(0, -math.floor(math.log10(step)))
    return Scale(low - pad, high + pad, tuple(step * at for at in range(first, last + 1)), digits, margin)


def strip(change: Change, scale: Scale) -> str:
    """Draw the change, its interval, zero and what is called no difference."""
    look = CLASSES[change.verdict]
    parts = [*_ground(scale)]
    if change.low_percent is not None and change.high_percent is not None:
        parts += _reach(change.low_percent, change.high_percent, scale, look)
    if change.percent is not None:
        parts.append(f'<svg x="{scale.at(change.percent)}%" y="50%" overflow="visible">{mark(change.verdict)}</svg>')
    return _svg(parts)


def axis(scale: Scale) -> str:
    """Name the ticks."""
    names = ((scale.at(tick), numbers.signed(tick, scale.digits) + numbers.NARROW + "%") for tick in scale.ticks)
    return _svg(f'<text x="{place}%" y="14">{name}</text>' for place, name in names)


def key(verdict: Verdict) -> str:
    """Draw a verdict's shape alone."""
    return f'<svg viewBox="-9 -8 18 16" aria-hidden="true">{mark(verdict)}</svg>'


def mark(verdict: Verdict) -> str:
    """Draw a verdict's shape around the origin."""
    look = CLASSES[verdict]
    return f'<path class="{look}" stroke-width="2" d="{SHAPES[look]}"/>'


def _svg(parts: Iterable[str]) -> str:
    return f'<svg height="{_HEIGHT}" aria-hidden="true">{"".join(parts)}</svg>'


def _ground(scale: Scale) -> Iterator[str]:
    left, right = scale.at(-scale.margin), scale.at(scale.margin)
    yield f'<rect class="band" x="{left}%" y="0" width="{round(right - left, 2)}%" height="100%"/>'
    for tick in scale.ticks:
        yield _upright("zero" if tick == 0 else "rule", scale.at(tick), 0, 100)
    if 0.0 not in scale.ticks:
        yield _upright("zero", scale.at(0), 0, 100)


def _reach(low: float, high: float, scale: Scale, look: str) -> Iterator[str]:
    """Draw an interval: a bar at each end of it, and none where it goes on beyond the scale."""
    left, right = scale.at(low), scale.at(high)
    yield f'<line class="reach {look}" x1="{left}%" x2="{right}%" y1="50%" y2="50%"/>'
    for end, place in ((low, left), (high, right)):
        if scale.low <= end <= scale.high:
            yield _upright(f"reach {look}", place, 12, 88)


def _upright(look: str, place: float, top: int, bottom: int) -> str:
    return f'<line class="{look}" x1="{place}%" x2="{place}%" y1="{top}%" y2="{bottom}%"/>'
