"""Print how often intervals over several builds are right, on simulated builds of which the truth is known.

    python -m scripts.builds [REPEATS]

A sample's logarithm is made up of what its build, its round and it alone have. Every interval of the columns "netlab"
comes from the functions that a report calls; the others are what it could have been instead.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netlab.statistics import student
from netlab.statistics.components import components
from netlab.statistics.family import each
from netlab.statistics.looks import LOOKS
from netlab.statistics.ratio import Ratio, geometric_mean
from netlab.statistics.verdict import CONFIDENCE
from scripts.intervals import PRECISION_PERCENT, REPEATS, SEED, critical, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from netlab.statistics.interval import Interval

    Logs = NDArray[np.float64]
    """Logarithms of the ratios to the baseline of the same round: a row per build, a column per round of each."""
    Method = Callable[[Logs], Interval | None]
    Column = Callable[[Generator, "Shape"], bool]

BUILDS = (1, 2, 3, 5, 10)
PER_BUILD = (3, 5, 10)
FEWEST_BUILDS = 2
FEW = (3,)
"""Where the number of rounds of a build hardly matters."""
COMPARISONS = 12
"""Of a report: as many as the default run has."""
PERCENT = 0.01


@dataclass(frozen=True)
class Shape:
    """How many builds, and rounds of each."""

    builds: int
    rounds: int


@dataclass(frozen=True)
class Noise:
    """Standard deviations of a ratio, in %."""

    between: float
    """Of what a whole build has in common."""
    within: float
    """Of single rounds of one build."""

    def draw(self, rng: Generator, shape: Shape) -> Logs:
        """Make up the builds of a cell that is equal to its baseline."""
        own = rng.normal(0, 1, (shape.builds, 1)) * self.between
        return PERCENT * (own + self.within * rng.normal(0, 1, (shape.builds, shape.rounds)))


ISSUE, QUIET, NONE = Noise(0.2, 0.1), Noise(0.02, 0.1), Noise(0.0, 0.1)
"""The second number is usual on the virtual clock."""


def main() -> None:
    """Print one table after the other."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS
    for title, columns in TABLES.items():
        print(f"{title}:\n")
        for line in table(columns, repeats, PER_BUILD if title == SINGLE else FEW):
            print(line, flush=True)
        print()
    print("Median half of an interval, in %:\n")
    for line in widths(repeats):
        print(line, flush=True)


def table(columns: dict[str, Column], repeats: int, per_build: Sequence[int] = PER_BUILD) -> Iterator[str]:
    """Write the share of experiments that come out so, in % with twice its standard error, as Markdown."""
    yield f"| builds | rounds of each | {' | '.join(columns)} |"
    yield f"|{'---|' * (len(columns) + 2)}"
    for shape in shapes(per_build):
        shares = [share(column, shape, repeats) for column in columns.values()]
        yield f"| {shape.builds} | {shape.rounds} | {' | '.join(percent(one, repeats) for one in shares)} |"


def shapes(per_build: Sequence[int]) -> Iterator[Shape]:
    """Return every number of builds with each of these numbers of rounds."""
    for builds in BUILDS:
        yield from (Shape(builds, rounds) for rounds in per_build)


def share(column: Column, shape: Shape, repeats: int) -> float:
    """Repeat the experiment; each column and shape has random numbers of its own that do not change."""
    rng = np.random.default_rng([SEED, shape.builds, shape.rounds])
    return sum(column(rng, shape) for _ in range(repeats)) / repeats


def by_rounds(logs: Logs) -> Ratio:
    """Take all rounds for those of one build, as netlab did."""
    return geometric_mean(logs.ravel())


def by_builds(logs: Logs) -> Ratio:
    """Do what a report does."""
    return geometric_mean(logs.ravel(), np.repeat(np.arange(len(logs)), logs.shape[1]).tolist())


def interval(found: Ratio, confidence: float = CONFIDENCE) -> Interval | None:
    """Return the interval."""
    return found.interval(confidence)


def by_components(logs: Logs, confidence: float = CONFIDENCE) -> Interval:
    """Add up both variances; where none seems to be between builds, all that counts is within them (Satterthwaite)."""
    builds, rounds = logs.shape
    spread = components(list(logs))
    between, within = (spread.between or 0.0) ** 2 / builds, (spread.within or 0.0) ** 2 / logs.size
    freedom = builds - 1 if between else builds * (rounds - 1)
    return student.interval(float(logs.mean()), math.sqrt(between + within), freedom, confidence)


def covers(noise: Noise, method: Method, truth: float = 1.0) -> Column:
    """Whether the interval of a single comparison holds the truth."""

    def column(rng: Generator, shape: Shape) -> bool:
        found = method(noise.draw(rng, shape))
        return found is not None and found.contains(truth)

    return column


def covers_unequal(noise: Noise) -> Column:
    """Whether netlab's does where every second build has lost all rounds but one."""

    def column(rng: Generator, shape: Shape) -> bool:
        logs = noise.draw(rng, shape)
        kept = [row[:1] if at % 2 else row for at, row in enumerate(logs)]
        groups = [at for at, row in enumerate(kept) for _ in row]
        return contains(geometric_mean(np.concatenate(kept), groups), CONFIDENCE)

    return column


def cries(noise: Noise, method: Callable[[Logs], Ratio]) -> Column:
    """Whether a report of equal cells, whose builds have nothing in common, calls any slower or faster."""
    confidence = each(CONFIDENCE, COMPARISONS)

    def column(rng: Generator, shape: Shape) -> bool:
        return not all(contains(method(noise.draw(rng, shape)), confidence) for _ in range(COMPARISONS))

    return column


def contains(found: Ratio, confidence: float) -> bool:
    """Whether the interval has the truth, which is that nothing differs."""
    known = found.interval(confidence)
    return known is not None and known.contains(1.0)


def misses(noise: Noise, comparisons: int) -> Column:
    """Whether a report that stops after the first build that makes it precise enough misses the truth anywhere."""
    confidence = each(CONFIDENCE, comparisons + LOOKS)

    def column(rng: Generator, shape: Shape) -> bool:
        cells = [noise.draw(rng, shape) for _ in range(comparisons)]
        stop = ended(np.array([cell.mean(axis=1) for cell in cells]), confidence)
        return not all(contains(by_builds(cell[:stop]), confidence) for cell in cells)

    return column


def ended(means: Logs, confidence: float) -> int:
    """Return the build after which every cell's interval is narrow enough, or the last; a row of means per cell."""
    for builds in range(FEWEST_BUILDS, means.shape[1]):
        errors = means[:, :builds].std(axis=1, ddof=1) / builds**0.5
        halves = np.exp(means[:, :builds].mean(axis=1)) * np.sinh(errors * critical(builds, confidence))
        if (100 * halves <= PRECISION_PERCENT).all():
            return builds
    return means.shape[1]


def widths(repeats: int) -> Iterator[str]:
    """Write how wide netlab's intervals are, as Markdown."""
    columns = [(noise, count) for noise in (ISSUE, NONE) for count in (1, COMPARISONS)]
    heads = [f"{noise.between:g} % between, {count} comparison{'s' * (count > 1)}" for noise, count in columns]
    yield f"| builds | rounds of each | {' | '.join(heads)} |"
    yield f"|{'---|' * (len(columns) + 2)}"
    for shape in shapes(FEW):
        halves = [half(noise, each(CONFIDENCE, count), shape, max(repeats // 4, 2)) for noise, count in columns]
        yield f"| {shape.builds} | {shape.rounds} | {' | '.join(f'{one:.2g}' for one in halves)} |"


def half(noise: Noise, confidence: float, shape: Shape, repeats: int) -> float:
    """Return the median half of an interval in %."""
    rng = np.random.default_rng([SEED, shape.builds, shape.rounds])
    found = [by_builds(noise.draw(rng, shape)).interval(confidence) for _ in range(repeats)]
    return float(np.median([50 * one.width for one in found if one]))


def _methods(noise: Noise) -> dict[str, Column]:
    name = f"{noise.between:g} % between, {noise.within:g} % within"
    return {
        f"{name}: rounds counted": covers(noise, lambda logs: interval(by_rounds(logs))),
        f"{name}: variances added": covers(noise, by_components, truth=0.0),
        f"{name}: netlab": covers(noise, lambda logs: interval(by_builds(logs))),
    }


SINGLE = "Single intervals over builds that hold the truth"
TABLES: dict[str, dict[str, Column]] = {
    SINGLE: {
        **_methods(ISSUE),
        **_methods(QUIET),
        "none between: netlab": covers(NONE, lambda logs: interval(by_builds(logs))),
        "0.2 % between, every second build has one round: netlab": covers_unequal(ISSUE),
    },
    "Reports over builds of 3 rounds that are wrong": {
        f"{COMPARISONS} equal comparisons, any called different: rounds counted": cries(ISSUE, by_rounds),
        "the same: netlab": cries(ISSUE, by_builds),
        f"stops at ± {PRECISION_PERCENT:g} %, 1 comparison, 2 % between: misses the truth": misses(Noise(2, 1), 1),
        f"the same, {COMPARISONS} comparisons, 1 % between": misses(Noise(1, 0.5), COMPARISONS),
    },
}


if __name__ == "__main__":
    main()
