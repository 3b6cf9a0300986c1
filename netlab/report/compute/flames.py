"""The profiler's chains of calls → a flame graph per cell, merged with the baseline's.

Both sides are in CPU µs per request, so that they can be compared: a share says nothing of how long a request takes.
The profiler samples; what differs by no more than twice the standard error of that is marked as such.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netlab.report.compute.cells import costed
from netlab.report.values import Flame, FlameFrame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from netlab.report.compute.cells import Source
    from netlab.report.values import Cell

LEAST = 0.005
"""Of the samples of either side, for a frame to be shown."""
_SURE = 2.0
_ALL = "all"
_Chain = tuple[str, ...]


@dataclass(frozen=True)
class _Side:
    """One cell's samples by chain, each with all that is below it; ``whole`` is what all of them are worth."""

    counts: Counter[_Chain]
    samples: int
    whole: float

    def value(self, chain: _Chain) -> float:
        return self.whole * self.share(chain)

    def share(self, chain: _Chain) -> float:
        return self.counts[chain] / self.samples if self.samples else 0.0

    def variance(self, chain: _Chain) -> float:
        """Of a binomial proportion."""
        share = self.share(chain)
        return self.whole**2 * share * (1 - share) / max(self.samples, 1)


_NOTHING = _Side(Counter(), 0, 0.0)


def of_cells(cells: Sequence[Cell], sources: Iterable[Source]) -> Iterator[Flame]:
    """Yield a graph per cell that has chains, compared with the baseline of its load."""
    counted = {source.name: _count(source) for source in sources}
    bases = {cell.load: cell for cell in cells if cell.is_baseline}
    for cell in cells:
        if counted[cell.name]:
            base = bases.get(cell.load)
            yield _flame(cell, base if base is not cell and base and counted[base.name] else None, counted)


def _count(source: Source) -> Counter[_Chain]:
    found: Counter[_Chain] = Counter()
    for stack in (stack for spots in source.hotspots for stack in spots.stacks):
        for depth in range(len(stack.frames) + 1):
            found[stack.frames[:depth]] += stack.samples
    return found


def _flame(cell: Cell, base: Cell | None, counted: dict[str, Counter[_Chain]]) -> Flame:
    known = costed(cell) and (base is None or costed(base))
    mine = _side(cell, counted[cell.name], known=known)
    theirs = _side(base, counted[base.name], known=known) if base else _NOTHING
    return Flame(
        name=cell.name,
        path=cell.path,
        base=base.name if base else None,
        unit="µs/request" if known else "% of the busy samples",
        samples=mine.samples,
        frames=tuple(_frame(chain, mine, theirs) for chain in _shown(mine, theirs)),
    )


def _side(cell: Cell, counts: Counter[_Chain], *, known: bool) -> _Side:
    return _Side(counts, counts[()], (cell.cpu_us_per_request or 0.0) if known else 100.0)


def _shown(mine: _Side, theirs: _Side) -> list[_Chain]:
    chains = {*mine.counts, *theirs.counts}
    return sorted(chain for chain in chains if max(mine.share(chain), theirs.share(chain)) >= LEAST)


def _frame(chain: _Chain, mine: _Side, theirs: _Side) -> FlameFrame:
    value, base = mine.value(chain), theirs.value(chain)
    error = math.sqrt(mine.variance(chain) + theirs.variance(chain))
    told = theirs.samples > 0 and abs(value - base) > _SURE * error
    return FlameFrame(depth=len(chain), name=chain[-1] if chain else _ALL, value=value, base_value=base, told=told)
