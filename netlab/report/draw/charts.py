"""The report's charts. Each takes a ``Report`` and a sheet and returns an ``<svg>``, or None with nothing to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.report.draw import axes, svg
from netlab.report.draw.axes import WIDE, Axis, Series
from netlab.report.draw.colours import BLUE, CPU, GROUPS, ORANGE, OTHER_GROUP, SERIES, YELLOW, contrast
from netlab.report.text import numbers, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from netlab.report.draw.axes import Panel, Sheet
    from netlab.report.values import Cell, Change, Report

DASHES = ("", "7 3", "2 2", "7 3 2 3")
_BAR = 28.0
_PERCENTILES = (Series("p50", BLUE, "circle"), Series("p90", YELLOW, "square"), Series("p99", ORANGE, "diamond"))


def draw(report: Report, sheet: Sheet = WIDE) -> dict[str, str]:
    """Every chart that there is something to draw for, by name."""
    drawn = {name: chart(report, sheet) for name, chart in CHARTS.items()}
    return {name: picture for name, picture in drawn.items() if picture}


def _charted(report: Report) -> list[Cell]:
    return [cell for cell in report.cells if cell.name in report.charted]


def _rows(cells: Sequence[Cell]) -> list[tuple[str, str]]:
    return [(cell.path, cell.label) for cell in cells]


def _picture(parts: Sequence[str], sheet: Sheet, height: float, said: tuple[str, str, str]) -> str:
    """``said`` is the chart's name, its title and what it shows in words."""
    name, title, description = said
    return svg.picture(
        parts,
        name=name + sheet.suffix,
        title=title,
        description=description,
        width=sheet.width,
        height=height,
        look=sheet.name,
    )


def predictions(report: Report, sheet: Sheet = WIDE) -> str | None:
    """Cluster above replica, one row per path: the change of each against its own baseline, with its interval."""
    found = report.predictions
    rows = [row for row in found.rows if row.cluster in report.charted] if found else []
    if not found or not rows:
        return None
    sides = [Series(name, *look) for name, look in zip(words.sides(found), _SIDES, strict=True)]
    legend, top = axes.legend(sheet, sides)
    (panel,) = axes.panels(sheet, [(row.path, row.network) for row in rows], top)
    both = [(row.cluster_change, row.replica_change) for row in rows]
    axis = _reach([one for pair in both for one in pair], panel)
    label = f"requests/s against {words.bases(found.base, found.replicas_base)}, 95 % CI"
    parts = [*legend, *panel.frame(axis, label, axes.in_percent)]
    zero = axis.at(0)
    parts.append(svg.line([(zero, panel.start), (zero, panel.bottom)], f'stroke="{svg.MUTED}" stroke-width="1.5"'))
    for at, pair in enumerate(both):
        for change, side, off in zip(pair, sides, (-7, 7), strict=True):
            parts += _side(axis, panel.y(at) + off, change, side)
    said = numbers.joined(f"{row.network} {row.path} {row.text}" for row in rows)
    return _picture(parts, sheet, panel.end, ("predictions", "Clusters and their replicas", said))


_SIDES = ((BLUE, "circle"), (ORANGE, "diamond"))


def _reach(changes: Sequence[Change], panel: Panel) -> Axis:
    """Make the scale that holds zero and all changes with their intervals."""
    ends = [end for one in changes for end in (one.percent, one.low_percent, one.high_percent) if end is not None]
    low, high = min(ends, default=0.0), max(ends, default=0.0)
    pad = 0.06 * (max(high, 0.0) - min(low, 0.0) or 1.0)
    return Axis(min(low, 0.0) - pad, max(high, 0.0) + pad, panel.left, panel.right)


def _side(axis: Axis, y: float, change: Change, side: Series) -> Iterator[str]:
    if change.low_percent is not None and change.high_percent is not None:
        look = f'stroke="{side.colour}" stroke-width="2.2"'
        left, right = axis.at(change.low_percent), axis.at(change.high_percent)
        yield svg.line([(left, y), (right, y)], look)
        yield from (svg.line([(end, y - 5), (end, y + 5)], look) for end in (left, right))
    if change.percent is not None:
        yield axes.mark(side.shape, axis.at(change.percent), y, side.colour)


def latency(report: Report, sheet: Sheet = WIDE) -> str | None:
    """p50, p90 and p99 as three marks on one line per cell."""
    cells = [cell for cell in _charted(report) if cell.latency]
    times = [(cell.latency.p50_us, cell.latency.p90_us, cell.latency.p99_us) for cell in cells if cell.latency]
    if not cells:
        return None
    legend, top = axes.legend(sheet, _PERCENTILES)
    (panel,) = axes.panels(sheet, _rows(cells), top)
    axis = Axis(0, 1.04 * max(map(max, times)) or 1.0, panel.left, panel.right)
    parts = [*legend, *panel.frame(axis, "response time, µs (lower is better)", axes.plain)]
    for at, three in enumerate(times):
        parts += _three(axis, panel.y(at) + 5, three)
    said = numbers.joined(f"{cell.name} p99 {numbers.number(cell.latency.p99_us)} µs" for cell in cells if cell.latency)
    return _picture(parts, sheet, panel.end, ("latency", "Response time percentiles", said))


def _three(axis: Axis, y: float, times: Sequence[float]) -> Iterator[str]:
    """Draw the marks, and above them their values, which make room for each other."""
    places = [axis.at(time) for time in times]
    yield svg.line([(places[0], y), (places[-1], y)], f'stroke="{svg.GRID}" stroke-width="5"')
    yield from (axes.mark(one.shape, x, y, one.colour) for one, x in zip(_PERCENTILES, places, strict=True))
    texts = [numbers.number(time) for time in times]
    widths = [svg.text_width(text, axes.SMALL) for text in texts]
    end = axis.right + 12
    for text, width, x in reversed(list(zip(texts, widths, places, strict=True))):
        left = min(x - width / 2, end - width)
        end = left - 4
        yield svg.text(left, y - 10, text, f'font-size="{axes.SMALL:g}" fill="{svg.MUTED}"')


def distribution(report: Report, sheet: Sheet = WIDE) -> str | None:
    """Share of the requests that took no longer than so many µs."""
    curves = {cell.name: cell.latency.cdf for cell in _charted(report) if cell.latency}
    if not curves:
        return None
    series = [
        Series(name, SERIES[at % len(SERIES)], "line", DASHES[at % len(DASHES)]) for at, name in enumerate(curves)
    ]
    legend, top = axes.in_columns(sheet, series)
    bottom, left, right = top + (300 if sheet.beside else 260), 62.0 if sheet.beside else 34.0, sheet.width - 14
    times = [time for curve in curves.values() for time, _ in curve]
    axis = Axis(max(min(times), 1.0) / 1.02, max(*times, 1.0) * 1.02, left, right, logarithmic=True)
    parts = [
        *legend,
        *axes.ground(axis, sheet.ticks, (top, bottom), _TIME, axes.plain),
        *_shares(left, right, top, bottom),
    ]
    for one, curve in zip(series, curves.values(), strict=True):
        look = f'fill="none" stroke="{one.colour}" stroke-width="2"{axes.dashed(one.dash)}'
        parts.append(f'<path d="{_steps(curve, axis, top, bottom)}" {look}/>')
    said = "Cumulative distribution of the response time of each cell, up to 99.9 % of its requests."
    return _picture(parts, sheet, bottom + 42, ("distribution", "Distribution of response times", said))


_TIME = "response time, µs (logarithmic)"


def _shares(left: float, right: float, top: float, bottom: float) -> Iterator[str]:
    """Draw the axis that says what share of the requests."""
    yield f'<g font-size="{axes.NORMAL:g}" text-anchor="end" fill="{svg.MUTED}">'
    for percent in range(0, 101, 20):
        y = bottom - percent / 100 * (bottom - top)
        yield svg.line([(left, y), (right, y)], f'stroke="{svg.GRID}"')
        yield svg.text(left - 6, y + 4, str(percent), "")
    yield "</g>"
    if left > axes.NORMAL * 4:
        middle = f"{svg.n((top + bottom) / 2)}"
        turned = f'transform="rotate(-90 14 {middle})" text-anchor="middle" font-size="{axes.NORMAL:g}"'
        yield svg.text(14, (top + bottom) / 2, "% of requests", f'{turned} fill="{svg.MUTED}"')
    else:
        yield svg.text(left + 4, top + 13, "% of requests", f'font-size="{axes.SMALL:g}" fill="{svg.MUTED}"')


def _steps(curve: Sequence[tuple[float, float]], axis: Axis, top: float, bottom: float) -> str:
    """Write a curve that rises only where requests are; equal times are one step."""
    rising = dict(curve)
    path: list[str] = []
    for time, share in rising.items():
        x, y = svg.n(axis.at(max(time, axis.low))), svg.n(bottom - share / 100 * (bottom - top))
        path.append(f"H{x}V{y}" if path else f"M{x} {y}")
    return "".join(path)


def cpu(report: Report, sheet: Sheet = WIDE) -> str | None:
    """CPU time by class in % of one CPU, one panel per kernel."""
    cells = [cell for cell in _charted(report) if cell.cpu]
    kernels = list(dict.fromkeys(kernel.hosts for cell in cells for kernel in cell.cpu))
    if not kernels:
        return None
    values = {
        hosts: [{k: v for use in cell.cpu if use.hosts == hosts for k, v in use.percent.items()} for cell in cells]
        for hosts in kernels
    }
    colours = {name: CPU[name] for name in CPU if any(part.get(name) for rows in values.values() for part in rows)}
    legend, top = axes.legend(sheet, [Series(name, colour) for name, colour in colours.items()])
    titles = [f"kernel of {numbers.joined(hosts)}" for hosts in kernels]
    found, parts = axes.panels(sheet, _rows(cells), top, titles), legend
    for panel, rows in zip(found, values.values(), strict=True):
        parts += _stack(panel, rows, colours, "% of one CPU", 0)
    said = numbers.joined(f"{cell.name} softirq {numbers.percent(cell.cpu[0].percent['softirq'])}" for cell in cells)
    return _picture(parts, sheet, found[-1].end, ("cpu", "CPU time by class", said))


def softirqs(report: Report, sheet: Sheet = WIDE) -> str | None:
    """Softirq runs per request by vector."""
    cells = [cell for cell in _charted(report) if cell.softirqs_per_request]
    if not cells:
        return None
    vectors = list(dict.fromkeys(vector for cell in cells for vector in cell.softirqs_per_request))
    colours = dict(zip(vectors, SERIES, strict=False))
    values = [cell.softirqs_per_request for cell in cells]
    said = numbers.joined(f"{cell.name} {_vectors(cell)}" for cell in cells)
    label = "softirq runs per request, all kernels of the lab"
    return _stacked(sheet, cells, values, colours, (label, 2), ("softirqs", "Softirqs per request by vector", said))


def _vectors(cell: Cell) -> str:
    return numbers.joined(f"{name} {numbers.number(value, 2)}" for name, value in cell.softirqs_per_request.items())


def groups(report: Report, sheet: Sheet = WIDE) -> str | None:
    """Where the CPU was, by subsystem: µs per request where that is known of every cell, else %."""
    cells = [cell for cell in _charted(report) if cell.hot_groups]
    if not cells:
        return None
    costed = all(share.us_per_request is not None for cell in cells for share in cell.hot_groups)
    values = [
        {share.group: (share.us_per_request if costed else share.percent) or 0.0 for share in cell.hot_groups}
        for cell in cells
    ]
    known = {**GROUPS, **{group: OTHER_GROUP for group in report.subsystems if group not in GROUPS}}
    colours = {name: colour for name, colour in known.items() if any(part.get(name) for part in values)}
    said = numbers.joined(f"{cell.name}: most in {cell.hot_groups[0].group}" for cell in cells)
    label = "CPU µs per request" if costed else "% of the busy samples"
    return _stacked(sheet, cells, values, colours, (label, 1), ("groups", "CPU time by subsystem", said))


def _stacked(  # noqa: PLR0913, PLR0917 - what is drawn, how, and what is said of it
    sheet: Sheet,
    cells: Sequence[Cell],
    values: Sequence[Mapping[str, float]],
    colours: Mapping[str, str],
    scale: tuple[str, int],
    said: tuple[str, str, str],
) -> str:
    """Draw one panel of stacked bars with its legend; ``scale`` is the axis' label and the decimals of its values."""
    legend, top = axes.legend(sheet, [Series(name, colour) for name, colour in colours.items()])
    (panel,) = axes.panels(sheet, _rows(cells), top)
    return _picture([*legend, *_stack(panel, values, colours, *scale)], sheet, panel.end, said)


CHARTS: dict[str, Callable[[Report, Sheet], str | None]] = {
    "predictions": predictions,
    "latency": latency,
    "distribution": distribution,
    "groups": groups,
    "cpu": cpu,
    "softirqs": softirqs,
}


def _stack(
    panel: Panel, values: Sequence[Mapping[str, float]], colours: Mapping[str, str], label: str, digits: int
) -> Iterator[str]:
    """Draw horizontal bars, each the stack of its parts; parts that are wide enough carry their value."""
    widest = max(sum(part.get(key, 0.0) for key in colours) for part in values) or 1.0
    axis = Axis(0, 1.02 * widest, panel.left, panel.right)
    yield from panel.frame(axis, label, axes.plain)
    yield f'<g font-size="{axes.SMALL:g}" text-anchor="middle">'
    for at, part in enumerate(values):
        left = axis.left
        for key, colour in colours.items():
            width = part.get(key, 0.0) / axis.high * (axis.right - axis.left)
            if width:
                yield from _part(left, panel.y(at), width, colour, (key, numbers.number(part[key], digits)))
            left += width
    yield "</g>"


def _part(left: float, y: float, width: float, colour: str, said: tuple[str, str]) -> Iterator[str]:
    look = f'fill="{colour}" stroke="{svg.PAPER}"'
    yield svg.titled(svg.rect(left, y - _BAR / 2, width, _BAR, look), f"{said[0]}: {said[1]}")
    if svg.text_width(said[1], axes.SMALL) + 3 < width:
        yield svg.text(left + width / 2, y + 4, said[1], f'fill="{contrast(colour)}"')
