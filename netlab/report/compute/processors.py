"""Who works where: CPU time and softirqs of each processor of each kernel, where kernels have several."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from netlab.report.compute import precision
from netlab.report.compute.counters import BUSY
from netlab.report.values import ProcessorUse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from netlab.model.sample import ProcessorCounters, Sample

_Place = tuple[tuple[str, ...], str]
"""A kernel's hosts, and the name of one of its processors."""
_REQUESTS = "requests"
"""No vector is called so: the kernel's names are capitals."""


def processor_use(samples: Sequence[Sample]) -> tuple[ProcessorUse, ...]:
    """Sum up each processor's counters over all rounds; one that a round does not have is left out."""
    found: dict[_Place, list[ProcessorCounters]] = {}
    for sample in samples:
        for place, one in _of(sample):
            found.setdefault(place, []).append(one)
    return tuple(
        _use(place, each, samples)
        for place, each in found.items()
        if len(each) == len(samples) and any(one.cpu.total for one in each)
    )


def _of(sample: Sample) -> Iterator[tuple[_Place, ProcessorCounters]]:
    for kernel in sample.kernels:
        for one in kernel.processors:
            yield (kernel.hosts, one.name), one


def _use(place: _Place, each: Sequence[ProcessorCounters], samples: Sequence[Sample]) -> ProcessorUse:
    (hosts, name), builds = place, [sample.build for sample in samples]
    ticks = [Counter(one.cpu.model_dump()) for one in each]
    runs = [Counter({**one.softirqs, _REQUESTS: of.wrk.requests}) for one, of in zip(each, samples, strict=True)]
    percent, softirqs = _percent(sum(ticks, Counter())), _per_request(sum(runs, Counter()))
    return ProcessorUse(
        hosts=hosts,
        name=name,
        percent=percent,
        busy_percent=sum(percent.get(name, 0.0) for name in BUSY),
        intervals=precision.of_sums(precision.by_build(ticks, builds), _percent),
        softirqs_per_request=softirqs,
        softirq_intervals=precision.of_sums(precision.by_build(runs, builds), _per_request),
    )


def _percent(ticks: Mapping[str, float]) -> dict[str, float]:
    whole = sum(ticks.values())
    return {name: 100 * count / whole for name, count in ticks.items()} if whole else {}


def _per_request(runs: Mapping[str, float]) -> dict[str, float]:
    requests = runs.get(_REQUESTS)
    counted = {name: count for name, count in runs.items() if count and name != _REQUESTS}
    return {name: count / requests for name, count in counted.items()} if requests else {}
