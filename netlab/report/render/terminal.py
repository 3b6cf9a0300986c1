"""The report on a terminal, readable from 80 columns on: the costs first, and three sentences at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from netlab.report.text import coverage, numbers, words

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from netlab.report.values import Cell, Change, Prediction, Predictions, Report

STYLES = {"lower": "red", "higher": "green", "no difference at this precision": "", "cannot tell yet": "yellow"}
AGREEMENTS = {"agrees": "green", "differs": "red", "cannot tell yet": "yellow"}
MARKS = {"lower": "", "higher": "", "no difference at this precision": "= ", "cannot tell yet": "? "}

LONGEST = 240
"""Characters of a warning that is shown here; one that lists every cell is for the files."""
NARROW = 100
"""Columns of a terminal below which the spread of the rounds is left to the files."""
CLOCKS = {
    "virtual": "Virtual clock: a number is the length of a code path, not the speed of a wall clock",
    "real": "Real clock: wall time, with all else that the machines were doing",
}


def print_report(report: Report, console: Console) -> None:
    """Write the report to ``console``."""
    console.print(render(report, console.width))


def render(report: Report, width: int) -> RenderableType:
    """Show the costs, how well replicas predict them, and three sentences at most; the rest is in the files."""
    said = (_answer(report), _doubts(report), _meaning(report))
    return Group(
        Text(report.title, style="bold"),
        *([Text(report.experiment.question)] if report.experiment else []),
        _costs(report, narrow=width < NARROW),
        *(Text(one.text, STYLES[one.change.verdict] and "yellow") for one in report.controls),
        *([_bullet(report.covers)] if coverage.compared(report) else []),
        *([_agreement(report.predictions)] if report.predictions else []),
        *(_bullet(text, style) for text, style in said if text),
    )


def _answer(report: Report) -> tuple[str, str]:
    """Say what costs most, or how far replicas can be believed, in one sentence and its style."""
    if report.predictions:
        return report.predictions.summary, ""
    return next(((one.text, STYLES[one.verdict]) for one in report.headlines), ("", ""))


def _doubts(report: Report) -> tuple[str, str]:
    """Say how much there is to read before the numbers are believed, and the first of it where that is short."""
    unmeasured = sum(len(gap.labels) for gap in report.missing if gap.reason.startswith(words.NO_SAMPLE))
    counts = [numbers.counted(len(report.warnings), "warning")] if report.warnings else []
    counts += [f"{numbers.counted(unmeasured, 'cell')} without a sample"] if unmeasured else []
    first = next(iter(report.warnings), "").partition(". ")[0].removesuffix(".")
    more = f", the first: {first}" if first and len(first) <= LONGEST else ""
    return (f"The report has {' and '.join(counts)}{more}.", "yellow") if counts else ("", "")


def _meaning(report: Report) -> tuple[str, str]:
    """Say what kind of time the numbers are in, and whether the guests guard against faults of their CPUs."""
    found = dict.fromkeys(kernel.mitigations for kernel in report.kernels)
    guards = f"; CPU mitigations in the guests: {numbers.joined(found)}" if found else ""
    clock = CLOCKS[report.environment.clock]
    if report.predictions:
        sides = report.predictions.clusters_clock, report.predictions.replicas_clock
        clock = "Clusters are on the {} clock, replicas on the {} one: only changes can be compared".format(*sides)
    return f"{clock}{guards}.", ""


def _bullet(text: str, style: str = "") -> Table:
    line = Table.grid(padding=(0, 1))
    line.add_row(Text("•", style=style), Text(text))
    return line


def _costs(report: Report, *, narrow: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left", expand=False)
    table.add_column("network and path", overflow="fold")
    for head in (
        "requests\n/s",
        *(() if narrow else ("spread\n",)),
        "against the base\n(95 % CI)",
        "p50\nµs",
        "p90\nµs",
        "p99\nµs",
        "CPU µs\n/request",
    ):
        table.add_column(head, justify="right", no_wrap=True)
    for cell in report.cells:
        table.add_row(*_row(cell, narrow=narrow))
    spread = "" if narrow else f"; spread: (max {numbers.MINUS} min)/mean of the rounds"
    covered = coverage.short(cell.change for cell in report.cells if cell.change)
    table.caption = f"base: {report.base}, same round; CI: {covered}; requests/s: median{spread}{_marks(report)}"
    table.caption_justify = "left"
    return table


def _marks(report: Report) -> str:
    """Say what stands before a difference that is not one, where there is such."""
    found = {cell.change.verdict for cell in report.cells if cell.change}
    same = f"; =: same within {numbers.margin(report.margin_percent, '%')}"
    parts = {"no difference at this precision": same, "cannot tell yet": "; ?: cannot tell yet"}
    return "".join(text for verdict, text in parts.items() if verdict in found)


def _row(cell: Cell, *, narrow: bool) -> list[Text]:
    style = STYLES[cell.change.verdict] if cell.change else "bold"
    who = Text(cell.label)
    mark = MARKS[cell.change.verdict] if cell.change else ""
    difference = Text(f"{mark}{numbers.difference(cell.change)}", style=f"bold {style}".strip())
    if cell.change and cell.change.low_percent is not None:
        difference.append(f"\n{numbers.interval(cell.change)}", style="not bold dim")
    return [
        who.append(f"\n  {cell.path}", style="bold"),
        Text(numbers.number(cell.rate.median), style="bold"),
        *(() if narrow else (Text(numbers.percent(cell.rate.spread_percent)),)),
        difference,
        *(Text(time) for time in numbers.times(cell.latency)),
        Text(numbers.number(cell.cpu_us_per_request, 1)),
    ]


def _agreement(found: Predictions) -> Table:
    title = "How well replicas predict, against their own baselines (95 % CI)"
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title=title, title_justify="left", expand=False)
    table.add_column("network and path", overflow="fold")
    for head in (*words.sides(found), "difference, points"):
        table.add_column(head.replace(", ", "\n"), justify="right", no_wrap=True)
    table.add_column("verdict", overflow="fold")
    for row in found.rows:
        who = Text(row.network).append(f"\n  {row.path}", style="bold")
        changes = (_difference(change) for change in (row.cluster_change, row.replica_change))
        table.add_row(who, *changes, *_verdict(row))
    return table


def _verdict(row: Prediction) -> tuple[Text, Text]:
    difference = Text(numbers.signed(row.difference_points), style="bold")
    difference.append(f"\n{numbers.bounds(row.low_points, row.high_points)}", style="not bold dim")
    return difference, Text(row.text, style=AGREEMENTS[row.agreement])


def _difference(change: Change) -> Text:
    return Text(numbers.difference(change), style="bold").append(f"\n{numbers.interval(change)}", style="not bold dim")
