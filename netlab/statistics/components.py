"""Variance between groups of values and within them: the one-way random-effects model.

A value is the truth, plus what its whole group has in common, plus noise of its own. Source: Kalibera & Jones, Rigorous
benchmarking in reasonable time, ISMM 2013, whose levels these are two of; for groups of unlike sizes Searle, Casella &
McCulloch, Variance Components, 1992, chapter 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Components:
    """Standard deviations, in the unit of the values; None where no group has two values, or there is one group."""

    between: float | None
    """Of what groups have in common; 0 where they are no further apart than the noise within them explains."""
    within: float | None
    """Of the noise of single values."""


def components(groups: Sequence[Sequence[float]]) -> Components:
    """Estimate both from the mean squares between groups and within them (analysis of variance)."""
    values = [np.asarray(group, dtype=float) for group in groups]
    sizes = np.array([group.size for group in values])
    total, many = int(sizes.sum()), len(values)
    if total == many:
        return Components(None, None)
    within = sum(float(((group - group.mean()) ** 2).sum()) for group in values) / (total - many)
    if many == 1:
        return Components(None, within**0.5)
    means = np.array([group.mean() for group in values])
    between = float(sizes @ (means - sizes @ means / total) ** 2) / (many - 1)
    size = (total - float(sizes @ sizes) / total) / (many - 1)  # of a group, where all are of one size
    return Components(max((between - within) / size, 0.0) ** 0.5, within**0.5)
