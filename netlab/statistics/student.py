"""Student's t: how far a mean of few values may be from the truth."""

from __future__ import annotations

from netlab.statistics.interval import Interval


def critical(freedom: float, confidence: float) -> float:
    """Half-width of a two-sided interval in standard errors, for so many degrees of freedom."""
    from scipy.special import stdtrit  # noqa: PLC0415 - scipy is slow to import, and most commands need none of it

    return float(stdtrit(freedom, (1 + confidence) / 2))


def interval(value: float, error: float, freedom: float, confidence: float) -> Interval:
    """Interval of an estimate with this standard error."""
    half = critical(freedom, confidence) * error
    return Interval(value, value - half, value + half)
