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
    before: float | None
    """Geometric mean over the rounds, in the comparison's measure: requests/s, or a share of the baseline's."""
    after: float | None
    rounds: tuple[int, int]
    percent: float | None
    low_percent: float | None
    high_percent: float | None
    verdict: Verdict


class Comparison(Frozen):
    """Two runs, cell by cell; the intervals of all cells hold together."""

    schema_version: Literal[1] = 1
    runs: tuple[RunRef, RunRef]
    measure: Measure
    confidence_percent: float
    margin_percent: float
    """What is called no difference."""
    environment: dict[str, tuple[str, str]]
    """What is not the same in the two environments, by name."""
    differences: tuple[Difference, ...]
    """What the two were not made of alike."""
    cells: tuple[Moved, ...]
    """Those that became slower first."""
    alone: tuple[str, ...]
    """Cells that only one of the runs has."""
