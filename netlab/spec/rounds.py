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
    builds: int = 1
    """How many times the hosts are built, which the rounds are spread over; with a precision, at the most."""


def rounds_of(spec: LabSpec, clock: Clock, *, snapshots: bool) -> Rounds:
    """Return how many rounds the lab's runs have on this clock, on hosts with or without snapshots.

    On the real clock how far samples are from each other is a matter of the machine: between idle machines of one's own
    and emulated ones it differs tenfold, and so a hundredfold in rounds. There a run ends by what it measures.
    """
    builds = spec.rebuilds
    asked = spec.precision_percent is not None or spec.max_rounds is not None
    if not asked and (clock == "virtual" or spec.rounds is not None):
        many = spec.rounds or (FIXED if builds == 1 else FEWEST * builds)
        return Rounds(many, many, builds=builds)
    precision = spec.precision_percent or PRECISION_PERCENT
    most = MOST if snapshots else MOST_REAPPLIED
    if builds == 1:
        return Rounds(spec.rounds or FEWEST, spec.max_rounds or max(spec.rounds or 0, most), precision)
    each = -(-spec.rounds // builds) if spec.rounds else FEWEST
    if spec.max_rounds:
        each = min(each, spec.max_rounds // builds)
    fewest = max(each * builds, -(-FEWEST // each) * each)
    most = max(spec.max_rounds or max(fewest, most), fewest) // each * each
    return Rounds(fewest, most, precision, most // each)


def rounds_text(rounds: Rounds) -> str:
    """Write ``5 rounds``, or ``3 to 30 rounds, until every comparison is known to ± 2 %``; of builds, their number."""
    if rounds.precision_percent is None or rounds.fewest == rounds.most:
        return f"{_span(rounds.most, rounds.most, 'rounds')}{_builds_text(rounds)}"
    many = f"{_span(rounds.fewest, rounds.most, 'rounds')}{_builds_text(rounds)}"
    return f"{many}, until every comparison is known to ± {rounds.precision_percent:g} %"


def _builds_text(rounds: Rounds) -> str:
    if rounds.builds == 1:
        return ""
    fewest = rounds.builds * rounds.fewest // rounds.most
    return f" on {_span(fewest, rounds.builds, 'builds')} of the hosts"


def _span(fewest: int, most: int, noun: str) -> str:
    return f"{most} {noun}" if fewest == most else f"{fewest} to {most} {noun}"
