"""Response times of many requests. Percentiles come from merged histograms, never from averages of percentiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Histogram:
    """Latencies in µs in rising order, and how many requests took each."""

    values: NDArray[np.int64]
    counts: NDArray[np.int64]

    @property
    def total(self) -> int:
        """All requests in the histogram."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        """Mean latency of at least one request in µs."""
        return float(self.values @ self.counts) / self.total


def merge_histograms(histograms: Iterable[Sequence[tuple[int, int]]]) -> Histogram:
    """One histogram of all requests of all rounds."""
    table = np.concatenate([_table(()), *map(_table, histograms)])
    values, places = np.unique(table[:, 0], return_inverse=True)
    counts = np.zeros(values.size, dtype=np.int64)
    np.add.at(counts, places, table[:, 1])
    return Histogram(values[counts > 0], counts[counts > 0])


def _table(histogram: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    return np.asarray(histogram, dtype=np.int64).reshape(-1, 2)


def quantiles(histogram: Histogram, fractions: Sequence[float]) -> tuple[float, ...]:
    """Smallest latency in µs that at least each fraction of the requests did not exceed (nearest rank, as wrk does)."""
    if histogram.total == 0:
        raise ValueError("an empty histogram has no quantiles")
    ranks = np.ceil(np.asarray(fractions) * histogram.total - 1e-9).clip(min=1)
    places = np.searchsorted(np.cumsum(histogram.counts), ranks)
    return tuple(float(value) for value in histogram.values[places])


def without_each(histograms: Sequence[Sequence[tuple[int, int]]]) -> Iterator[Histogram]:
    """All requests but those of one round, for each round."""
    together = merge_histograms(histograms)
    for histogram in histograms:
        values, own = _table(histogram).T
        counts = together.counts.copy()
        np.subtract.at(counts, np.searchsorted(together.values, values[own > 0]), own[own > 0])
        yield Histogram(together.values[counts > 0], counts[counts > 0])
