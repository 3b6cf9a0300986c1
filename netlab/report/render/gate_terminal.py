"""A gate on a terminal: a line per cell, what is wrong first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from netlab.report.text import numbers

if TYPE_CHECKING:
    from rich.console import Console

    from netlab.report.gate import Gate

STYLES = {"passed": "green", "failed": "bold red", "cannot tell yet": "yellow"}


def print_gate(gate: Gate, console: Console) -> None:
    """Write the judgements to ``console``."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left", expand=False)
    table.add_column("judgement", no_wrap=True)
    table.add_column("network and path", overflow="fold")
    table.add_column(f"against {gate.base}\n(95 % CI)", justify="right", no_wrap=True)
    for cell in gate.cells:
        figures = f"{numbers.difference(cell.change)}\n{numbers.interval(cell.change)}" if cell.change else numbers.NONE
        table.add_row(Text(cell.judgement, style=STYLES[cell.judgement]), Text(cell.name), Text(figures))
    allowed = numbers.margin(gate.max_loss_percent, "%")
    table.caption = f"passed: loses surely at most {allowed}; failed: surely more"
    table.caption_justify = "left"
    console.print(table)
