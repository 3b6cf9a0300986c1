"""A rule by which a measurement is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from netlab.model.lab import Clock

Item = TypeVar("Item")
When = Literal["before", "sample", "report", "profiles"]
"""``before``: by 'netlab doctor --bench', nothing of it is recorded in a run; ``sample``: of each sample;
``report``: of all rounds together; ``profiles``: when all profiles of a run are proven, before any is measured."""
BOTH: tuple[Clock, ...] = ("real", "virtual")
REAL: tuple[Clock, ...] = ("real",)


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One rule."""

    name: str
    measured: str
    """What, with what it is a share of."""
    unit: str
    limit: float
    """Beyond which the rule is broken, in the unit."""
    side: Literal["above", "below"] = "above"
    """Where beyond is."""
    exclude: float | None = None
    """Beyond which, on the same side, a sample is taken again."""
    clocks: tuple[Clock, ...] = BOTH
    """On which it means something."""
    when: When
    consequence: str = "a warning"
    reason: str
    """Why the limit is where it is, and what the rule means on which clock."""
    says: str
    """Begins the warning, which goes on with what was found, and where."""
    then: str
    """What to do next, one sentence."""

    def broken(self, value: float) -> bool:
        """Whether a value, in the unit, is beyond the limit."""
        return value > self.limit if self.side == "above" else value < self.limit

    def worst_first(self, found: Iterable[Item], value: Callable[[Item], float]) -> list[Item]:
        """Sort what was found by its value, what is furthest on the side of the limit first."""
        return sorted(found, key=value, reverse=self.side == "above")

    def excludes(self, value: float) -> bool:
        """Whether a sample with this value is taken again."""
        return self.exclude is not None and value > self.exclude

    @property
    def limit_text(self) -> str:
        """Write ``more than 1 %``; ``any`` where none is usual."""
        if not self.limit:
            return "any"
        return f"{'more' if self.side == 'above' else 'less'} than {amount(self.limit, self.unit)}"


def amount(value: float, unit: str, digits: int | None = None) -> str:
    """Write a value with its unit: ``1.5 %``; a limit as it is, what was found with ``digits``."""
    text = f"{value:g}" if digits is None else f"{value:,.{digits}f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return f"{text}\N{NARROW NO-BREAK SPACE}{unit}".replace("-", "\N{MINUS SIGN}")
