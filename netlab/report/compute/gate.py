"""A report → which of its cells lose more than is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.errors import ResultsError
from netlab.report.gate import Gate, Judged
from netlab.report.text import verdicts, words
from netlab.statistics.bound import judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netlab.report.values import Cell, Change, Report
    from netlab.statistics.bound import Judgement

ORDER: tuple[Judgement, ...] = ("failed", "cannot tell yet", "passed")


def build_gate(report: Report, max_loss_percent: float) -> Gate:
    """Judge every cell that is compared with the baseline; ResultsError where there is none.

    A cell that was to be measured and has no sample cannot be told: what broke a path altogether does not pass.
    """
    cells = [*_measured(report, max_loss_percent), *_unmeasured(report)]
    if not cells:
        message = f"there is nothing to judge: nothing but the baseline, {report.base}, was measured"
        raise ResultsError(message, hint="measure another profile with it: netlab run --profiles A,B")
    return Gate(
        title=report.title,
        base=report.base,
        max_loss_percent=max_loss_percent,
        runs=tuple(run.run_id for run in report.runs),
        cells=tuple(sorted(cells, key=lambda one: ORDER.index(one.judgement))),
    )


def _measured(report: Report, max_loss_percent: float) -> Iterator[Judged]:
    for cell in report.cells:
        if cell.change:
            yield _judged(cell, cell.change, max_loss_percent, report.base)


def _judged(cell: Cell, change: Change, max_loss_percent: float, base: str) -> Judged:
    return Judged(
        name=cell.name,
        label=cell.label,
        path=cell.path,
        change=change,
        judgement=judge(verdicts.interval(change), -max_loss_percent),
        text=words.headline(cell, change, f"with {base}"),
    )


def _unmeasured(report: Report) -> Iterator[Judged]:
    for gap in report.missing:
        if gap.reason.startswith(words.NO_SAMPLE):
            for label in gap.labels:
                yield Judged(
                    name=f"{label} · {gap.path}",
                    label=label,
                    path=gap.path,
                    change=None,
                    judgement="cannot tell yet",
                    text=f"{label} through {gap.path}: {gap.reason}",
                )
