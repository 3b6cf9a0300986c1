"""What ``netlab compare`` shows, as frozen values."""

from __future__ import annotations

from typing import Literal

from netlab.model.frozen import Frozen
from netlab.report.values import Difference, RunRef
from netlab.statistics.verdict import Verdict

Measure = Literal["requests/s", "requests/s against each run's own baseline"]


class Moved(Frozen):
    """One cell of two runs: by how much the second is above (or, negative, below) the first, in %."""

    name: str
    """The cell's, unique in the comparison."""
    before: float | None
    """Geometric mean over the earlier run's rounds, in the comparison's ``measure``: requests/s, or that divided by the
    baseline's."""
    after: float | None
    """The same of the later run."""
    rounds: tuple[int, int]
    """Number of rounds of the earlier and of the later run."""
    builds: tuple[int, int] = (1, 1)
    """Number of builds of the hosts that these are of; of a run with one, the interval does not cover what another
    build of its hosts would change."""
    percent: float | None
    """``after`` in % above ``before``; negative is below. None where either is missing."""
    low_percent: float | None
    """Lower bound of its interval, % of ``before``; None for fewer than three rounds."""
    high_percent: float | None
    """Upper bound, likewise in %."""
    verdict: Verdict
    """What the interval says: ``lower`` is slower than before."""


class Comparison(Frozen):
    """Two runs, cell by cell; the intervals of all cells hold together."""

    schema_version: Literal[1] = 1
    """1: the first."""
    runs: tuple[RunRef, RunRef]
    """The earlier and the later."""
    measure: Measure
    """What is compared, and its unit."""
    confidence_percent: float
    """Of the intervals of all cells together, %."""
    margin_percent: float
    """What is called no difference: within ± so many %."""
    environment: dict[str, tuple[str, str]]
    """What is not the same in the two environments, by name."""
    differences: tuple[Difference, ...]
    """What the two were not made of alike."""
    cells: tuple[Moved, ...]
    """Those that became slower first."""
    alone: tuple[str, ...]
    """Cells that only one of the runs has."""
