"""How one thing, measured twice in different rounds, has changed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netlab.statistics import student
from netlab.statistics.interval import Interval
from netlab.statistics.ratio import Ratio, geometric_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


def level(values: ArrayLike, groups: Sequence[int] | None = None) -> Ratio:
    """Geometric mean of positive values in their own unit, with its error: a ratio to one of that unit.

    ``groups`` names the group of each value, as for `netlab.statistics.ratio.paired_ratio`.
    """
    data = np.asarray(values, dtype=float)
    if data.size == 0 or data.min() <= 0:
        return Ratio(data.size, None, None)
    return geometric_mean(np.log(data), groups)


@dataclass(frozen=True)
class Contrast:
    """``after`` over ``before``, which have no round in common."""

    before: Ratio
    after: Ratio

    @property
    def value(self) -> float | None:
        """The estimate; None where either is missing."""
        return None if self.before.value is None or self.after.value is None else self.after.value / self.before.value

    def interval(self, confidence: float) -> Interval | None:
        """Welch's t interval on the logarithm, taken back; None where either has no error."""
        if self.value is None or self.before.error is None or self.after.error is None:
            return None
        error, freedom = student.welch((self.after.error, self.after.units), (self.before.error, self.before.units))
        logs = student.interval(math.log(self.value), error, freedom, confidence)
        return Interval(self.value, math.exp(logs.low), math.exp(logs.high))
