"""What makes a number doubtful and has no limit that it is compared with; rules that have one are in `credibility`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.report.text.numbers import counted, interval, number, rounds_named
from netlab.statistics.ratio import FEWEST_ROUNDS
from netlab.statistics.verdict import MOST_ROUNDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlab.report.compute.cells import Source
    from netlab.report.values import Cell, Change


def warnings(sources: Sequence[Source], cells: Sequence[Cell]) -> tuple[str, ...]:
    """Everything the reader must know before believing the numbers."""
    planned = {source.name: source.planned for source in sources}
    found = [text for source in sources for text in _of_samples(source)]
    found += [text for cell in cells for text in _of_cell(cell, planned[cell.name])]
    found += _undecided(cells)
    return tuple(found)


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


def _of_samples(source: Source) -> Iterator[str]:
    if unknown := [sample.round for sample in source.samples if sample.wrk.histogram is None]:
        yield (
            f"{source.name}: the response times leave out {rounds_named(unknown)}, where wrk's correction for "
            "coordinated omission cannot be taken back: what is left is not as many requests as wrk counted."
        )
    if source.hotspots and not sum(found.total_samples for found in source.hotspots):
        yield f"{source.name}: the profiler took no sample, so its hot functions are not known."
    if strange := sum(found.unreadable_samples for found in source.hotspots):
        total = strange + sum(found.total_samples for found in source.hotspots)
        yield f"{source.name}: {strange} of the profiler's {total} samples cannot be read and are in no share."


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
