"""How a cell compares with its baseline, round by round."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from netlab.statistics import student
from netlab.statistics.interval import Interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

_Round = TypeVar("_Round")
FEWEST_ROUNDS = 3
"""Two rounds give an interval with one degree of freedom: so wide that it only pretends to be an answer."""


@dataclass(frozen=True)
class Ratio:
    """Geometric mean of the ratios of ``n`` rounds; None where one of them had nothing to compare."""

    n: int
    value: float | None
    error: float | None
    """Standard error of the ratio's logarithm; None for fewer than `FEWEST_ROUNDS`."""

    def interval(self, confidence: float) -> Interval | None:
        """Student's t interval on the logarithm, taken back; None where too few rounds could have an error."""
        if self.value is None or self.error is None:
            return None
        logs = student.interval(math.log(self.value), self.error, self.n - 1, confidence)
        return Interval(self.value, math.exp(logs.low), math.exp(logs.high))


def paired_ratio(values: ArrayLike, baseline: ArrayLike) -> Ratio:
    """Geometric mean of ``values / baseline``, round by round.

    Pairing removes what a whole round has in common, and the logarithm makes "half" and "twice" equally far from
    "the same". Source: Fleming & Wallace, CACM 29(3), 1986, on means of ratios.
    """
    above, below = np.asarray(values, dtype=float), np.asarray(baseline, dtype=float)
    if above.shape != below.shape:
        raise ValueError("paired values must be as many as their baselines")
    if above.size == 0 or min(above.min(), below.min()) <= 0:
        return Ratio(above.size, None, None)
    logs = np.log(above / below)
    error = float(logs.std(ddof=1)) / logs.size**0.5 if logs.size >= FEWEST_ROUNDS else None
    return Ratio(logs.size, float(np.exp(logs.mean())), error)


def ratio_by_round(values: Mapping[_Round, float], baseline: Mapping[_Round, float]) -> Ratio:
    """Compare values with those of the baseline in the rounds, by whatever names them, that both have."""
    both = [name for name in values if name in baseline]
    return paired_ratio([values[name] for name in both], [baseline[name] for name in both])
