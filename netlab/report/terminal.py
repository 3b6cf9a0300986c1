"""The report on a terminal, readable from 100 columns on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from netlab.report import words

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from netlab.report.values import Cell, Change, Prediction, Predictions, Report

STYLES = {"lower": "red", "higher": "green", "no difference shown": "", "cannot tell": "yellow"}
AGREEMENTS = {"predicted": "green", "intervals overlap": "", "apart": "red", "cannot tell": "yellow"}

HEADLINES = 8


def print_report(report: Report, console: Console) -> None:
    """Write the report to ``console``."""
    console.print(render(report))


def render(report: Report) -> RenderableType:
    """Headlines, costs, hot functions and warnings; the rest is in the files."""
    parts: list[RenderableType] = [Text(report.title, style="bold"), Text("")]
    parts += [_bullet(headline.text, STYLES[headline.verdict]) for headline in report.headlines[:HEADLINES]]
    if len(report.headlines) > HEADLINES:
        parts += [_bullet(f"{len(report.headlines) - HEADLINES} more networks in the table")]
    parts += [_costs(report)]
    if report.predictions:
        parts += _predictions(report.predictions)
    if any(cell.hot_groups for cell in report.cells):
        parts += [_subsystems(report)]
    if report.paths:
        parts += [_paths(report)]
    if report.missing:
        parts += [
            Text("Not measured", style="bold"),
            *(_bullet(f"{words.gap_text(gap)}: {gap.reason}") for gap in report.missing),
        ]
    if report.warnings:
        parts += [Text("Read with care", style="bold yellow"), *(_bullet(warning) for warning in report.warnings)]
    return Group(*parts, Text(""), Text(report.clock_note, style="dim"))


def _bullet(text: str, style: str = "") -> Table:
    line = Table.grid(padding=(0, 1))
    line.add_row(Text("•", style=style), Text(text))
    return line


def _costs(report: Report) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left", expand=False)
    table.add_column("network and path", overflow="fold")
    for head in (
        "requests\n/s",
        "spread\n",
        "against the base\n(95 % CI)",
        "p50\nµs",
        "p90\nµs",
        "p99\nµs",
        "CPU µs\n/request",
    ):
        table.add_column(head, justify="right", no_wrap=True)
    for cell in report.cells:
        table.add_row(*_row(cell))
    table.caption = (
        f"base: {report.base}, same round; requests/s: median; spread: (max {words.MINUS} min)/mean of the rounds"
    )
    table.caption_justify = "left"
    return table


def _row(cell: Cell) -> list[Text]:
    style = STYLES[cell.change.verdict] if cell.change else "bold"
    who = Text(cell.label)
    difference = Text(words.difference(cell.change), style=f"bold {style}".strip())
    if cell.change and cell.change.low_percent is not None:
        difference.append(f"\n{words.interval(cell.change)}", style="not bold dim")
    return [
        who.append(f"\n  {cell.path}", style="bold"),
        Text(words.number(cell.rate.median), style="bold"),
        Text(words.percent(cell.rate.spread_percent)),
        difference,
        *(Text(time) for time in words.times(cell.latency)),
        Text(words.number(cell.cpu_us_per_request, 1)),
    ]


def _predictions(found: Predictions) -> list[RenderableType]:
    return [
        Text("How well replicas predict", style="bold"),
        _bullet(found.summary),
        *(_bullet(order.text) for order in found.orders),
        _agreement(found),
        _replicas(found),
        *([_bullet(f"No replica was measured for {words.joined(found.unpaired)}.")] if found.unpaired else []),
        *(Text(note, style="dim") for note in (*found.notes, *found.clock_notes)),
        Text(""),
    ]


def _agreement(found: Predictions) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), expand=False)
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
    return Text(words.signed(row.difference_points), style="bold"), Text(row.text, style=AGREEMENTS[row.agreement])


def _difference(change: Change) -> Text:
    return Text(words.difference(change), style="bold").append(f"\n{words.interval(change)}", style="not bold dim")


def _replicas(found: Predictions) -> Table:
    """List the replicas that are held against a cluster; the others are in the files."""
    shown = {row.replica for row in found.rows}
    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title=f"The replicas' own figures ({found.replicas_clock} clock)",
        title_justify="left",
    )
    table.add_column("network and path", overflow="fold")
    for head in ("requests/s", f"against {found.replicas_base}"):
        table.add_column(head, justify="right", no_wrap=True)
    for cell in found.cells:
        if cell.is_baseline or cell.name in shown:
            table.add_row(Text(cell.name), words.number(cell.rate.median), words.difference(cell.change))
    return table


def _subsystems(report: Report) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title="Where the CPU time went", title_justify="left")
    table.add_column("network and path", overflow="fold", ratio=2)
    table.add_column("subsystems: % of the busy samples", overflow="fold", ratio=3)
    for cell in report.cells:
        shares = [f"{share.group} {words.number(share.percent)}" for share in cell.hot_groups if share.percent >= 1]
        table.add_row(Text(cell.name), Text(words.joined(shares) or words.NONE))
    return table


def _paths(report: Report) -> Table:
    """Count what the packets cross, request and response together; the hops themselves are in the files."""
    title = "What a request and its response cross (in brackets: more than on the base)"
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title=title, title_justify="left")
    table.add_column("network and path", overflow="fold")
    for noun in words.COUNTED.values():
        table.add_column(f"{noun}s".replace(" ", "\n"), justify="right")
    table.add_column("new\nhops", justify="right")
    for picture in report.paths:
        who = Text(f"{picture.label}\n  {picture.path}")
        table.add_row(who, *words.count_texts(picture), words.number(picture.new_hops))
    return table
