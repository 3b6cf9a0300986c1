"""Intervals of what is summed up over all rounds of a cell: percentiles, CPU time, softirqs.

Each holds by itself with 95 % confidence: they describe a cell, and no verdict is read from them.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from netlab.report.values import Bounds
from netlab.statistics.histogram import quantiles, without_each
from netlab.statistics.jackknife import jackknife
from netlab.statistics.verdict import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PERCENTILES = {"p50_us": 0.5, "p90_us": 0.9, "p99_us": 0.99}


def of_percentiles(histograms: Sequence[Sequence[tuple[int, int]]], values: Mapping[str, float]) -> dict[str, Bounds]:
    """Bounds of the percentiles and the mean of all requests, by the name of the value."""
    rest = [(quantiles(one, list(PERCENTILES.values())), one.mean) for one in without_each(histograms) if one.total]
    if len(rest) < len(histograms):
        return {}  # one round had all requests
    without = {name: [found[at] for found, _ in rest] for at, name in enumerate(PERCENTILES)}
    return _bounds(values, {**without, "mean_us": [mean for _, mean in rest]})


def of_sums(
    rows: Sequence[Mapping[str, float]], figures: Callable[[Mapping[str, float]], Mapping[str, float]]
) -> dict[str, Bounds]:
    """Bounds of figures that are made of sums over all rounds, a row per round, by their names."""
    total: Counter[str] = Counter()
    for row in rows:
        total.update(row)  # a Counter adds fractions, too
    rest = [figures({name: total[name] - row.get(name, 0) for name in total}) for row in rows]
    values = figures(total)
    return _bounds(values, {name: [found.get(name, 0.0) for found in rest] for name in values})


def _bounds(values: Mapping[str, float], without: Mapping[str, Sequence[float]]) -> dict[str, Bounds]:
    found = {name: jackknife(values[name], without[name], CONFIDENCE) for name in without}
    return {name: Bounds(low=one.low, high=one.high) for name, one in found.items() if one}
