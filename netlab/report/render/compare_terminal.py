"""A comparison of two runs on a terminal: what differs between them first, then cell by cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from netlab.report.render.terminal import STYLES
from netlab.report.text import comparing, labels, numbers, words

if TYPE_CHECKING:
    from rich.console import Console

    from netlab.report.comparison import Comparison


def print_comparison(found: Comparison, console: Console) -> None:
    """Write the comparison to ``console``."""
    for name, run in zip(("before", "after"), found.runs, strict=True):
        console.print(Text(f"{name:<7}{run.run_id}  ", style="bold").append(labels.run_text(run), style="not bold dim"))
    console.print(Group(_differences(found), _cells(found)))
    if found.alone:
        console.print(Text(comparing.alone(found)))


def _differences(found: Comparison) -> Table | Text:
    rows = comparing.difference_rows(found)
    if not rows:
        return Text(comparing.ALIKE)
    table = _table(["what differs", "before", "after"], "left")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _cells(found: Comparison) -> Table:
    table = _table(["network and path", "before", "after", "change\n(95 % CI)", "verdict"], "right")
    for cell in found.cells:
        style = STYLES[cell.verdict]
        change = Text(numbers.percent_change(cell.percent), style=f"bold {style}".strip())
        change.append(f"\n{numbers.bounds(cell.low_percent, cell.high_percent)}", style="not bold dim")
        said = Text(words.named(cell.verdict, found.margin_percent), style=style)
        table.add_row(Text(cell.name), *comparing.figures(found, cell), change, said)
    table.caption = comparing.note(found)
    table.caption_justify = "left"
    return table


def _table(heads: list[str], justify: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left", expand=False)
    for at, head in enumerate(heads):
        right = justify == "right" and 0 < at < len(heads) - 1
        table.add_column(head, justify="right" if right else "left", overflow="fold", no_wrap=right)
    return table
