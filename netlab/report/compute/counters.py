"""What the kernels of the lab counted during the samples of one cell: CPU time and softirqs, with intervals."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from netlab.model.sample import CpuTicks
from netlab.report.compute import precision
from netlab.report.values import CpuUse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlab.model.sample import Sample
    from netlab.report.values import Bounds

BUSY = ("user", "nice", "system", "irq", "softirq")
"""What costs: iowait is idle time by another name, and steal is somebody else's work."""


class Shares(NamedTuple):
    """CPU time by class, as `CpuUse` and `ProcessorUse` have it."""

    percent: dict[str, float]
    busy_percent: float
    intervals: dict[str, Bounds]


def cpu_use(samples: Sequence[Sample], cpus: int) -> tuple[CpuUse, ...]:
    """By kernel, over all rounds. Ticks measure their own window, so that its exact length does not matter."""
    return tuple(
        CpuUse(hosts=hosts, **shares(rows, samples, cpus)._asdict())
        for hosts, rows in ticks(samples).items()
        if any(map(Counter.total, rows))
    )


def ticks(samples: Sequence[Sample]) -> dict[tuple[str, ...], list[Counter[str]]]:
    """Ticks of each kernel by class, one count per sample."""
    found: dict[tuple[str, ...], list[Counter[str]]] = {}
    for at, sample in enumerate(samples):
        for counters in sample.kernels:
            found.setdefault(counters.hosts, [Counter() for _ in samples])[at].update(counters.cpu.model_dump())
    return found


def shares(rows: Sequence[Counter[str]], samples: Sequence[Sample], cpus: int = 1) -> Shares:
    """Turn ticks by class, a row per sample, into % of one of the processors that they are of."""

    def figures(spent: Mapping[str, float]) -> dict[str, float]:
        whole = sum(spent.values())
        return {name: 100 * cpus * spent.get(name, 0) / whole for name in CpuTicks.model_fields} if whole else {}

    percent = figures(sum(rows, Counter()))
    busy = sum(percent[name] for name in BUSY)
    return Shares(percent, busy, precision.of_sums(_by_build(rows, samples), figures))


def cpu_interval(samples: Sequence[Sample], cpus: int) -> Bounds | None:
    """Interval of `cpu_us_per_request`."""
    spent = ticks(samples)
    rows = [Counter(us=sample.wrk.duration_us, requests=sample.wrk.requests) for sample in samples]
    for number, counts in enumerate(spent.values()):
        for row, ticked in zip(rows, counts, strict=True):
            row.update({f"busy {number}": sum(ticked[name] for name in BUSY), f"all {number}": ticked.total()})

    def figures(total: Mapping[str, float]) -> dict[str, float]:
        whole = [total[f"all {number}"] for number in range(len(spent))]
        if not whole or not all(whole) or not total["requests"]:
            return {}
        busy = sum(cpus * total[f"busy {number}"] / all_ for number, all_ in enumerate(whole))
        return {"us": busy * total["us"] / total["requests"]}

    return precision.of_sums(_by_build(rows, samples), figures).get("us")


def cpu_us_per_request(samples: Sequence[Sample], cpu: Sequence[CpuUse]) -> float | None:
    """Busy µs of all kernels per request; None where nothing was counted, which is not zero."""
    requests = sum(sample.wrk.requests for sample in samples)
    if not cpu or not requests:
        return None
    busy = sum(kernel.busy_percent for kernel in cpu) / 100
    return busy * sum(sample.wrk.duration_us for sample in samples) / requests


def softirqs_per_request(samples: Sequence[Sample]) -> tuple[dict[str, float], dict[str, Bounds]]:
    """Count runs of each vector, over all kernels and rounds, with intervals; vectors that never ran are left out."""
    runs = [sum((Counter(counters.softirqs) for counters in sample.kernels), Counter()) for sample in samples]
    return per_request(runs, samples)


def per_request(runs: Sequence[Counter[str]], samples: Sequence[Sample]) -> tuple[dict[str, float], dict[str, Bounds]]:
    """Turn softirq runs by vector, a row per sample, into runs per request; vectors that never ran are left out."""
    requests = "requests"  # no vector is called so: the kernel's names are capitals
    rows = [row + Counter({requests: sample.wrk.requests}) for row, sample in zip(runs, samples, strict=True)]

    def figures(total: Mapping[str, float]) -> dict[str, float]:
        counted = {name: count for name, count in total.items() if count and name != requests}
        return {name: count / total[requests] for name, count in counted.items()} if total.get(requests) else {}

    whole = sum(rows, Counter())
    return figures(dict(whole.most_common())), precision.of_sums(_by_build(rows, samples), figures)


def _by_build(rows: Sequence[Counter[str]], samples: Sequence[Sample]) -> list[Counter[str]]:
    return precision.by_build(rows, [sample.build for sample in samples])
