"""Whether a prediction agrees with what was measured, by the interval of the difference between the two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from netlab.statistics import student

if TYPE_CHECKING:
    from netlab.statistics.interval import Interval
    from netlab.statistics.ratio import Ratio

Agreement = Literal["agrees", "differs", "cannot tell yet"]


def difference(one: Ratio, other: Ratio, confidence: float) -> Interval | None:
    """Interval of ``one`` minus ``other``, two ratios from different rounds; None where either has no error.

    Welch's t. The errors of the logarithms are taken to the ratios by their slope.
    """
    if one.value is None or other.value is None or one.error is None or other.error is None:
        return None
    error, freedom = student.welch((one.value * one.error, one.units), (other.value * other.error, other.units))
    return student.interval(one.value - other.value, error, freedom, confidence)


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
