"""Who works where: CPU time and softirqs of each processor of each kernel, where kernels have several."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from netlab.report.compute.counters import per_request, shares
from netlab.report.values import ProcessorUse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlab.model.sample import ProcessorCounters, Sample

_Place = tuple[tuple[str, ...], str]
"""A kernel's hosts, and the name of one of its processors."""


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
    hosts, name = place
    softirqs, intervals = per_request([Counter(one.softirqs) for one in each], samples)
    return ProcessorUse(
        hosts=hosts,
        name=name,
        softirqs_per_request=softirqs,
        softirq_intervals=intervals,
        **shares([Counter(one.cpu.model_dump()) for one in each], samples)._asdict(),
    )
