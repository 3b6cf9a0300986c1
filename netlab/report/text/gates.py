"""The table of rules by which a report was looked at, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.gates.gate import amount
from netlab.report.text.numbers import NONE, counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlab.report.values import GateResult

HEAD = ("gate", "found", "worst value", "limit", "what is measured")
CAPTION = (
    "Rules by which netlab looks at its own measurement (docs/gates.md). Those that are broken are among the warnings; "
    "a worst value within its limit is nothing to act on."
)


def rows(gates: Sequence[GateResult]) -> Iterator[tuple[str, ...]]:
    """Yield what the table's columns have, those that were looked at first."""
    for one in sorted(gates, key=lambda one: one.outcome == "not looked at"):
        worst = NONE if one.worst is None else _worst(one.worst, one.unit)
        yield one.name, _found(one), worst, _limit(one), one.measured


def _worst(value: float, unit: str) -> str:
    return amount(value, unit, 0 if value == round(value) else 1 if abs(value) >= 0.1 else 2)


def _limit(one: GateResult) -> str:
    if not one.limit:
        return "any"
    return f"{'above' if one.side == 'above' else 'below'} {amount(one.limit, one.unit)}"


def _found(one: GateResult) -> str:
    if one.outcome == "not looked at":
        return f"not looked at: {one.text}"
    again = f"; {counted(one.taken_again, 'sample')} taken again" if one.taken_again else ""
    return f"{'passed' if one.outcome == 'passed' else 'WARNING'}{again}"
