"""Pure functions on measurements; what they return says how sure it is.

Latencies are µs, durations µs, rates 1/s. Percentiles come from merged histograms, never from averages of
percentiles; a comparison is made round by round, and answers only where the rounds can decide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import chain, combinations
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

Verdict = Literal["higher", "lower", "no difference shown", "cannot tell"]
Agreement = Literal["predicted", "intervals overlap", "apart", "cannot tell"]
CONFIDENCE = 0.95
FEWEST_ROUNDS = 3
"""Two rounds give an interval with one degree of freedom: so wide that it only pretends to be an answer."""
FEWEST_RANKED = 4
"""Three things are in the same order by chance once in six times."""

FULLEST = 1.01
"""More requests in flight than connections cannot be; a hundredth more, as wrk's threads start before its clock."""
EMPTIEST = 0.6
"""wrk is between two requests for up to a fifth of the time on one CPU; far below, the client cannot keep up."""


@dataclass(frozen=True)
class Summary:
    """Location and spread of one cell's rounds, in the unit of the values; ``spread`` is (max - min) / mean."""

    n: int
    median: float
    mean: float
    min: float
    max: float
    spread: float


@dataclass(frozen=True)
class Ratio:
    """How a cell compares with its baseline; ``low`` and ``high`` bound the confidence interval of ``value``."""

    n: int
    value: float | None
    low: float | None
    high: float | None
    verdict: Verdict


@dataclass(frozen=True)
class Interval:
    """An estimate and the bounds of its confidence interval, all in one unit."""

    value: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """Distance of the bounds."""
        return self.high - self.low

    def contains(self, value: float) -> bool:
        """Whether ``value`` is one of the interval's; its bounds are."""
        return self.low <= value <= self.high

    def overlaps(self, other: Interval) -> bool:
        """Whether some value is in both."""
        return self.low <= other.high and other.low <= self.high


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


def summarise(values: ArrayLike) -> Summary:
    """Summary of at least one value."""
    data = np.asarray(values, dtype=float)
    if data.size == 0:
        raise ValueError("no values to summarise")
    low, high, mean = float(data.min()), float(data.max()), float(data.mean())
    spread = (high - low) / mean if mean else 0.0
    return Summary(data.size, float(np.median(data)), mean, low, high, spread)


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


def agreement(measured: Interval | None, predicted: Interval | None, *, widest: float) -> Agreement:
    """Say whether a prediction agrees with what was measured.

    An interval wider than ``widest`` meets almost any other: that it does says nothing, that it does not still does.
    """
    if measured is None or predicted is None:
        return "cannot tell"
    if not measured.overlaps(predicted):
        return "apart"
    if max(measured.width, predicted.width) > widest:
        return "cannot tell"
    return "predicted" if measured.contains(predicted.value) else "intervals overlap"


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
    from scipy.stats import kendalltau  # noqa: PLC0415 - as above, and slower still

    tau = float(kendalltau(measured, predicted, variant="b").statistic)
    return None if math.isnan(tau) else tau


def merge_histograms(histograms: Iterable[Sequence[tuple[int, int]]]) -> Histogram:
    """One histogram of all requests of all rounds."""
    figures = chain.from_iterable(pair for histogram in histograms for pair in histogram)
    table = np.fromiter(figures, dtype=np.int64).reshape(-1, 2)
    values, places = np.unique(table[:, 0], return_inverse=True)
    counts = np.zeros(values.size, dtype=np.int64)
    np.add.at(counts, places, table[:, 1])
    return Histogram(values[counts > 0], counts[counts > 0])


def quantiles(histogram: Histogram, fractions: Sequence[float]) -> tuple[float, ...]:
    """Smallest latency in µs that at least each fraction of the requests did not exceed (nearest rank, as wrk does)."""
    if histogram.total == 0:
        raise ValueError("an empty histogram has no quantiles")
    ranks = np.ceil(np.asarray(fractions) * histogram.total - 1e-9).clip(min=1)
    places = np.searchsorted(np.cumsum(histogram.counts), ranks)
    return tuple(float(value) for value in histogram.values[places])


def in_flight(rate: float, latency_us: float) -> float:
    """Mean number of requests under way, by Little's law."""
    return rate * latency_us / 1e6


def breaks_littles_law(flying: float, connections: int, *, keepalive: bool) -> bool:
    """Whether a closed loop of so many connections can have had so many requests under way (`in_flight`).

    Without keepalive the time to connect is outside wrk's latency, so that only "too many in flight" is impossible.
    """
    share = flying / connections
    return share > FULLEST or (keepalive and share < EMPTIEST)
