"""Intervals of what is summed up over all rounds of a cell: percentiles, CPU time, softirqs.

Each holds by itself with 95 % confidence: they describe a cell, and no verdict is read from them. What is left out to
see how much it matters is a round, or, where there are several builds of the hosts, one of these.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from netlab.report.values import Bounds
from netlab.statistics.histogram import merge_histograms, quantiles, without_each
from netlab.statistics.jackknife import jackknife
from netlab.statistics.verdict import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from netlab.model.latencies import Latencies

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


def by_build(rows: Sequence[Mapping[str, float]], builds: Sequence[int]) -> list[Counter[str]]:
    """Sum up the rows of each build of the hosts, which vary together; with one build, each row stays alone."""
    apart = builds if len(set(builds)) > 1 else range(len(rows))
    found: dict[int, Counter[str]] = {}
    for build, row in zip(apart, rows, strict=True):
        found.setdefault(build, Counter()).update(row)
    return list(found.values())


def merged_by_build(samples: Iterable[tuple[int, Latencies]]) -> list[Sequence[tuple[int, int]]]:
    """Merge the histograms of each build in the same way."""
    found: dict[int, list[Latencies]] = {}
    for build, histogram in samples:
        found.setdefault(build, []).append(histogram)
    if len(found) < 2:
        return [histogram for mine in found.values() for histogram in mine]
    merged = (merge_histograms(mine) for mine in found.values())
    return [list(zip(one.values.tolist(), one.counts.tolist(), strict=True)) for one in merged]


def _bounds(values: Mapping[str, float], without: Mapping[str, Sequence[float]]) -> dict[str, Bounds]:
    found = {name: jackknife(values[name], without[name], CONFIDENCE) for name in without}
    return {name: Bounds(low=one.low, high=one.high) for name, one in found.items() if one}
