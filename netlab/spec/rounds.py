"""How many rounds a run has, by what the lab's file says and by what its hosts are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netlab.model.lab import Clock
    from netlab.spec.lab import LabSpec

FEWEST = 3
"""Fewer give no interval."""
FIXED = 5
"""On the virtual clock samples of one cell are within 0.3 % of each other, and five rounds give ± 0.3 %."""
PRECISION_PERCENT = 2.0
MOST = 30
MOST_REAPPLIED = 10
"""Without snapshots each profile of each round is undone and played again, which takes minutes."""


@dataclass(frozen=True)
class Rounds:
    """From ``fewest`` to ``most`` rounds, until the precision is reached; exactly so many where none is asked."""

    fewest: int
    most: int
    precision_percent: float | None = None


def rounds_of(spec: LabSpec, clock: Clock, *, snapshots: bool) -> Rounds:
    """Return how many rounds the lab's runs have on this clock, on hosts with or without snapshots.

    On the real clock how far samples are from each other is a matter of the machine: between idle machines of one's own
    and emulated ones it differs tenfold, and so a hundredfold in rounds. There a run ends by what it measures.
    """
    asked = spec.precision_percent is not None or spec.max_rounds is not None
    if not asked and (clock == "virtual" or spec.rounds is not None):
        return Rounds(spec.rounds or FIXED, spec.rounds or FIXED)
    most = spec.max_rounds or max(spec.rounds or 0, MOST if snapshots else MOST_REAPPLIED)
    return Rounds(spec.rounds or FEWEST, most, spec.precision_percent or PRECISION_PERCENT)


def rounds_text(rounds: Rounds) -> str:
    """Write ``5 rounds``, or ``3 to 30 rounds, until every comparison is known to ± 2 %``."""
    if rounds.precision_percent is None or rounds.fewest == rounds.most:
        return f"{rounds.most} rounds"
    return (
        f"{rounds.fewest} to {rounds.most} rounds, until every comparison is known to ± {rounds.precision_percent:g} %"
    )
