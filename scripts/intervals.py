"""Print how often netlab's intervals and verdicts are right, on simulated rounds of which the truth is known.

    python scripts/intervals.py [REPEATS]

Every verdict comes from the functions that a report calls. Rounds are made up: what a whole round has in common, and
the noise of each sample on top, both of the logarithm of requests/s. The same seed gives the same figures.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from netlab.spec.report import ReportSpec
from netlab.spec.rounds import MOST, MOST_REAPPLIED, PRECISION_PERCENT
from netlab.statistics import student
from netlab.statistics.agreement import agreement, difference
from netlab.statistics.family import each
from netlab.statistics.interval import Interval
from netlab.statistics.looks import LOOKS
from netlab.statistics.ratio import FEWEST_ROUNDS, paired_ratio
from netlab.statistics.verdict import CONFIDENCE, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from netlab.statistics.ratio import Ratio
    from netlab.statistics.verdict import Verdict

    Logs = NDArray[np.float64]
    """A row per cell, the baseline's first; a column per round."""
    Noise = Callable[[Generator, tuple[int, ...]], Logs]
    Column = Callable[[Generator, int], bool]
    """Whether one made-up experiment of so many rounds comes out as the column's head says."""

REPEATS = 2000
SEED = 20261128
ROUNDS = (3, 5, 10, 30)
CELLS = 13
"""Of a report, the baseline among them: as many as the default run has."""
NOISY = 4
"""How many times noisier than the others one path is, where one is."""
SPEC = ReportSpec()
PACED = (0.001, 0.005, 0.01, 0.02, 0.04)
"""Noises of a sample for which rounds are counted: from the virtual clock's to a busy machine's."""
MOSTS = (MOST_REAPPLIED, MOST)
LONGEST = 200
"""Rounds after which nobody waits."""


def main() -> None:
    """Print one table after the other."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS
    for title, columns in TABLES.items():
        print(f"{title}:\n")
        for line in table(columns, repeats):
            print(line, flush=True)
        print()
    print(f"Rounds until ± {PRECISION_PERCENT:g} %:\n")
    for line in pace(repeats):
        print(line, flush=True)


def table(columns: dict[str, Column], repeats: int) -> Iterator[str]:
    """Write the share of experiments that come out so, in % with twice its standard error, as Markdown."""
    yield f"| rounds | {' | '.join(columns)} |"
    yield f"|{'---|' * (len(columns) + 1)}"
    for rounds in ROUNDS:
        shares = [share(column, rounds, repeats) for column in columns.values()]
        yield f"| {rounds} | {' | '.join(percent(one, repeats) for one in shares)} |"


def share(column: Column, rounds: int, repeats: int) -> float:
    """Repeat the experiment; each column and number of rounds has random numbers of its own that do not change."""
    rng = np.random.default_rng([SEED, rounds])
    return sum(column(rng, rounds) for _ in range(repeats)) / repeats


def percent(found: float, repeats: int) -> str:
    """Write ``5.1 ± 0.7 %``."""
    return f"{100 * found:.1f} ± {200 * (found * (1 - found) / repeats) ** 0.5:.1f} %"


def normal(rng: Generator, shape: tuple[int, ...]) -> Logs:
    """Noise as in the textbook."""
    return rng.normal(0, 1, shape)


def skewed(rng: Generator, shape: tuple[int, ...]) -> Logs:
    """Noise with a long tail on the slow side, as a busy machine makes it."""
    return -rng.exponential(1, shape)


def outliers(rng: Generator, shape: tuple[int, ...]) -> Logs:
    """Noise of which one sample in ten has ten times as much."""
    return rng.normal(0, 1, shape) * np.where(rng.random(shape) < 0.1, 10, 1)


def sample(rng: Generator, rounds: int, scales: Sequence[float], noise: Noise = normal) -> Logs:
    """Make up the rounds of equal cells, each with a noise of its own; whole rounds differ by much more."""
    return 0.1 * rng.normal(0, 1, rounds) + np.array(scales)[:, None] * noise(rng, (len(scales), rounds))


def ratios(logs: Logs) -> list[Ratio]:
    """Compare each cell with the baseline, as a report does."""
    rates = np.exp(logs)
    return [paired_ratio(row, rates[0]) for row in rates[1:]]


def holds(found: Ratio, confidence: float, truth: float = 1.0) -> bool:
    """Whether the interval holds the truth."""
    interval = found.interval(confidence)
    return interval is not None and interval.contains(truth)


def covers(noise: Noise) -> Column:
    """Whether the interval of a single comparison holds the truth."""
    return lambda rng, rounds: holds(ratios(sample(rng, rounds, (0.01, 0.01), noise))[0], CONFIDENCE)


EQUAL = (0.01,) * CELLS
ONE_NOISY = (*EQUAL[1:], NOISY * 0.01)


def cries(scales: Sequence[float], comparisons: int) -> Column:
    """Whether a report of equal cells calls any slower or faster; each interval is one of so many."""
    confidence = each(CONFIDENCE, comparisons)
    return lambda rng, rounds: not all(holds(one, confidence) for one in ratios(sample(rng, rounds, scales)))


def cries_by_dunnett(scales: Sequence[float]) -> Column:
    """Whether it would with Dunnett's test, which pools the noise of all cells."""
    return lambda rng, rounds: bool(dunnett(sample(rng, rounds, scales)) > dunnett_limit(rounds))


def dunnett(logs: Logs) -> float | NDArray[np.float64]:
    """Dunnett's statistic in blocks, of each report: the largest difference from the baseline in standard errors."""
    cells, rounds = logs.shape[-2:]
    own = logs - logs.mean(axis=-2, keepdims=True)  # without what the round has in common
    rest = own - own.mean(axis=-1, keepdims=True)
    error = np.sqrt(2 * (rest**2).sum(axis=(-2, -1)) / ((cells - 1) * (rounds - 1) * rounds))
    return np.abs((logs[..., 1:, :] - logs[..., :1, :]).mean(axis=-1)).max(axis=-1) / error


@cache
def dunnett_limit(rounds: int, draws: int = 100_000) -> float:
    """Return what the statistic exceeds in 1 of 20 reports of equal, equally noisy cells."""
    rng = np.random.default_rng([SEED, rounds, draws])
    parts = [dunnett(rng.normal(0, 1, (draws // 100, CELLS, rounds))) for _ in range(100)]
    return float(np.quantile(np.concatenate(parts), CONFIDENCE))


def says(expected: Sequence[Verdict], truth: float, scale: float) -> Column:
    """Whether the verdict on one cell of a report, whose true change is ``truth`` in %, is one of those."""
    confidence = each(CONFIDENCE, CELLS - 1)

    def column(rng: Generator, rounds: int) -> bool:
        logs = sample(rng, rounds, (scale, scale)) + np.array([[0], [np.log1p(truth / 100)]])
        found = ratios(logs)[0].interval(confidence)
        percents = found and Interval(*(100 * (value - 1) for value in (found.value, found.low, found.high)))
        return verdict(percents, SPEC.margin_percent) in expected

    return column


def predicts(real: float, guess: float, apart: float = 0.0) -> tuple[Column, Column]:
    """Whether the interval of replica minus cluster holds the truth, and whether the two are said to agree.

    ``real`` and ``guess`` are the noises of the two, ``apart`` is the true difference in points.
    """

    def found(rng: Generator, rounds: int) -> Interval | None:
        cluster, replica = (ratios(sample(rng, rounds, (scale, scale)) + shift)[0] for scale, shift in shifted)
        return difference(replica, cluster, CONFIDENCE)

    shifted = [(real, np.log([[1], [0.8]])), (guess, np.log([[1], [0.8 + apart / 100]]))]
    return (
        lambda rng, rounds: bool((one := found(rng, rounds)) and one.contains(apart / 100)),
        lambda rng, rounds: agreement(found(rng, rounds), SPEC.margin_points / 100) == "agrees",
    )


@cache
def critical(rounds: int, confidence: float) -> float:
    """Half of an interval in standard errors."""
    return student.critical(rounds - 1, confidence)


def ended(logs: Logs, statements: int) -> int:
    """Return the round after which every interval of so many statements is known to the precision, or the last."""
    confidence = each(CONFIDENCE, statements)
    counts = np.arange(FEWEST_ROUNDS, logs.shape[1] + 1)
    apart = logs[1:] - logs[0]
    means, squares = (np.cumsum(values, axis=1)[:, FEWEST_ROUNDS - 1 :] / counts for values in (apart, apart**2))
    errors = np.sqrt(np.maximum(squares - means**2, 0) / (counts - 1))
    halves = np.exp(means) * np.sinh(errors * [critical(int(count), confidence) for count in counts])
    tight = (100 * halves <= PRECISION_PERCENT).all(axis=0)
    return int(counts[tight.argmax()] if tight.any() else counts[-1])


def misses(scales: Sequence[float], looks: int, noise: Noise = normal) -> Column:
    """Whether a report that stops at the precision has an interval without the truth; ``looks`` are paid for."""
    statements = len(scales) - 1 + looks

    def column(rng: Generator, rounds: int) -> bool:
        logs = sample(rng, rounds, scales, noise)
        found = ratios(logs[:, : ended(logs, statements)])
        return not all(holds(one, each(CONFIDENCE, statements)) for one in found)

    return column


def misses_alone(scales: Sequence[float], statements: int) -> Column:
    """Whether an interval that decides nothing, such as the control's, has not the truth in such a report."""

    def column(rng: Generator, rounds: int) -> bool:
        logs = sample(rng, rounds, (*scales, scales[0]))
        stop = ended(logs[:-1], len(scales) - 1 + LOOKS)
        return not holds(ratios(logs[:, :stop])[-1], each(CONFIDENCE, statements))

    return column


def pace(repeats: int) -> Iterator[str]:
    """Write how many rounds a report of equal cells takes to the precision, by the noise of a sample, as Markdown."""
    yield f"| noise of a sample | rounds, {CELLS - 1} comparisons | {' | '.join(f'done in {most}' for most in MOSTS)} |"
    yield f"|{'---|' * (2 + len(MOSTS))}"
    for scale in PACED:
        rng = np.random.default_rng([SEED, round(1e6 * scale)])
        stops = np.array([
            ended(sample(rng, LONGEST, (scale,) * CELLS), CELLS - 1 + LOOKS) for _ in range(max(repeats // 10, 2))
        ])  # fmt: skip
        done = " | ".join(f"{100 * (stops <= most).mean():.0f} %" for most in MOSTS)
        yield f"| {100 * scale:g} % | {np.median(stops):.0f} | {done} |"


SAME: tuple[Verdict, ...] = ("no difference at this precision",)
TABLES: dict[str, dict[str, Column]] = {
    "Single intervals that hold the truth": {
        "normal noise": covers(normal),
        "long tail on the slow side": covers(skewed),
        "one sample in ten is an outlier": covers(outliers),
    },
    f"Reports of {CELLS} equal cells that call any of them slower or faster": {
        "each interval by itself": cries(EQUAL, 1),
        "Dunnett": cries_by_dunnett(EQUAL),
        "netlab": cries(EQUAL, CELLS - 1),
        f"one path {NOISY} times as noisy: Dunnett": cries_by_dunnett(ONE_NOISY),
        f"one path {NOISY} times as noisy: netlab": cries(ONE_NOISY, CELLS - 1),
    },
    f"Verdicts on a cell of such a report, margin {SPEC.margin_percent:g} %, by the noise of a sample": {
        f"{truth}, noise {100 * scale:g} %": says(expected, change, scale)
        for scale in (0.001, 0.01)
        for truth, expected, change in (
            ("1 % slower: found", ("lower",), -1.0),
            ("equal: called same", SAME, 0.0),
            ("1.01 % slower: called same", SAME, -1.01),
        )
    },
    f"Reports that stop at ± {PRECISION_PERCENT:g} %, after so many rounds at the latest, and miss the truth": {
        "1 comparison, noise 2 %: looks not paid for": misses((0.02, 0.02), 0),
        "1 comparison, noise 2 %: netlab": misses((0.02, 0.02), LOOKS),
        "1 comparison, outliers: netlab": misses((0.01, 0.01), LOOKS, outliers),
        "12 comparisons, noise 1 %: netlab": misses(EQUAL, LOOKS),
        f"12, one path {NOISY} times as noisy: netlab": misses(ONE_NOISY, LOOKS),
        "12, the control": misses_alone(EQUAL, 1 + LOOKS),
        "12, one interval for itself": misses_alone(EQUAL, 1),
    },
    "Intervals of replica minus cluster that hold the truth, and agreement where there is none": {
        "both with noise 2 %": predicts(0.02, 0.02)[0],
        "cluster 5 %, replica 0.1 %": predicts(0.05, 0.001)[0],
        "5.01 points apart: called agreeing": predicts(0.02, 0.001, 5.01)[1],
    },
}


if __name__ == "__main__":
    main()
