"""A report in three sentences: what the networks cost, which path costs least and most, and how sure that is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from netlab.report.text import coverage, numbers, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlab.report.values import Cell, Change, Report

PATHS = ("nodeport-local", "nodeport-remote", "clusterip", "pod-ip", "pod-to-pod", "host")
"""What stands for a profile where there is room for one path: how users reach a Service comes first."""
_Compared = tuple["Cell", "Change"]


def sentences(report: Report) -> tuple[str, ...]:
    """Three, or the one reason why there is nothing to say."""
    found = [(cell, cell.change) for cell in report.cells if cell.change and cell.change.percent is not None]
    if not found:
        return (f"Nothing can be compared with {report.base}: no complete round holds a path and its baseline.",)
    return (_range(report, found), _side_by_side(found), _certainty(report, found))


def _range(report: Report, found: Sequence[_Compared]) -> str:
    least, most = _extremes(found)
    if least is most:
        return f"Behind {_through(most)} the app answers {_much(most)} requests per second than {report.base} does."
    paths = f"{numbers.counted(len(found), 'path')} of {numbers.counted(len(_networks(found)), 'network')}"
    return (
        f"Of {paths}, the cheapest ({_through(least)}) answers {_much(least)} requests per second than "
        f"{report.base}, the costliest ({_through(most)}) {_much(most)}."
    )


def _extremes(found: Sequence[_Compared]) -> tuple[_Compared, _Compared]:
    ranked = sorted(found, key=lambda one: one[1].percent or 0.0, reverse=True)
    return ranked[0], ranked[-1]


def _networks(found: Sequence[_Compared]) -> set[str]:
    return {cell.label for cell, _ in found}


def _much(one: _Compared) -> str:
    percent = one[1].percent or 0.0
    return f"{numbers.percent(abs(percent))} {'more' if percent > 0 else 'fewer'}"


def _through(one: _Compared) -> str:
    return f"{one[0].label} through {one[0].path}"


def _side_by_side(found: Sequence[_Compared]) -> str:
    """Compare networks by the path that most users take, or the paths of the one network that there is."""
    path = next((path for path in PATHS if len(_networks(_along(path, found))) > 1), None)
    chosen = _along(path, found) if path else found
    least, most = _extremes(chosen)
    if least is most:
        return f"Its 95 % confidence interval is {numbers.interval(most[1])}."
    where = f"Through {path}, {most[0].label}" if path else f"Of all, {most[0].path} of {most[0].label}"
    other = least[0].label if path else f"{least[0].path} of {least[0].label}"
    apart = "; the two intervals have no value in common" if _apart(least[1], most[1]) else _TOGETHER
    return f"{where} costs most ({_sure(most[1])}) and {other} least ({_sure(least[1])}){apart}."


_TOGETHER = "; their intervals overlap, so that this order may be chance"


def _along(path: str, found: Sequence[_Compared]) -> list[_Compared]:
    return [one for one in found if one[0].path == path]


def _apart(least: Change, most: Change) -> bool:
    bounds = most.high_percent, least.low_percent
    return bounds[0] is not None and bounds[1] is not None and bounds[0] < bounds[1]


def _sure(change: Change) -> str:
    if change.low_percent is None:
        return f"{numbers.difference(change)}, in too few rounds for an interval"
    return f"{numbers.difference(change)}, 95 % CI {numbers.interval(change)}"


def _certainty(report: Report, found: Sequence[_Compared]) -> str:
    counts = Counter(change.verdict for _, change in found)
    parts = [
        f"{counts[verdict]} {words.named(verdict, report.margin_percent)}"
        if said != "cannot tell yet"
        else f"{counts[verdict]} that cannot be told yet"
        for verdict, said in words.VERDICTS.items()
        if counts[verdict]
    ]
    rounds = sorted({change.pairs for _, change in found})
    many = numbers.counted(rounds[0], "round") if len(rounds) == 1 else f"{rounds[0]} to {rounds[-1]} rounds"
    if any(change.builds > 1 for _, change in found):
        many += f" of {coverage.short(change for _, change in found)}"
    return (
        f"How sure: {numbers.joined(parts)}, from {many} on the {report.environment.clock} clock; "
        "all of these intervals hold together with 95 % confidence."
    )


def by_network(cells: Sequence[Cell]) -> dict[str, list[Cell]]:
    """Sort the cells that are compared by what they are of, paths in the order in which users take them."""
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.change:
            found.setdefault(cell.label, []).append(cell)
    return {label: sorted(ones, key=place) for label, ones in found.items()}


def place(cell: Cell) -> int:
    """Rank a cell by its path, from the way that most users take."""
    return PATHS.index(cell.path) if cell.path in PATHS else len(PATHS)
