"""How one thing, measured twice in different rounds, has changed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netlab.statistics import student
from netlab.statistics.interval import Interval
from netlab.statistics.ratio import FEWEST_ROUNDS, Ratio

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def level(values: ArrayLike) -> Ratio:
    """Geometric mean of positive values in their own unit, with its error: a ratio to one of that unit."""
    data = np.asarray(values, dtype=float)
    if data.size == 0 or data.min() <= 0:
        return Ratio(data.size, None, None)
    logs = np.log(data)
    error = float(logs.std(ddof=1)) / logs.size**0.5 if logs.size >= FEWEST_ROUNDS else None
    return Ratio(logs.size, float(np.exp(logs.mean())), error)


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
        error, freedom = student.welch((self.after.error, self.after.n), (self.before.error, self.before.n))
        logs = student.interval(math.log(self.value), error, freedom, confidence)
        return Interval(self.value, math.exp(logs.low), math.exp(logs.high))
