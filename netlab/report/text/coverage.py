"""What the intervals of a report cover: the rounds of one build of the hosts, or several builds; how these differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.report.text.numbers import NARROW, NONE, counted, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from netlab.report.values import Cell, Change, Report


def measured(change: Change) -> str:
    """Write ``5 rounds``, or ``6 rounds of 2 builds``."""
    rounds = counted(change.pairs, "round")
    return f"{rounds} of {counted(change.builds, 'build')}" if change.builds > 1 else rounds


def short(changes: Iterable[Change]) -> str:
    """Write ``rounds of one build``, ``3 builds``, or ``1 to 3 builds`` where not all cells have all of them."""
    found = sorted({change.builds for change in changes})
    if not found or found[-1] == 1:
        return "rounds of one build"
    return counted(found[0], "build") if len(found) == 1 else f"{found[0]} to {found[-1]} builds"


def sentence(changes: Sequence[Change]) -> str:
    """Say what intervals cover and what not, and how far builds and rounds are apart."""
    known = short(changes)
    if known == "rounds of one build":
        return f"Intervals cover the {known} of the hosts; what another build would change is in none (--rebuilds)."
    return f"Intervals cover {known} of the hosts, each booted and provisioned anew.{_deviations(changes)}"


def _deviations(changes: Sequence[Change]) -> str:
    between = _range(change.between_builds_percent for change in changes)
    within = _range(change.within_builds_percent for change in changes)
    if between == NONE:
        return ""
    return f" Standard deviation of a change: {between} between builds, {within} between the rounds of one build."


def _range(values: Iterable[float | None]) -> str:
    known = sorted(value for value in values if value is not None)
    if not known:
        return NONE
    least, most = number(known[0], 2), number(known[-1], 2)
    return f"{least if least == most else f'{least} to {most}'}{NARROW}%"


def deviation(value: float | None) -> str:
    """Write a standard deviation: ``0.12 %``."""
    return NONE if value is None else f"{number(value, 2)}{NARROW}%"


def compared(report: Report) -> list[tuple[Cell, Change]]:
    """Return the cells that have several builds to compare; none where all of the report is of one build."""
    return [(cell, cell.change) for cell in report.cells if cell.change and cell.change.builds > 1]


def rows(report: Report) -> Iterator[list[str]]:
    """Write cell, rounds, builds, and both standard deviations of its change."""
    for cell, change in compared(report):
        spread = (change.between_builds_percent, change.within_builds_percent)
        yield [cell.name, number(change.pairs), number(change.builds), *map(deviation, spread)]


HEAD = ("cell", "rounds", "builds", "between builds", "between rounds of one build")
"""Of a table of `rows`."""
CAPTION = (
    "Standard deviation of the change against the baseline: of what all rounds of a build have in common, and of "
    "single rounds of one build. 0 between builds: they are no further apart than their rounds explain."
)
