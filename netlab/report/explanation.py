"""What ``netlab explain`` shows, as frozen values."""

from __future__ import annotations

from netlab.model.frozen import Frozen
from netlab.model.lab import Clock
from netlab.report.values import PathPicture


class Cost(Frozen):
    """CPU time per request; ``percent`` is of all that is added, or of all that is saved."""

    group: str
    us: float
    instructions: float | None
    """None on the real clock."""
    percent: float
    error_us: float | None = None
    """Of a change: twice its standard error."""


class CostChange(Frozen):
    """How a cell's CPU time per request differs from the baseline's, in µs; the parts add up to ``us``."""

    base: str
    us: float
    instructions: float | None
    cell_us: float
    base_us: float
    added: tuple[Cost, ...]
    """Most first."""
    saved: tuple[Cost, ...]
    """Most first; their ``us`` is negative."""
    rest: Cost
    """All changes that cannot be told from the chance of sampling, together; its share is of the larger side."""


class Story(Frozen):
    """One path: its picture, its cost, and the words for both."""

    path: str
    name: str
    picture: PathPicture | None
    costs: tuple[Cost, ...]
    """All that a request costs; empty where that is not known."""
    change: CostChange | None
    """Against the baseline; None for itself and where either is not known."""
    sentences: tuple[str, ...]


class Explanation(Frozen):
    """What ``netlab explain`` shows."""

    profile: str
    label: str
    description: str
    run_id: str
    clock: Clock
    base: str
    stories: tuple[Story, ...]
