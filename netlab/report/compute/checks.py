"""What makes a number doubtful, one sentence each; what affects many cells alike is one sentence of them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.report.text.numbers import counted, interval, joined, number, percent
from netlab.statistics.littles_law import breaks_littles_law, in_flight
from netlab.statistics.ratio import FEWEST_ROUNDS
from netlab.statistics.verdict import MOST_ROUNDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlab.model.sample import Sample
    from netlab.report.compute.cells import Source
    from netlab.report.values import Cell, Change

NOISY_PERCENT = 5.0
STEAL_PERCENT = 1.0


def warnings(sources: Sequence[Source], cells: Sequence[Cell]) -> tuple[str, ...]:
    """Everything the reader must know before believing the numbers."""
    planned = {source.name: source.planned for source in sources}
    found = [text for source in sources for text in _of_samples(source)]
    found += _in_flight(sources)
    found += [text for cell in cells for text in _of_cell(cell, planned[cell.name])]
    found += _undecided(cells)
    found += _noise(cells)
    found += _steal(cells)
    return tuple(found)


def _in_flight(sources: Sequence[Source]) -> Iterator[str]:
    """Name in one sentence all samples that Little's law does not allow: on a busy machine they are many."""
    odd = {source.name: [sample for sample in source.samples if _odd(sample)] for source in sources}
    named = [f"{name} {_most(samples)}" for name, samples in odd.items() if samples]
    if named:
        yield (
            "Requests/s \N{MULTIPLICATION SIGN} mean response time makes another number of requests in flight than wrk "
            f"held connections (Little's law): {'; '.join(named)}. The client was saturated or the response times are "
            "wrong."
        )


def _most(samples: Sequence[Sample]) -> str:
    """Write those that are furthest off: ``8.0 instead of 4 (rounds 1, 3)``."""
    flying = [_flying(sample) or 0.0 for sample in samples]
    held = samples[0].load.connections
    furthest = max(flying, key=lambda found: abs(found - held))
    return f"{furthest:.1f} instead of {held} ({_rounds(samples)})"


def _undecided(cells: Sequence[Cell]) -> Iterator[str]:
    """Name in one sentence all cells whose interval decides nothing, and what would."""
    open_ = [
        (cell.name, change)
        for cell in cells
        if (change := cell.change) and change.verdict == "cannot tell yet" and change.low_percent is not None
    ]
    if open_:
        named = "; ".join(f"{name} ({interval(change)}; {_enough(change)})" for name, change in open_)
        yield f"Cannot tell yet whether these differ from the base: {named}."


def _enough(change: Change) -> str:
    if change.rounds_needed is None and change.builds > 1:
        return f"more than {number(MOST_ROUNDS)} builds would tell"
    if change.rounds_needed is None:
        return f"more than {number(MOST_ROUNDS)} rounds would tell"
    if change.builds_needed is not None:
        return f"about {counted(change.builds_needed, 'build')} would tell"
    return f"about {counted(change.rounds_needed, 'round')} would tell"


def _noise(cells: Sequence[Cell]) -> Iterator[str]:
    noisy = [cell for cell in cells if cell.rate.spread_percent > NOISY_PERCENT]
    if noisy:
        named = joined(f"{cell.name} by {percent(cell.rate.spread_percent)}" for cell in noisy)
        yield f"Requests/s spread between rounds ((max \N{MINUS SIGN} min)/mean): {named}."


def _steal(cells: Sequence[Cell]) -> Iterator[str]:
    """Name in one sentence all kernels that had to wait for a CPU: on a busy machine they are many."""
    taken: dict[tuple[str, ...], list[str]] = {}
    for name, kernel in ((cell.name, kernel) for cell in cells for kernel in cell.cpu):
        if kernel.percent["steal"] > STEAL_PERCENT:
            taken.setdefault(kernel.hosts, []).append(f"{name} {percent(kernel.percent['steal'])}")
    for hosts, named in taken.items():
        yield f"This machine took time of a CPU from {joined(hosts)} (steal): {joined(named)}."


def _of_samples(source: Source) -> Iterator[str]:
    yield from _failures(source)
    if unknown := [sample for sample in source.samples if sample.wrk.histogram is None]:
        yield (
            f"{source.name}: the response times leave out {_rounds(unknown)}, where wrk's correction for coordinated "
            "omission cannot be taken back: what is left is not as many requests as wrk counted."
        )
    if dropped := sum(kernel.softnet_dropped for sample in source.samples for kernel in sample.kernels):
        yield f"{source.name}: the kernel dropped {counted(dropped, 'packet')} because a backlog queue was full."
    if source.hotspots and not sum(found.total_samples for found in source.hotspots):
        yield f"{source.name}: the profiler took no sample, so its hot functions are not known."
    if strange := sum(found.unreadable_samples for found in source.hotspots):
        total = strange + sum(found.total_samples for found in source.hotspots)
        yield f"{source.name}: {strange} of the profiler's {total} samples cannot be read and are in no share."


def _failures(source: Source) -> Iterator[str]:
    failed = {
        kind: sum(getattr(sample.wrk.errors, kind) for sample in source.samples)
        for kind in type(source.first.wrk.errors).model_fields
    }
    if any(failed.values()):
        kinds = joined(f"{count} {kind}" for kind, count in failed.items() if count)
        yield f"{source.name}: {counted(sum(failed.values()), 'request')} failed ({kinds})."


def _odd(sample: Sample) -> bool:
    flying, load = _flying(sample), sample.load
    return flying is not None and breaks_littles_law(flying, load.connections, keepalive=load.keepalive)


def _flying(sample: Sample) -> float | None:
    """Return the mean number of requests under way; None where the response times are not known."""
    mean = sample.wrk.mean_latency_us
    return None if mean is None else in_flight(sample.wrk.requests_per_second, mean)


def _rounds(samples: Sequence[Sample]) -> str:
    word = "round" if len(samples) == 1 else "rounds"
    return f"{word} {joined(str(sample.round) for sample in samples)}"


def _of_cell(cell: Cell, planned: int) -> Iterator[str]:
    if cell.rounds < planned:
        yield f"{cell.name}: measured in {cell.rounds} of {counted(planned, 'round')}."
    yield from _of_comparison(cell)


def _of_comparison(cell: Cell) -> Iterator[str]:
    if cell.change is None:
        return
    if cell.change.low_percent is None:
        pairs = counted(cell.change.pairs, "round")
        yield f"{cell.name}: {pairs} with a baseline cannot tell a difference from chance; {FEWEST_ROUNDS} can."
    if cell.change.verdict == "higher":
        yield (
            f"{cell.name}: more requests/s than the base ({cell.change.base}). That happens where a path bypasses work "
            "that the host's own packets meet (its iptables, a qdisc), and is no mistake by itself."
        )
