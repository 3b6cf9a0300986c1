"""How a cell compares with its baseline: round by round, with an answer only where the rounds can decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Verdict = Literal["higher", "lower", "no difference shown", "cannot tell"]
CONFIDENCE = 0.95
FEWEST_ROUNDS = 3
"""Two rounds give an interval with one degree of freedom: so wide that it only pretends to be an answer."""


@dataclass(frozen=True)
class Ratio:
    """How a cell compares with its baseline; ``low`` and ``high`` bound the confidence interval of ``value``."""

    n: int
    value: float | None
    low: float | None
    high: float | None
    verdict: Verdict


def paired_ratio(values: ArrayLike, baseline: ArrayLike, *, confidence: float = CONFIDENCE) -> Ratio:
    """Geometric mean of ``values / baseline``, round by round, with Student's t interval on the logarithms.

    Pairing removes what a whole round has in common, and the logarithm makes "half" and "twice" equally far from
    "the same". Source: Fleming & Wallace, CACM 29(3), 1986, on means of ratios.
    """
    above, below = np.asarray(values, dtype=float), np.asarray(baseline, dtype=float)
    if above.shape != below.shape:
        raise ValueError("paired values must be as many as their baselines")
    if above.size == 0 or min(above.min(), below.min()) <= 0:
        return Ratio(above.size, None, None, None, "cannot tell")
    logs = np.log(above / below)
    centre = float(np.exp(logs.mean()))
    if logs.size < FEWEST_ROUNDS:
        return Ratio(logs.size, centre, None, None, "cannot tell")
    low, high = _t_interval(logs, confidence)
    return Ratio(logs.size, centre, float(np.exp(low)), float(np.exp(high)), _verdict(low, high))


def _t_interval(data: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    from scipy.special import stdtrit  # noqa: PLC0415 - scipy is slow to import, and most commands need none of it

    half = float(stdtrit(data.size - 1, (1 + confidence) / 2)) * float(data.std(ddof=1)) / data.size**0.5
    centre = float(data.mean())
    return centre - half, centre + half


def _verdict(low: float, high: float) -> Verdict:
    if low > 0:
        return "higher"
    return "lower" if high < 0 else "no difference shown"
