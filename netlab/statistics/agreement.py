"""Whether a prediction agrees with what was measured, by the interval of the difference between the two."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from netlab.statistics import student
from netlab.statistics.interval import Interval

if TYPE_CHECKING:
    from netlab.statistics.ratio import Ratio

Agreement = Literal["agrees", "differs", "cannot tell yet"]


def difference(one: Ratio, other: Ratio, confidence: float) -> Interval | None:
    """Interval of ``one`` minus ``other``, two ratios from different rounds; None where either has no error.

    Welch's t: the two need not be equally noisy. The errors of the logarithms are taken to the ratios by their slope.
    Source: Welch, Biometrika 34(1/2), 1947.
    """
    if one.value is None or other.value is None or one.error is None or other.error is None:
        return None
    gap, errors = one.value - other.value, (one.value * one.error, other.value * other.error)
    variance = errors[0] ** 2 + errors[1] ** 2
    if not variance:
        return Interval(gap, gap, gap)
    freedom = variance**2 / (errors[0] ** 4 / (one.n - 1) + errors[1] ** 4 / (other.n - 1))
    return student.interval(gap, math.sqrt(variance), freedom, confidence)


def agreement(found: Interval | None, margin: float) -> Agreement:
    """Say whether two figures agree, from the interval of their difference.

    They agree where every value of it is within ``margin``, however surely it is not zero. They differ where zero is
    not in it, and it reaches beyond the margin. Else it cannot be told: a wide interval agrees with nothing.
    """
    if found is None:
        return "cannot tell yet"
    if found.within(margin):
        return "agrees"
    return "cannot tell yet" if found.contains(0) else "differs"
