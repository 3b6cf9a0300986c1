"""The words of a comparison of two runs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from netlab.report.text import numbers, words

if TYPE_CHECKING:
    from netlab.report.comparison import Comparison, Moved

ALIKE = "The two environments are alike, and what was measured was made of the same things."


def summary(found: Comparison) -> str:
    """Count the verdicts: ``Of 13 cells 1 slower, 12 same within 1 %.``."""
    counts = Counter(words.named(cell.verdict, found.margin_percent) for cell in found.cells)
    said = numbers.joined(f"{numbers.number(count)} {verdict}" for verdict, count in counts.items())
    return f"Of {numbers.counted(len(found.cells), 'cell')} {said}."


def difference_rows(found: Comparison) -> list[list[str]]:
    """Write what is not the same in the two runs: what, before, after."""
    rows = [[name.replace("_", " "), *values] for name, values in found.environment.items()]
    for one in found.differences:
        what = f"{one.what} ({numbers.joined(one.profiles)})"
        rows.append([what, *(value or numbers.NONE for value in one.values)])
    return rows


def figures(found: Comparison, cell: Moved) -> tuple[str, str]:
    """Write what a cell was before and after, in the comparison's measure."""
    digits = 0 if found.measure == "requests/s" else 3
    return numbers.number(cell.before, digits), numbers.number(cell.after, digits)


def note(found: Comparison) -> str:
    """Say what the figures and intervals are."""
    confidence = f"{numbers.number(found.confidence_percent)}{numbers.NARROW}%"
    told = f"{found.measure}, geometric mean of the rounds; the intervals hold together with {confidence} confidence"
    return f"{told}, and cover {_covered(found)}"


def _covered(found: Comparison) -> str:
    """Say what of the hosts' builds is in the intervals."""
    before, after = (max((cell.builds[side] for cell in found.cells), default=1) for side in (0, 1))
    if before == after == 1:
        return "the rounds of one build of either's hosts, not what another build of them changes"
    many = (numbers.counted(builds, "build") for builds in (before, after))
    return "{} of the earlier run's hosts and {} of the later one's".format(*many)


def alone(found: Comparison) -> str:
    """Name the cells that were measured once; nothing where there are none."""
    return f"Only one of the runs has {numbers.joined(found.alone)}." if found.alone else ""
