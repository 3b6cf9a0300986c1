"""How a cell compares with its baseline, round by round, and how sure that is: over one group of rounds, or several.

Rounds of one group have more in common than those of different ones, so that more rounds of a group say nothing about
the others. Where there are several groups, these are counted: the estimate is the mean of their means, and its error
comes from how far these means are apart, which holds both variances, that between groups and that of the rounds. With
as many rounds in each it is exact for normal noise. To estimate both variances and add them up (Satterthwaite) is the
same where groups seem to differ, and where they seem not to, as a few do by chance, too narrow: of two groups, such
intervals hold the truth 90 times in 100 (``scripts/builds.py``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from netlab.statistics import student
from netlab.statistics.components import Components, components
from netlab.statistics.interval import Interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

_Round = TypeVar("_Round")
FEWEST_ROUNDS = 3
"""Two rounds give an interval with one degree of freedom: so wide that it only pretends to be an answer."""
_UNKNOWN = Components(None, None)


@dataclass(frozen=True)
class Ratio:
    """Geometric mean of the ratios of ``n`` rounds; None where one of them had nothing to compare."""

    n: int
    value: float | None
    error: float | None
    """Standard error of the ratio's logarithm; None for fewer than `FEWEST_ROUNDS`."""
    groups: int = 1
    """How many groups the rounds are of; where there are several, the error is of the mean of their means."""
    spread: Components = _UNKNOWN
    """Of the logarithms of the rounds' ratios."""

    @property
    def units(self) -> int:
        """Count what the error was made of: groups, or the rounds of one."""
        return self.groups if self.groups > 1 else self.n

    def interval(self, confidence: float) -> Interval | None:
        """Student's t interval on the logarithm, taken back; None where too few rounds could have an error."""
        if self.value is None or self.error is None:
            return None
        logs = student.interval(math.log(self.value), self.error, self.units - 1, confidence)
        return Interval(self.value, math.exp(logs.low), math.exp(logs.high))


def paired_ratio(values: ArrayLike, baseline: ArrayLike, groups: Sequence[int] | None = None) -> Ratio:
    """Geometric mean of ``values / baseline``, round by round; ``groups`` names the group of each round.

    Pairing removes what a whole round has in common, and the logarithm makes "half" and "twice" equally far from
    "the same". Source: Fleming & Wallace, CACM 29(3), 1986, on means of ratios.
    """
    above, below = np.asarray(values, dtype=float), np.asarray(baseline, dtype=float)
    if above.shape != below.shape:
        raise ValueError("paired values must be as many as their baselines")
    if above.size == 0 or min(above.min(), below.min()) <= 0:
        return Ratio(above.size, None, None)
    return geometric_mean(np.log(above / below), groups)


def ratio_by_round(
    values: Mapping[_Round, float], baseline: Mapping[_Round, float], groups: Mapping[_Round, int] | None = None
) -> Ratio:
    """Compare values with those of the baseline in the rounds, by whatever names them, that both have."""
    both = [name for name in values if name in baseline]
    known = None if groups is None else [groups[name] for name in both]
    return paired_ratio([values[name] for name in both], [baseline[name] for name in both], known)


def geometric_mean(logs: NDArray[np.float64], groups: Sequence[int] | None = None) -> Ratio:
    """Return the mean of at least one logarithm, taken back, with its error; every group counts alike."""
    names = np.zeros(logs.size, dtype=int) if groups is None else np.asarray(groups)
    parts = [logs[names == name] for name in dict.fromkeys(names.tolist())]
    units = np.array([part.mean() for part in parts]) if len(parts) > 1 else logs
    error = float(units.std(ddof=1)) / units.size**0.5 if logs.size >= FEWEST_ROUNDS else None
    return Ratio(logs.size, float(np.exp(units.mean())), error, len(parts), components(parts))
