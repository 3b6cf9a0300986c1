"""Whether two series put the same things in the same order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlab.statistics.interval import Interval

FEWEST_RANKED = 4
"""Three things are in the same order by chance once in six times."""


@dataclass(frozen=True)
class RankAgreement:
    """How far one order of ``n`` things is another's: Kendall's tau-b, 1 for the same order, -1 for its reverse.

    ``settled`` counts the pairs of things whose measured intervals have no value in common, ``kept`` those of them
    that are predicted in the same order.
    """

    n: int
    tau: float | None
    settled: int
    kept: int

    @property
    def pairs(self) -> int:
        """All pairs of things."""
        return self.n * (self.n - 1) // 2


def rank_agreement(measured: Sequence[Interval], predicted: Sequence[float]) -> RankAgreement:
    """Compare the order of ``predicted`` with that of what was measured; no tau for fewer than `FEWEST_RANKED`.

    None too where all estimates of one side are the same, which is no order.
    """
    pairs = combinations(zip(measured, predicted, strict=True), 2)
    settled = [
        np.sign(one.value - two.value) == np.sign(mine - yours)
        for (one, mine), (two, yours) in pairs
        if not one.overlaps(two)
    ]
    tau = _kendall([one.value for one in measured], predicted) if len(measured) >= FEWEST_RANKED else None
    return RankAgreement(len(measured), tau, len(settled), sum(settled))


def _kendall(measured: Sequence[float], predicted: Sequence[float]) -> float | None:
    from scipy.stats import kendalltau  # noqa: PLC0415 - scipy is slow to import, and most commands need none of it

    tau = float(kendalltau(measured, predicted, variant="b").statistic)
    return None if math.isnan(tau) else tau
