"""What an interval says about a difference, and how many rounds it would take to say more."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from netlab.statistics import student
from netlab.statistics.ratio import FEWEST_ROUNDS

if TYPE_CHECKING:
    from netlab.statistics.interval import Interval

Verdict = Literal["lower", "higher", "no difference at this precision", "cannot tell yet"]
CONFIDENCE = 0.95
MOST_ROUNDS = 1000
"""How many more than that would tell is of no use to anyone."""


def verdict(change: Interval | None, margin: float) -> Verdict:
    """Read the verdict on a difference from its interval, so that the two never contradict each other.

    "No difference" is a claim of its own, not the absence of one: every value of the interval is within ``margin`` of
    zero. That is the two one-sided tests of equivalence, each at half of what the interval's confidence leaves.
    Source: Schuirmann, J. Pharmacokin. Biopharm. 15(6), 1987.
    """
    if change is None:
        return "cannot tell yet"
    if change.low > 0:
        return "higher"
    if change.high < 0:
        return "lower"
    return "no difference at this precision" if change.within(margin) else "cannot tell yet"


def rounds_needed(change: Interval, rounds: int, margin: float, confidence: float) -> int | None:
    """Fewest rounds whose interval would give a verdict, if estimate and spread stayed as they are; None: too many.

    ``change`` is the interval that ``rounds`` gave at this confidence.
    """
    off = abs(change.value)
    wanted = max(off, margin - off)  # narrow enough either to leave out zero or to be within the margin
    return rounds_to_half(change.width / 2, rounds, wanted, confidence)


def rounds_to_half(half_width: float, rounds: int, wanted: float, confidence: float) -> int | None:
    """Fewest rounds that make an interval as narrow as ``wanted``, half of it, at the same spread; None: too many.

    ``half_width`` is half of the interval that ``rounds`` gave at this confidence.
    """
    deviation = half_width * rounds**0.5 / student.critical(rounds - 1, confidence)
    low, high = FEWEST_ROUNDS, MOST_ROUNDS
    if _half(deviation, high, confidence) > wanted:
        return None
    while low < high:
        middle = (low + high) // 2
        if _half(deviation, middle, confidence) > wanted:
            low = middle + 1
        else:
            high = middle
    return low


def _half(deviation: float, rounds: int, confidence: float) -> float:
    return student.critical(rounds - 1, confidence) * deviation / math.sqrt(rounds)
