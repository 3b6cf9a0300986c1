"""Where the values of one cell lie, and how far apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Summary:
    """Location and spread of one cell's rounds, in the unit of the values; ``spread`` is (max - min) / mean."""

    n: int
    median: float
    mean: float
    min: float
    max: float
    spread: float


def summarise(values: ArrayLike) -> Summary:
    """Summary of at least one value."""
    data = np.asarray(values, dtype=float)
    if data.size == 0:
        raise ValueError("no values to summarise")
    low, high, mean = float(data.min()), float(data.max()), float(data.mean())
    spread = (high - low) / mean if mean else 0.0
    return Summary(data.size, float(np.median(data)), mean, low, high, spread)
