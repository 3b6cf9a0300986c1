"""The changes against the baseline as one picture that needs no page: what `netlab.report.draw.forest` is in HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.report.draw import axes, forest, svg
from netlab.report.draw.axes import WIDE, Axis, Panel
from netlab.report.text import numbers, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netlab.report.values import Change, Report
    from netlab.statistics.verdict import Verdict

COLOURS = {"lower": "var(--costs)", "higher": "var(--faster)", "same": "var(--accent)", "unsure": svg.MUTED}
"""By the style class of a verdict."""
_FIGURES = 220.0
"""Width of the column with the figures."""


def draw(report: Report) -> str | None:
    """One ``<svg>`` element; None where nothing is compared."""
    changes = [(cell, cell.change) for cell in report.cells if cell.change and cell.name in report.charted]
    if not changes:
        return None
    rows = [(cell.path, cell.label) for cell, _ in changes]
    key, top = _key(report.margin_percent)
    panel = Panel(WIDE, rows, axes.column(WIDE, rows), WIDE.width - _FIGURES, top)
    scale = forest.scale((change for _, change in changes), report.margin_percent)
    axis = Axis(scale.low, scale.high, panel.left, panel.right)
    label = f"requests/s against {report.base}, same round, {changes[0][1].confidence_percent:g} % CI"
    left, right = axis.at(-scale.margin), axis.at(scale.margin)
    parts = [*key, svg.rect(left, panel.start, right - left, panel.bottom - panel.start, f'fill="{svg.GRID}"')]
    parts += panel.frame(axis, label, axes.in_percent)
    parts.append(_upright(axis.at(0), panel.start, panel.bottom, svg.MUTED, 1.5))
    for at, (_, change) in enumerate(changes):
        parts += _row(change, axis, panel.y(at), panel.right + 18)
    said = numbers.joined(f"{cell.name} {numbers.difference(change)}" for cell, change in changes)
    title = f"{report.title}: requests/s against {report.base}"
    return svg.picture(parts, name="changes", title=title, description=said, width=WIDE.width, height=panel.end)


def _key(margin_percent: float) -> tuple[list[str], float]:
    """Say what each shape means; return the height of that too."""
    parts, x = [f'<g font-size="{axes.NORMAL:g}" fill="{svg.INK}">'], 2.0
    for verdict in words.VERDICTS:
        name = words.named(verdict, margin_percent)
        parts += [_mark(verdict, x + 9, 8), svg.text(x + 24, 12, name, "")]
        x += 24 + svg.text_width(name, axes.NORMAL) + 18
    return [*parts, "</g>"], 26.0


def _mark(verdict: Verdict, x: float, y: float) -> str:
    look = forest.CLASSES[verdict]
    fill = svg.PAPER if look == "unsure" else COLOURS[look]
    place = f'transform="translate({svg.n(x)} {svg.n(y)})" stroke="{COLOURS[look]}" stroke-width="2" fill="{fill}"'
    return f'<path d="{forest.SHAPES[look]}" {place}/>'


def _row(change: Change, axis: Axis, y: float, right: float) -> Iterator[str]:
    colour = COLOURS[forest.CLASSES[change.verdict]]
    if change.low_percent is not None and change.high_percent is not None:
        ends = [min(max(end, axis.low), axis.high) for end in (change.low_percent, change.high_percent)]
        yield svg.line([(axis.at(end), y) for end in ends], f'stroke="{colour}" stroke-width="2.4"')
        for end, shown in zip((change.low_percent, change.high_percent), ends, strict=True):
            if end == shown:  # an interval that goes on beyond the scale has no bar there
                yield _upright(axis.at(end), y - 8, y + 8, colour, 2.4)
    if change.percent is not None:
        yield _mark(change.verdict, axis.at(change.percent), y)
    figures = f'font-size="{axes.NORMAL:g}" fill="{svg.INK}"'
    yield svg.text(right, y + 4, numbers.difference(change), figures, f"  {numbers.interval(change)}")


def _upright(x: float, top: float, bottom: float, colour: str, width: float) -> str:
    return svg.line([(x, top), (x, bottom)], f'stroke="{colour}" stroke-width="{width:g}"')
