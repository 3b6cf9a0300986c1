"""An estimate with the bounds of its confidence interval."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """An estimate and the bounds of its confidence interval, all in one unit."""

    value: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """Distance of the bounds."""
        return self.high - self.low

    def contains(self, value: float) -> bool:
        """Whether ``value`` is one of the interval's; its bounds are."""
        return self.low <= value <= self.high

    def overlaps(self, other: Interval) -> bool:
        """Whether some value is in both."""
        return self.low <= other.high and other.low <= self.high

    def within(self, margin: float) -> bool:
        """Whether all its values are at most ``margin`` from zero."""
        return -margin <= self.low and self.high <= margin
