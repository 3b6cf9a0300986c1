"""Requests/s round by round: a strip per cell, all of one height, so that drift and outliers can be seen.

As in `netlab.report.draw.forest`, strips are SVG in percentages and hidden from screen readers: the spread stands
beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from netlab.report.values import Rate

_HEIGHT = 34
_MOST = 80
"""Points of a strip; of more rounds, neighbours share a line from the slowest to the fastest."""
_LEAST_REACH = 0.5
"""In %: noise that is smaller than this is drawn small."""


def reach(rates: Iterable[Rate]) -> float:
    """Find how far any round is from the mean of its cell, in %."""
    return max(_LEAST_REACH, *(abs(one) for rate in rates for one in _deviations(rate)), 0.0)


def strip(rate: Rate, reach: float) -> str:
    """Draw each round's deviation from the mean, which is the line across."""
    found = _deviations(rate)
    marks = _points(found, reach) if len(found) <= _MOST else _spans(found, reach)
    across = f'<line class="rule" x1="0%" x2="100%" y1="{_HEIGHT / 2:g}" y2="{_HEIGHT / 2:g}"/>'
    return f'<svg height="{_HEIGHT}" aria-hidden="true">{across}{"".join(marks)}</svg>'


def _deviations(rate: Rate) -> list[float]:
    return [100 * (one / rate.mean - 1) for one in rate.rounds] if rate.mean else []


def _y(percent: float, half: float) -> str:
    return f"{_HEIGHT / 2 - percent / half * (_HEIGHT / 2 - 4):.1f}"


def _x(at: int, count: int) -> str:
    return f"{100 * (at + 0.5) / count:.2f}%"


def _points(found: Sequence[float], half: float) -> Iterator[str]:
    for at, percent in enumerate(found):
        x, y = _x(at, len(found)), _y(percent, half)
        if at:
            before = f'x1="{_x(at - 1, len(found))}" y1="{_y(found[at - 1], half)}"'
            yield f'<line class="trend" {before} x2="{x}" y2="{y}"/>'
        yield f'<circle class="round" cx="{x}" cy="{y}" r="3"/>'


def _spans(found: Sequence[float], half: float) -> Iterator[str]:
    for at in range(_MOST):
        part = found[at * len(found) // _MOST : (at + 1) * len(found) // _MOST]
        x = _x(at, _MOST)
        yield f'<line class="trend" x1="{x}" x2="{x}" y1="{_y(max(part), half)}" y2="{_y(min(part), half)}"/>'
