"""How sure a figure is that is made of all rounds together, such as a percentile of all their requests."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from netlab.statistics import student
from netlab.statistics.interval import Interval
from netlab.statistics.ratio import FEWEST_ROUNDS

if TYPE_CHECKING:
    from collections.abc import Sequence


def jackknife(value: float, without: Sequence[float], confidence: float) -> Interval | None:
    """Interval of ``value``, from the same figure ``without`` each of the rounds; None for too few, or for zeros.

    Requests of one round are not independent of each other, rounds are: so it is rounds that are left out. On the
    logarithm, with Student's t for the few rounds there are; resampling three rounds (the bootstrap) has too few
    outcomes to be right 95 times in 100. Source: Tukey, Ann. Math. Statist. 29, 1958.
    """
    rounds = len(without)
    if rounds < FEWEST_ROUNDS or min(value, *without) <= 0:
        return None
    pseudo = rounds * math.log(value) - (rounds - 1) * np.log(np.asarray(without, dtype=float))
    logs = student.interval(math.log(value), float(pseudo.std(ddof=1)) / rounds**0.5, rounds - 1, confidence)
    return Interval(value, math.exp(logs.low), math.exp(logs.high))
