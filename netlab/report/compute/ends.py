"""Runs that were interrupted, or ended before they were as precise as asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.progress import duration
from netlab.report.text import labels
from netlab.report.text.numbers import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from netlab.model.run import Run, RunHeader


def warnings(headers: Sequence[RunHeader]) -> Iterator[str]:
    """Say of each run that did not end as it was to, how it ended."""
    for header in headers:
        if header.stop is None:
            planned = f"{'at most ' if header.precision_percent else ''}{counted(header.rounds, 'round')}"
            again = f"netlab bench --resume {header.run_id}"
            yield f"Run {header.run_id} was interrupted before its plan of {planned} was done. To continue it: {again}"
        elif header.stop.reason == "max-rounds":
            text = labels.reason_text(header.stop, header.precision_percent)
            yield f"Run {header.run_id} did not become as precise as asked: {text}."


def interrupted_rounds(runs: Sequence[Run]) -> Iterator[str]:
    """Name rounds whose samples lie on both sides of an interruption; on the virtual clock time in between is none."""
    for run in runs:
        for when in run.header.resumed_at if run.header.environment.clock == "real" else ():
            for number, (first, last) in _rounds(run).items():
                if first < when < last:
                    yield (
                        f"Round {number} of run {run.header.run_id} was interrupted: its samples lie "
                        f"{duration((last - first).total_seconds())} apart, in which the machines may have changed."
                    )


def _rounds(run: Run) -> dict[int, tuple[datetime, datetime]]:
    """When the first and the last sample of each round began."""
    times: dict[int, list[datetime]] = {}
    for sample in (*run.samples, *run.controls):
        times.setdefault(sample.round, []).append(sample.started_at)
    return {number: (min(found), max(found)) for number, found in times.items()}
