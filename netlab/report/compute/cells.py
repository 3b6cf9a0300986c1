"""The samples of one cell → its numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netlab.report.compute import precision
from netlab.report.compute.counters import cpu_interval, cpu_us_per_request, cpu_use, softirqs_per_request
from netlab.report.compute.processors import processor_use
from netlab.report.compute.side_by_side import side_by_side
from netlab.report.values import Cell, Change, GroupShare, HotFunctionShare, Latency, Percentiles, Rate
from netlab.statistics.family import each
from netlab.statistics.histogram import Histogram, merge_histograms, quantiles
from netlab.statistics.interval import Interval
from netlab.statistics.ratio import FEWEST_ROUNDS, Ratio, ratio_by_round
from netlab.statistics.summary import summarise
from netlab.statistics.verdict import CONFIDENCE, rounds_needed, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netlab.model.lab import Stack
    from netlab.model.sample import HotSpots, Sample

TOP_FUNCTIONS = 15
_CDF = np.concatenate([np.linspace(0, 0.98, 99), np.linspace(0.981, 0.999, 19)])
"""Past 99.9 % a few requests of a short run would draw the eye to chance."""


@dataclass(frozen=True)
class Taken:
    """A sample and the run it belongs to; rounds of different runs are different rounds."""

    run_id: str
    sample: Sample

    @property
    def round(self) -> tuple[str, int]:
        """What a sample has in common with the baseline that it is compared with."""
        return self.run_id, self.sample.round


@dataclass(frozen=True)
class Source:
    """All that was measured of one cell."""

    label: str
    stack: Stack | None
    taken: tuple[Taken, ...]
    hotspots: tuple[HotSpots, ...]
    planned: int
    """Rounds of all runs that were to measure it."""
    runs: tuple[int, ...] = ()
    """As a cell has them."""

    @property
    def first(self) -> Sample:
        """Stands for what all samples of a cell have in common."""
        return self.taken[0].sample

    @property
    def name(self) -> str:
        """Unique in a report, for humans."""
        return f"{self.label} · {self.first.path}"

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Without the runs they came from."""
        return tuple(taken.sample for taken in self.taken)


@dataclass(frozen=True)
class Comparing:
    """How the cells of a report are compared with their baseline."""

    base: str
    """The baseline's name."""
    comparisons: int
    """Cells whose intervals are to hold together."""
    margin_percent: float
    """What is called no difference."""
    looks: int = 0
    """Statements more with which the intervals must hold together."""


def build_cell(source: Source, baseline: Source | None, *, comparing: Comparing, cpus: int) -> Cell:
    """Numbers of one cell; ``cpus`` is the count in each of the lab's kernels."""
    is_baseline = baseline is source
    cpu = cpu_use(source.samples, cpus)
    cost = cpu_us_per_request(source.samples, cpu)
    softirqs, softirq_intervals = softirqs_per_request(source.samples)
    return Cell(
        profile=source.first.profile,
        label=source.label,
        stack=source.stack,
        runs=source.runs,
        path=source.first.path,
        name=source.name,
        load=source.first.load,
        is_baseline=is_baseline,
        rounds=len(source.taken),
        requests=sum(sample.wrk.requests for sample in source.samples),
        rate=rate(source.samples),
        latency=latency(source.samples),
        corrected_latency=corrected_latency(source.samples),
        change=None if is_baseline else change(source, baseline, comparing),
        cpu=cpu,
        cpu_us_per_request=cost,
        cpu_interval=cpu_interval(source.samples, cpus),
        softirqs_per_request=softirqs,
        softirq_intervals=softirq_intervals,
        hot_functions=hot_functions(source.hotspots),
        hot_groups=hot_groups(source.hotspots, cost if len(cpu) == 1 else None),
        profiler_samples=sum(found.total_samples for found in source.hotspots),
        side_by_side=side_by_side(source, baseline, cpus),
        processors=processor_use(source.samples),
    )


def rate(samples: Iterable[Sample]) -> Rate:
    """Summarise requests per second over the rounds."""
    rounds = tuple(sample.wrk.requests_per_second for sample in samples)
    summary = summarise(rounds)
    return Rate(
        median=summary.median,
        mean=summary.mean,
        min=summary.min,
        max=summary.max,
        spread_percent=100 * summary.spread,
        rounds=rounds,
    )


def latency(samples: Iterable[Sample]) -> Latency | None:
    """Percentiles of all requests of all rounds together; None when no request was answered in time.

    A sample whose requests are not known one by one is left out; `netlab.report.compute.checks` names it.
    """
    rounds = precision.merged_by_build((one.build, one.wrk.histogram) for one in samples if one.wrk.histogram)
    histogram = merge_histograms(rounds)
    if histogram.total == 0:
        return None
    curve = zip(quantiles(histogram, list(_CDF)), (100 * float(share) for share in _CDF), strict=True)
    values = percentiles(histogram)
    return Latency(**values, intervals=precision.of_percentiles(rounds, values), cdf=tuple(curve))


def corrected_latency(samples: Iterable[Sample]) -> Percentiles | None:
    """Return the same as wrk corrected it."""
    known = (one for one in samples if one.wrk.corrected_histogram)
    rounds = precision.merged_by_build((one.build, one.wrk.corrected_histogram) for one in known)
    histogram = merge_histograms(rounds)
    if histogram.total == 0:
        return None
    values = percentiles(histogram)
    return Percentiles(**values, intervals=precision.of_percentiles(rounds, values))


def percentiles(histogram: Histogram) -> dict[str, float]:
    """Percentiles, mean and longest of at least one response time, µs, by the names that `Percentiles` has."""
    p50, p90, p99, most = quantiles(histogram, (0.5, 0.9, 0.99, 1))
    return {"p50_us": p50, "p90_us": p90, "p99_us": p99, "mean_us": histogram.mean, "max_us": most}


def change(source: Source, baseline: Source | None, comparing: Comparing) -> Change:
    """Difference of requests/s from the baseline of the same round."""
    return change_of(ratio_of(source, baseline), comparing)


def change_of(ratio: Ratio, comparing: Comparing) -> Change:
    """Write a ratio as the change that it is, with its interval and verdict."""
    margin = comparing.margin_percent
    alone = each(CONFIDENCE, comparing.comparisons + comparing.looks)
    found = percents(ratio.interval(alone))
    said = verdict(found, margin)
    needed = rounds_needed(found, ratio.units, margin, alone) if found and said == "cannot tell yet" else None
    several = ratio.groups > 1
    return Change(
        base=comparing.base,
        percent=None if ratio.value is None else 100 * (ratio.value - 1),
        low_percent=found.low if found else None,
        high_percent=found.high if found else None,
        confidence_percent=100 * CONFIDENCE,
        comparisons=comparing.comparisons,
        standard_error=ratio.error,
        pairs=ratio.n,
        margin_percent=margin,
        verdict=said,
        rounds_needed=needed and -(-needed * ratio.n // ratio.units),
        builds=ratio.groups,
        builds_needed=needed if several else None,
        between_builds_percent=_percent(ratio.spread.between),
        within_builds_percent=_percent(ratio.spread.within),
    )


def _percent(deviation: float | None) -> float | None:
    """Write a standard deviation of logarithms, which is small, in % of what they are of."""
    return None if deviation is None else 100 * deviation


def ratio_of(source: Source, baseline: Source | None) -> Ratio:
    """Compare requests/s with those of the baseline in the same rounds."""
    bases = by_round(baseline.taken if baseline else ())
    return ratio_by_round(by_round(source.taken), bases, builds_by_round(source.taken))


def builds_by_round(taken: Iterable[Taken]) -> dict[tuple[str, int], int]:
    """Return each sample's build of the hosts by run and round."""
    return {one.round: one.sample.build for one in taken}


def by_round(taken: Iterable[Taken]) -> dict[tuple[str, int], float]:
    """Requests/s by run and round."""
    return {one.round: one.sample.wrk.requests_per_second for one in taken}


def comparable(source: Source, baseline: Source | None) -> bool:
    """Whether a cell has rounds enough to be compared with another than itself."""
    rounds = {one.round for one in baseline.taken} if baseline and baseline is not source else set()
    return sum(one.round in rounds for one in source.taken) >= FEWEST_ROUNDS


def percents(ratio: Interval | None) -> Interval | None:
    """Write a ratio as the difference from 1 in %."""
    return ratio and Interval(*(100 * (value - 1) for value in (ratio.value, ratio.low, ratio.high)))


def hot_functions(hotspots: Iterable[HotSpots]) -> tuple[HotFunctionShare, ...]:
    """Name the functions that took most time, most first."""
    counts = _busy_samples(hotspots)
    return tuple(
        HotFunctionShare(symbol=symbol, group=group, percent=100 * count / counts.total())
        for (symbol, group), count in counts.most_common(TOP_FUNCTIONS)
    )


def hot_groups(hotspots: Iterable[HotSpots], cost_us: float | None) -> tuple[GroupShare, ...]:
    """Time by subsystem, most first; ``cost_us`` is the cell's CPU time per request, which they share out."""
    counts = _busy_samples(hotspots)
    groups: Counter[str] = Counter()
    for (_, group), count in counts.items():
        groups[group] += count
    return tuple(
        GroupShare(
            group=group,
            percent=100 * count / counts.total(),
            us_per_request=None if cost_us is None else cost_us * count / counts.total(),
            change_us_per_request=None,
        )
        for group, count in groups.most_common()
    )


def _busy_samples(hotspots: Iterable[HotSpots]) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for function in (function for found in hotspots for function in found.functions):
        if function.group != "idle":
            counts[function.symbol, function.group] += function.samples
    return counts


def against(cell: Cell, baseline: Cell | None) -> Cell:
    """Compare the costs of the cell's subsystems with the baseline's; a vanished subsystem stays visible as 0."""
    if baseline is None or baseline is cell or not costed(cell) or not costed(baseline):
        return cell
    before = {share.group: share.us_per_request or 0.0 for share in baseline.hot_groups}
    gone = [group for group in before if group not in {share.group for share in cell.hot_groups}]
    shares = (
        *cell.hot_groups,
        *(GroupShare(group=name, percent=0, us_per_request=0, change_us_per_request=None) for name in gone),
    )
    return cell.model_copy(update={"hot_groups": tuple(_compared(share, before) for share in shares)})


def costed(cell: Cell) -> bool:
    """Whether a cell's CPU time is known by subsystem."""
    return bool(cell.hot_groups) and cell.hot_groups[0].us_per_request is not None


def _compared(share: GroupShare, before: dict[str, float]) -> GroupShare:
    spent = share.us_per_request or 0.0
    return share.model_copy(update={"change_us_per_request": spent - before.get(share.group, 0.0)})
