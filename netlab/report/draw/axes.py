"""What charts have in common: sheets of two widths, scales with their ticks, panels with a row per cell, legends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from netlab.report.draw import svg
from netlab.report.text import numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SHAPES = {
    "circle": "M-5 0A5 5 0 1 0 5 0A5 5 0 1 0 -5 0Z",
    "square": "M-4.6 -4.6H4.6V4.6H-4.6Z",
    "diamond": "M0 -6.2L6.2 0L0 6.2L-6.2 0Z",
    "bar": "M-7 -5H7V5H-7Z",
}
"""Around the origin; a series is told by its shape as well as by its colour."""
SMALL, NORMAL = 11.0, 12.0
"""Sizes of text."""
_STEPS = (1.0, 2.0, 5.0, 10.0)
_LEGEND_ROW = 19.0


@dataclass(frozen=True)
class Sheet:
    """What a chart is drawn on; a picture that is made smaller has text that nobody can read."""

    name: str
    """Style class of the page, which shows one sheet or the other."""
    width: float
    beside: bool
    """Whether the rows' names stand beside them, not above."""
    ticks: int
    """At most so many on an axis."""
    suffix: str = ""
    """Of identifiers."""


WIDE = Sheet("wide", 980.0, beside=True, ticks=12)
NARROW = Sheet("narrow", 350.0, beside=False, ticks=5, suffix="-narrow")


class Series(NamedTuple):
    """What a legend explains."""

    name: str
    colour: str
    shape: str = "bar"
    dash: str = ""
    """Of a line, which has no shape."""


def step(span: float, most: int) -> float:
    """Find the smallest of 1, 2, 5, 10, … of which ``span`` has at most so many."""
    tens = 10 ** math.floor(math.log10(span / most))
    return next(float(tens * much) for much in _STEPS if tens * much * most >= span)


@dataclass(frozen=True)
class Axis:
    """From ``low`` at the left to ``high`` at the right, in units of the picture."""

    low: float
    high: float
    left: float
    right: float
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """Place of a value."""
        low, high, here = (
            map(math.log, (self.low, self.high, value))
            if self.logarithmic
            else (
                self.low,
                self.high,
                value,
            )
        )
        return self.left + (here - low) / (high - low) * (self.right - self.left)

    def ticks(self, most: int) -> list[float]:
        """Choose the values that are named."""
        if self.logarithmic:
            return self._powers(most)
        width = step(self.high - self.low, most)
        first, last = math.ceil(self.low / width - 1e-9), math.floor(self.high / width + 1e-9)
        return [width * at for at in range(first, last + 1)]

    def _powers(self, most: int) -> list[float]:
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)))
        for digits in (range(10, 100), range(10, 100, 5), (10, 20, 30, 50, 70), (10, 20, 50), (10,)):
            found = [digit * 10.0 ** (at - 1) for at in decades for digit in digits]
            inside = [value for value in found if self.low <= value <= self.high]
            if len(inside) <= most:
                return inside
        return inside


def decimals(ticks: Sequence[float]) -> int:
    """Count the decimals that ticks need to be told apart."""
    width = min((after - before for before, after in pairwise(ticks)), default=1.0)
    return max(0, -math.floor(math.log10(width) + 1e-9))


@dataclass(frozen=True)
class Panel:
    """A chart with a row per cell, the first on top."""

    sheet: Sheet
    rows: Sequence[tuple[str, str]]
    """Path and whose it is."""
    left: float
    right: float
    top: float
    title: str = ""
    named: bool = True
    """Whether the rows' names are written; the panel to the left of it has them."""

    @property
    def pitch(self) -> float:
        """From row to row."""
        return 46.0 if self.sheet.beside else 54.0

    @property
    def start(self) -> float:
        """Where the first row begins."""
        return self.top + (20.0 if self.title else 0.0)

    @property
    def bottom(self) -> float:
        """Where the axis is."""
        return self.start + self.pitch * len(self.rows) + 4

    @property
    def end(self) -> float:
        """Below it nothing is drawn."""
        return self.bottom + 42

    def y(self, row: int) -> float:
        """Middle of what a row shows."""
        return self.start + self.pitch * (row + 0.5) + (0 if self.sheet.beside else 9)

    def frame(self, axis: Axis, label: str, tick: Callable[[float, int], str]) -> Iterator[str]:
        """Draw all but the rows' content; ``tick`` writes a value to so many decimals."""
        yield from ground(axis, self.sheet.ticks, (self.start, self.bottom), label, tick)
        if self.title:
            words = svg.fitted(self.title, NORMAL, self.right - self.left)
            yield svg.text(self.left, self.top + 12, words, f'font-size="{NORMAL:g}" fill="{svg.MUTED}"')
        if self.named:
            yield from self._beside() if self.sheet.beside else self._above()

    def _beside(self) -> Iterator[str]:
        room = self.left - 10
        yield f'<g font-size="{NORMAL:g}" text-anchor="end">'
        for at, (path, whose) in enumerate(self.rows):
            yield svg.text(room, self.y(at) - 3, svg.fitted(path, NORMAL, room), f'fill="{svg.INK}"')
            yield svg.text(room, self.y(at) + 12, svg.fitted(whose, NORMAL, room), f'fill="{svg.MUTED}"')
        yield "</g>"

    def _above(self) -> Iterator[str]:
        yield f'<g font-size="{NORMAL:g}">'
        for at, (path, whose) in enumerate(self.rows):
            room, y = self.right - self.left, self.start + self.pitch * at + 15
            name = svg.fitted(path, NORMAL, room)
            rest = svg.fitted(f" {whose}", NORMAL, room - svg.text_width(name, NORMAL))
            yield svg.text(self.left, y, name, f'fill="{svg.INK}"', rest)
        yield "</g>"


def ground(
    axis: Axis, most: int, span: tuple[float, float], label: str, tick: Callable[[float, int], str]
) -> Iterator[str]:
    """Draw the axis at the foot of ``span``, a rule up from each tick, the ticks' names and the axis' own."""
    (top, bottom), ticks = span, axis.ticks(most)
    digits = decimals(ticks)
    for value in ticks:
        yield svg.line([(axis.at(value), top), (axis.at(value), bottom)], f'stroke="{svg.GRID}"')
    yield svg.line([(axis.left, bottom), (axis.right, bottom)], f'stroke="{svg.GRID}"')
    yield f'<g font-size="{NORMAL:g}" text-anchor="middle" fill="{svg.MUTED}">'
    for value in ticks:
        yield svg.text(axis.at(value), bottom + 16, tick(value, digits), "")
    size = min(NORMAL, NORMAL * (axis.right - axis.left) / svg.text_width(label, NORMAL))
    yield svg.text((axis.left + axis.right) / 2, bottom + 35, label, f'font-size="{svg.n(size)}"')
    yield "</g>"


def column(sheet: Sheet, rows: Sequence[tuple[str, str]]) -> float:
    """Return where the panels begin: right of the rows' names, where these stand beside them."""
    if not sheet.beside:
        return 6.0
    return min(max(svg.text_width(word, NORMAL) for row in rows for word in row), 300.0) + 14


def panels(sheet: Sheet, rows: Sequence[tuple[str, str]], top: float, titles: Sequence[str] = ("",)) -> list[Panel]:
    """Lay panels out with the same rows: beside each other where there is room, else below."""
    left = column(sheet, rows)
    if not sheet.beside:
        found: list[Panel] = []
        for title in titles:
            found.append(Panel(sheet, rows, left, sheet.width - 14, found[-1].end if found else top, title))
        return found
    share = (sheet.width - 14 - left + 26) / len(titles)
    return [
        Panel(sheet, rows, left + at * share, left + (at + 1) * share - 26, top, title, named=at == 0)
        for at, title in enumerate(titles)
    ]


def mark(shape: str, x: float, y: float, colour: str) -> str:
    """Draw one of `SHAPES` at a place."""
    return f'<path transform="translate({svg.n(x)} {svg.n(y)})" d="{SHAPES[shape]}" fill="{colour}"/>'


def legend(sheet: Sheet, series: Sequence[Series]) -> tuple[list[str], float]:
    """Explain the series above a chart, row by row; return the height of that too."""
    x, y, parts = 0.0, 12.0, [f'<g font-size="{NORMAL:g}" fill="{svg.INK}">']
    for one in series:
        name = svg.fitted(one.name, NORMAL, sheet.width - 34)
        width = 26 + svg.text_width(name, NORMAL) + 12
        if x and x + width > sheet.width:
            x, y = 0.0, y + _LEGEND_ROW
        parts += [_sign(one, x + 9, y - 4), svg.text(x + 24, y, name, "")]
        x += width
    return [*parts, "</g>"], y + 14


def in_columns(sheet: Sheet, series: Sequence[Series]) -> tuple[list[str], float]:
    """Explain the series in columns: long names that are looked up."""
    widest = 24 + max(svg.text_width(one.name, NORMAL) for one in series) + 16
    columns = max(1, min(int(sheet.width // widest), 3 if len(series) > 3 else 1))
    rows = math.ceil(len(series) / columns)
    width = min(widest, sheet.width / columns)
    parts = [f'<g font-size="{NORMAL:g}" fill="{svg.INK}">']
    for at, one in enumerate(series):
        x, y = at // rows * width, 12 + at % rows * _LEGEND_ROW
        parts += [_sign(one, x + 9, y - 4), svg.text(x + 24, y, svg.fitted(one.name, NORMAL, width - 24), "")]
    return [*parts, "</g>"], 12 + (rows - 1) * _LEGEND_ROW + 16


def _sign(one: Series, x: float, y: float) -> str:
    if one.shape == "line":
        return svg.line([(x - 9, y), (x + 9, y)], f'stroke="{one.colour}" stroke-width="2.2"{dashed(one.dash)}')
    return mark(one.shape, x, y, one.colour)


def dashed(dash: str) -> str:
    """Write a line's dashes as an attribute; nothing for a whole line."""
    return f' stroke-dasharray="{dash}"' if dash else ""


def plain(value: float, digits: int) -> str:
    """Write a tick's value."""
    return numbers.number(value, digits)


def in_percent(value: float, digits: int) -> str:
    """Write a tick's value as a change."""
    return numbers.signed(value, digits) + numbers.NARROW + "%"
