"""Runs → one row per sample, for those who want to compute for themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.report.compute.cells import percentiles
from netlab.report.values import KernelUse, Measured
from netlab.statistics.histogram import merge_histograms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from netlab.model.run import Run
    from netlab.model.sample import Counters, Sample

TICKS_PER_SECOND = 100


def measured(runs: Iterable[Run]) -> Iterator[Measured]:
    """Yield every sample that counts in the report, in the order in which they were measured, run by run."""
    for run in runs:
        for sample in run.samples:
            yield _measured(run.header.run_id, sample)


def _measured(run_id: str, sample: Sample) -> Measured:
    return Measured(
        run_id=run_id,
        round=sample.round,
        build=sample.build,
        position=sample.position,
        profile=sample.profile,
        path=sample.path,
        load=sample.load,
        started_at=sample.started_at,
        requests=sample.wrk.requests,
        received_bytes=sample.wrk.bytes,
        duration_us=sample.wrk.duration_us,
        requests_per_s=sample.wrk.requests_per_second,
        failed=sample.wrk.errors.model_dump(),
        times_us=percentiles(merge_histograms([sample.wrk.histogram])) if sample.wrk.histogram else {},
        kernels=tuple(_kernel(counters) for counters in sample.kernels),
    )


def _kernel(counters: Counters) -> KernelUse:
    cpu = {name: ticks / TICKS_PER_SECOND for name, ticks in counters.cpu.model_dump().items()}
    return KernelUse(hosts=counters.hosts, cpu_s=cpu, softirqs=counters.softirqs)
