"""Student's t: how far a mean of few values may be from the truth."""

from __future__ import annotations

import math

from netlab.statistics.interval import Interval


def critical(freedom: float, confidence: float) -> float:
    """Half-width of a two-sided interval in standard errors, for so many degrees of freedom."""
    from scipy.special import stdtrit  # noqa: PLC0415 - scipy is slow to import, and most commands need none of it

    return float(stdtrit(freedom, (1 + confidence) / 2))


def welch(one: tuple[float, int], other: tuple[float, int]) -> tuple[float, float]:
    """Error of a difference of two means, and its degrees of freedom, from the error and the count of values of each.

    The two need not be equally noisy. Source: Welch, Biometrika 34(1/2), 1947.
    """
    parts = [(error**2, count - 1) for error, count in (one, other)]
    variance = sum(part for part, _ in parts)
    spread = sum(part**2 / freedom for part, freedom in parts)
    return math.sqrt(variance), variance**2 / spread if spread else math.inf


def interval(value: float, error: float, freedom: float, confidence: float) -> Interval:
    """Interval of an estimate with this standard error."""
    half = critical(freedom, confidence) * error
    return Interval(value, value - half, value + half)
