"""The report's charts. Each takes a ``Report`` and returns inline SVG, or None where there is nothing to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netlab.report.draw import svg
from netlab.report.draw.colours import BLUE, CPU, GROUPS, ORANGE, OTHER_GROUP, SERIES, contrast
from netlab.report.text import numbers, words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from netlab.report.values import Cell, Change, Report

WIDTH = 9.6
ROW = 0.52
DASHES = ("-", "--", ":", "-.")


def draw(report: Report) -> dict[str, str]:
    """Every chart that there is something to draw for, by name."""
    import matplotlib as mpl  # noqa: PLC0415 - slow to import, and only HTML needs it

    drawn = {}
    for name, chart in CHARTS.items():
        with mpl.rc_context(svg.styled(name)):
            if picture := chart(report):
                drawn[name] = picture
    return drawn


def _charted(report: Report) -> list[Cell]:
    return [cell for cell in report.cells if cell.name in report.charted]


def predictions(report: Report) -> str | None:
    """Cluster above replica, one row per path: the change of each against its own baseline, with its interval."""
    found = report.predictions
    rows = [row for row in found.rows if row.cluster in report.charted] if found else []
    if not found or not rows:
        return None
    drawing = svg.figure(WIDTH, _height(len(rows)))
    axes = drawing.subplots()
    _named_rows(axes, [f"{row.path}\n{row.network}" for row in rows])
    axes.axvline(0, color=svg.GRID, linewidth=1.5)
    for at, row in enumerate(rows):
        _side(axes, at - 0.14, row.cluster_change, "o", BLUE)
        _side(axes, at + 0.14, row.replica_change, "D", ORANGE)
    for name, mark, colour in zip(words.sides(found), "oD", (BLUE, ORANGE), strict=True):
        axes.plot([], [], f"{mark}-", color=colour, markersize=7, linewidth=2.2, label=name)
    axes.margins(x=0.08)
    axes.xaxis.set_major_formatter(lambda value, _: numbers.signed(value, 0) + numbers.NARROW + "%")
    axes.grid(axis="x", linewidth=0.6)
    axes.set_xlabel(f"requests/s against {words.bases(found.base, found.replicas_base)}, 95 % CI")
    _legend(drawing, axes)
    said = numbers.joined(f"{row.network} {row.path} {row.text}" for row in rows)
    return svg.inline(drawing, name="predictions", title="Clusters and their replicas", description=said)


def _side(axes: Axes, at: float, change: Change, mark: str, colour: str) -> None:
    if change.percent is not None:
        axes.plot([change.percent], [at], mark, color=colour, markersize=7)
    if change.low_percent is not None and change.high_percent is not None:
        axes.plot([change.low_percent, change.high_percent], [at, at], "|-", color=colour, linewidth=2.2)


def latency(report: Report) -> str | None:
    """p50, p90 and p99 as three marks on one line per cell."""
    cells = [cell for cell in _charted(report) if cell.latency]
    if not cells:
        return None
    drawing = svg.figure(WIDTH, _height(len(cells)))
    axes = drawing.subplots()
    _rows(axes, cells)
    for row, cell in enumerate(cells):
        _percentiles(axes, row, cell, first=row == 0)
    axes.set_xlim(left=0)
    axes.margins(x=0.08)
    axes.grid(axis="x", linewidth=0.6)
    axes.set_xlabel("response time, µs (lower is better)")
    _legend(drawing, axes)
    said = numbers.joined(f"{cell.name} p99 {numbers.number(cell.latency.p99_us)} µs" for cell in cells if cell.latency)
    return svg.inline(drawing, name="latency", title="Response time percentiles", description=said)


def _percentiles(axes: Axes, row: int, cell: Cell, *, first: bool) -> None:
    if cell.latency is None:
        return
    marks = (
        (cell.latency.p50_us, "o", BLUE),
        (cell.latency.p90_us, "s", "#e69f00"),
        (cell.latency.p99_us, "D", ORANGE),
    )
    axes.plot([marks[0][0], marks[-1][0]], [row, row], color=svg.GRID, linewidth=4, zorder=1)
    for (value, mark, colour), name in zip(marks, ("p50", "p90", "p99"), strict=True):
        axes.plot([value], [row], mark, color=colour, markersize=8, linestyle="none", label=name if first else None)
        place: dict[str, Any] = {"xytext": (0, 8), "textcoords": "offset points", "ha": "center"}
        axes.annotate(numbers.number(value), (value, row), fontsize=8.5, color=svg.MUTED, **place)


def distribution(report: Report) -> str | None:
    """Share of the requests that took no longer than so many µs."""
    cells = [cell for cell in _charted(report) if cell.latency]
    if not cells:
        return None
    columns = 1 if len(cells) < 3 else 2
    drawing = svg.figure(WIDTH, 3.6 + 0.2 * len(cells) / columns)
    axes = drawing.subplots()
    for place, cell in enumerate(cells):
        _curve(axes, place, cell)
    axes.set(xscale="log", ylim=(0, 100.5), xlabel="response time, µs (logarithmic)", ylabel="% of requests")
    axes.xaxis.set_major_formatter(lambda value, _: numbers.number(value))
    axes.xaxis.set_minor_formatter(lambda value, _: numbers.number(value) if f"{value:.0e}"[0] in "235" else "")
    axes.grid(which="both", linewidth=0.5)
    _legend(drawing, axes, columns=columns)
    said = "Cumulative distribution of the response time of each cell, up to 99.9 % of its requests."
    return svg.inline(drawing, name="distribution", title="Distribution of response times", description=said)


def _curve(axes: Axes, place: int, cell: Cell) -> None:
    if cell.latency:
        times, shares = zip(*cell.latency.cdf, strict=True)
        style: dict[str, Any] = {
            "color": SERIES[place % len(SERIES)],
            "linestyle": DASHES[place % len(DASHES)],
            "linewidth": 2,
        }
        axes.step(times, shares, where="post", label=cell.name, **style)


def cpu(report: Report) -> str | None:
    """CPU time by class in % of one CPU, one panel per kernel."""
    cells = [cell for cell in _charted(report) if cell.cpu]
    kernels = list(dict.fromkeys(kernel.hosts for cell in cells for kernel in cell.cpu))
    if not kernels:
        return None
    drawing = svg.figure(WIDTH, _height(len(cells)) + 0.3)
    panels = drawing.subplots(1, len(kernels), sharey=True, squeeze=False)[0]
    _rows(panels[0], cells)
    for axes, hosts in zip(panels, kernels, strict=True):
        values = [{k: v for use in cell.cpu if use.hosts == hosts for k, v in use.percent.items()} for cell in cells]
        _stack(axes, values, CPU, numbers.number)
        axes.set_title(f"kernel of {numbers.joined(hosts)}", loc="left")
        axes.set_xlabel("% of one CPU")
    _legend(drawing, panels[0])
    said = numbers.joined(f"{cell.name} softirq {numbers.percent(cell.cpu[0].percent['softirq'])}" for cell in cells)
    return svg.inline(drawing, name="cpu", title="CPU time by class", description=said)


def softirqs(report: Report) -> str | None:
    """Softirq runs per request by vector."""
    cells = [cell for cell in _charted(report) if cell.softirqs_per_request]
    if not cells:
        return None
    vectors = list(dict.fromkeys(vector for cell in cells for vector in cell.softirqs_per_request))
    colours = dict(zip(vectors, SERIES, strict=False))
    drawing = svg.figure(WIDTH, _height(len(cells)) + 0.3)
    axes = drawing.subplots()
    _rows(axes, cells)
    _stack(axes, [cell.softirqs_per_request for cell in cells], colours, lambda value: numbers.number(value, 2))
    axes.set_xlabel("softirq runs per request, all kernels of the lab")
    _legend(drawing, axes, columns=8)
    said = numbers.joined(f"{cell.name} {_vectors(cell)}" for cell in cells)
    return svg.inline(drawing, name="softirqs", title="Softirqs per request by vector", description=said)


def _vectors(cell: Cell) -> str:
    return numbers.joined(f"{name} {numbers.number(value, 2)}" for name, value in cell.softirqs_per_request.items())


def groups(report: Report) -> str | None:
    """Where the CPU was, by subsystem: µs per request where that is known of every cell, else %."""
    cells = [cell for cell in _charted(report) if cell.hot_groups]
    if not cells:
        return None
    costed = all(share.us_per_request is not None for cell in cells for share in cell.hot_groups)
    values = [
        {share.group: (share.us_per_request if costed else share.percent) or 0.0 for share in cell.hot_groups}
        for cell in cells
    ]
    drawing = svg.figure(WIDTH, _height(len(cells)) + 0.5)
    axes = drawing.subplots()
    _rows(axes, cells)
    colours = {**GROUPS, **{group: OTHER_GROUP for group in report.subsystems if group not in GROUPS}}
    _stack(axes, values, colours, lambda value: numbers.number(value, 1))
    axes.set_xlabel("CPU µs per request" if costed else "% of the busy samples")
    _legend(drawing, axes, columns=10)
    said = numbers.joined(f"{cell.name}: most in {cell.hot_groups[0].group}" for cell in cells)
    return svg.inline(drawing, name="groups", title="CPU time by subsystem", description=said)


CHARTS: dict[str, Callable[[Report], str | None]] = {
    "predictions": predictions,
    "latency": latency,
    "distribution": distribution,
    "groups": groups,
    "cpu": cpu,
    "softirqs": softirqs,
}


def _stack(
    axes: Axes, values: Sequence[Mapping[str, float]], colours: Mapping[str, str], text: Callable[[float], str]
) -> None:
    """Horizontal bars, each the stack of its parts; parts that are wide enough carry their value."""
    widest = max(sum(part.get(key, 0.0) for key in colours) for part in values) or 1.0
    lefts = [0.0] * len(values)
    for key in [key for key in colours if any(part.get(key) for part in values)]:
        widths = [part.get(key, 0.0) for part in values]
        style: dict[str, Any] = {"edgecolor": svg.PAPER, "linewidth": 1, "height": 0.62, "label": key}
        bars = axes.barh(range(len(values)), widths, left=lefts, color=colours[key], **style)
        labels = [text(width) if width > 0.035 * widest else "" for width in widths]
        axes.bar_label(bars, labels, label_type="center", fontsize=8.5, color=contrast(colours[key]))
        lefts = [left + width for left, width in zip(lefts, widths, strict=True)]
    axes.set_xlim(0, 1.02 * widest)
    axes.grid(axis="x", linewidth=0.6)
    axes.tick_params(axis="y", length=0)


def _height(rows: int) -> float:
    return 0.95 + ROW * rows


def _rows(axes: Axes, cells: Sequence[Cell]) -> None:
    """One row per cell, the first on top, with its path and whose it is."""
    _named_rows(axes, [f"{cell.path}\n{cell.label}" for cell in cells])


def _named_rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.6)
    axes.tick_params(axis="y", length=0, labelsize=9)


def _legend(drawing: Figure, axes: Axes, columns: int = 6) -> None:
    handles, labels = axes.get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside upper left", ncols=columns, fontsize=9, columnspacing=1.2)
