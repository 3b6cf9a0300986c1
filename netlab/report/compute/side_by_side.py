"""What the first experiment compared, a VM with a container: response time, throughput, softirqs.

Each figure is a quotient of sums over all rounds, with an interval by leaving out one round after the other. Its change
is the geometric mean of its ratios to the baseline's in the same rounds, with Student's t on their logarithms.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from netlab.report.compute import precision
from netlab.report.values import Bounds, Figure, SideBySide
from netlab.statistics.ratio import ratio_by_round
from netlab.statistics.verdict import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netlab.model.sample import Sample
    from netlab.report.compute.cells import Source


class _Quotient(NamedTuple):
    """A sample's figure is ``above / below``; that of several is the same of their sums."""

    above: float
    below: float


_Round = tuple[str, int]


def side_by_side(source: Source, baseline: Source | None, cpus: int) -> SideBySide:
    """Compare a cell with its baseline; ``cpus`` is the count in each of the lab's kernels."""
    other = None if baseline is source else baseline
    measures: dict[str, Callable[[Sample], _Quotient | None]] = {
        "mean_us": _mean_us,
        "requests_per_second": _rate,
        "user_percent": lambda sample: _cpu_percent(sample, cpus, "user"),
        "system_percent": lambda sample: _cpu_percent(sample, cpus, "system"),
        "softirq_percent": lambda sample: _cpu_percent(sample, cpus, "softirq"),
        "softirqs_per_request": _softirqs,
        "net_rx_per_request": lambda sample: _softirqs(sample, "NET_RX"),
    }
    return SideBySide(**{name: _figure(measure, source, other) for name, measure in measures.items()})


def _mean_us(sample: Sample) -> _Quotient | None:
    histogram = sample.wrk.histogram
    if not histogram:
        return None
    return _Quotient(*histogram.sums)


def _rate(sample: Sample) -> _Quotient:
    return _Quotient(sample.wrk.requests * 1e6, sample.wrk.duration_us)


def _cpu_percent(sample: Sample, cpus: int, mode: str) -> _Quotient | None:
    """In % of one CPU, all kernels together, weighted by how long the sample took."""
    ticks = [(getattr(kernel.cpu, mode), kernel.cpu.total) for kernel in sample.kernels]
    if not ticks or not all(whole for _, whole in ticks):
        return None
    percent = sum(100 * cpus * spent / whole for spent, whole in ticks)
    return _Quotient(percent * sample.wrk.duration_us, sample.wrk.duration_us)


def _softirqs(sample: Sample, vector: str | None = None) -> _Quotient | None:
    if not sample.kernels or not sample.wrk.requests:
        return None
    runs = (kernel.softirqs for kernel in sample.kernels)
    counted = sum(one.get(vector, 0) if vector else sum(one.values()) for one in runs)
    return _Quotient(counted, sample.wrk.requests)


def _figure(measure: Callable[[Sample], _Quotient | None], source: Source, baseline: Source | None) -> Figure:
    rounds = _rounds(measure, source)
    builds = {one.round: one.sample.build for one in source.taken}
    rows = precision.by_build([Counter(one._asdict()) for one in rounds.values()], [builds[at] for at in rounds])
    total = sum(one.below for one in rounds.values())
    bases = _rounds(measure, baseline) if baseline else {}
    ratio = ratio_by_round(_values(rounds), _values(bases), builds)
    found = ratio.interval(CONFIDENCE)
    return Figure(
        value=sum(one.above for one in rounds.values()) / total if total else None,
        interval=precision.of_sums(rows, _quotient).get("value"),
        change_percent=None if ratio.value is None else 100 * (ratio.value - 1),
        change=Bounds(low=100 * (found.low - 1), high=100 * (found.high - 1)) if found else None,
    )


def _quotient(sums: Mapping[str, float]) -> dict[str, float]:
    return {"value": sums["above"] / sums["below"]} if sums.get("below") else {}


def _rounds(measure: Callable[[Sample], _Quotient | None], source: Source) -> dict[_Round, _Quotient]:
    return {one.round: found for one in source.taken if (found := measure(one.sample))}


def _values(rounds: Mapping[_Round, _Quotient]) -> dict[_Round, float]:
    return {at: one.above / one.below for at, one in rounds.items() if one.below}
