"""A comparison of two runs as Markdown (GitHub's), for a pull request: verdicts, cell by cell, then what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.report.render.markdown_text import items, plain, table
from netlab.report.text import comparing, labels, numbers, words

if TYPE_CHECKING:
    from netlab.report.comparison import Comparison


def render(found: Comparison) -> str:
    """Render the whole document."""
    before, after = found.runs
    parts = [
        f"# {plain(after.run_id)} against {plain(before.run_id)}",
        plain(comparing.summary(found)),
        items(f"{name}: {run.run_id}, {labels.run_text(run)}" for name, run in (("before", before), ("after", after))),
        _cells(found),
        plain(f"Figures: {comparing.note(found)}."),
        plain(comparing.alone(found)),
        "## What differs",
        _differences(found),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _cells(found: Comparison) -> str:
    rows = (
        [
            cell.name,
            *comparing.figures(found, cell),
            numbers.percent_change(cell.percent),
            numbers.bounds(cell.low_percent, cell.high_percent),
            words.named(cell.verdict, found.margin_percent),
            " and ".join(map(numbers.number, cell.rounds)),
        ]
        for cell in found.cells
    )
    confidence = f"{numbers.number(found.confidence_percent)} % CI"
    head = ["network and path", "before", "after", "change", f"{confidence}, %", "verdict", "rounds"]
    return table(head, rows)


def _differences(found: Comparison) -> str:
    rows = comparing.difference_rows(found)
    return table(["what", "before", "after"], rows) if rows else plain(comparing.ALIKE)
