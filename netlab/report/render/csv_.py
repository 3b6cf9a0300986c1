"""Cells and samples as CSV, for spreadsheets and data frames: RFC 4180 in UTF-8, units in the names of columns.

A field that nobody knows is empty. Text that a spreadsheet would take for a formula has an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from netlab.model.lab import Load
    from netlab.report.values import Bounds, Cell, Change, Measured, Percentiles, ProcessorUse, Report

    Value = str | float | bool | None
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_TIMES = ("p50_us", "p90_us", "p99_us", "mean_us")
"""Those that have an interval."""


def cells(report: Report) -> str:
    """One line per cell of the report, in its order."""
    return _table([dict(_cell(cell)) for cell in report.cells])


def samples(measured: Iterable[Measured]) -> str:
    """One line per sample: a cell in one round of one run."""
    return _table([dict(_sample(one)) for one in measured])


def _cell(cell: Cell) -> Iterator[tuple[str, Value]]:
    yield from (("profile", cell.profile), ("label", cell.label), ("path", cell.path), ("stack", cell.stack))
    yield "is_baseline", cell.is_baseline
    yield from _load(cell.load)
    yield from (("rounds", cell.rounds), ("requests", cell.requests))
    for name in ("median", "mean", "min", "max"):
        yield f"requests_per_s_{name}", getattr(cell.rate, name)
    yield "spread_percent_of_mean", cell.rate.spread_percent
    yield from _change(cell.change)
    yield from _times("", cell.latency)
    yield from _times("corrected_", cell.corrected_latency)
    yield from _bounded("cpu_us_per_request", cell.cpu_us_per_request, cell.cpu_interval)
    for use in cell.cpu:
        for name, value in use.percent.items():
            yield from _bounded(f"cpu_{name}_percent_of_one_cpu{_of(use.hosts)}", value, use.intervals.get(name))
    yield from _softirqs(cell, "")
    for own in cell.processors:
        place = f"[{own.name} of {'+'.join(own.hosts)}]"
        for name, value in own.percent.items():
            yield from _bounded(f"cpu_{name}_percent{place}", value, own.intervals.get(name))
        yield from _softirqs(own, place)
    yield "profiler_samples", cell.profiler_samples
    for share in cell.hot_groups:
        yield f"subsystem_{share.group}_percent_of_busy_samples", share.percent
        yield f"subsystem_{share.group}_us_per_request", share.us_per_request


def _softirqs(of: Cell | ProcessorUse, place: str) -> Iterator[tuple[str, Value]]:
    for vector, runs in of.softirqs_per_request.items():
        yield from _bounded(f"softirqs_{vector}_per_request{place}", runs, of.softirq_intervals.get(vector))


def _load(load: Load) -> Iterator[tuple[str, Value]]:
    yield from load  # a value of pydantic's yields its fields, whose names have their units


def _change(change: Change | None) -> Iterator[tuple[str, Value]]:
    yield "compared_with", change.base if change else None
    for name in ("percent", "low_percent", "high_percent"):
        yield f"change_{name}", getattr(change, name, None)
    for name in ("confidence_percent", "comparisons", "margin_percent", "pairs", "verdict", "rounds_needed"):
        yield name, getattr(change, name, None)
    for name in ("builds", "builds_needed", "between_builds_percent", "within_builds_percent"):
        yield name, getattr(change, name, None)


def _times(prefix: str, found: Percentiles | None) -> Iterator[tuple[str, Value]]:
    for name in _TIMES:
        yield from _bounded(prefix + name, getattr(found, name, None), found.intervals.get(name) if found else None)
    yield f"{prefix}max_us", found.max_us if found else None


def _bounded(name: str, value: float | None, found: Bounds | None) -> Iterator[tuple[str, Value]]:
    low, high = (found.low, found.high) if found else (None, None)
    yield from ((name, value), (f"{name}_low", low), (f"{name}_high", high))


def _sample(one: Measured) -> Iterator[tuple[str, Value]]:
    yield from (("run", one.run_id), ("build", one.build), ("round", one.round), ("position", one.position))
    yield from (("profile", one.profile), ("path", one.path))
    yield from _load(one.load)
    yield "started_at", one.started_at.isoformat()
    for name in ("requests", "received_bytes", "duration_us", "requests_per_s"):
        yield name, getattr(one, name)
    yield from ((f"failed_requests_{name}", count) for name, count in one.failed.items())
    yield from one.times_us.items()
    for kernel in one.kernels:
        yield from ((f"cpu_{name}_s{_of(kernel.hosts)}", value) for name, value in kernel.cpu_s.items())
        yield from ((f"softirqs_{name}_runs{_of(kernel.hosts)}", runs) for name, runs in kernel.softirqs.items())


def _of(hosts: Sequence[str]) -> str:
    """Name the kernel that a column is of."""
    return f"[{'+'.join(hosts)}]"


def _table(rows: Sequence[Mapping[str, Value]]) -> str:
    """Write the rows under all their columns, in the order in which these first appear."""
    columns = dict.fromkeys(name for row in rows for name in row)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_text(name) for name in columns)
    writer.writerows([_text(row.get(name)) for name in columns] for row in rows)
    return text.getvalue()


def _text(value: Value) -> str:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else repr(value)
