"""What a request costs more, or less, than on the baseline, by subsystem.

The profiler samples, so that a subsystem's share is known to within the chance of sampling: a change that is not
larger than twice its standard error is summed up with the others of that kind.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from netlab.report.explanation import Cost, CostChange

if TYPE_CHECKING:
    from netlab.model.lab import Clock
    from netlab.report.values import Cell, GroupShare

INSTRUCTIONS_PER_US = 250
"""On the virtual clock: one instruction is 4 ns (`netlab.hosts.qemu.machine.ICOUNT_SHIFT`)."""
_SURE = 2.0


def cost(group: str, us: float, of_us: float, clock: Clock, *, error_us: float | None = None) -> Cost:
    """Make a cost with its share of ``of_us``."""
    percent = 100 * us / of_us if of_us else 0.0
    return Cost(group=group, us=us, instructions=instructions(us, clock), percent=percent, error_us=error_us)


def instructions(us: float, clock: Clock) -> float | None:
    """How many instructions ``us`` are on this clock, where that is known."""
    return us * INSTRUCTIONS_PER_US if clock == "virtual" else None


def of_cell(cell: Cell, clock: Clock) -> tuple[Cost, ...]:
    """All that a request costs in a cell, by subsystem."""
    total = cell.cpu_us_per_request or 0.0
    return tuple(cost(share.group, share.us_per_request or 0.0, total, clock) for share in cell.hot_groups)


def change(cell: Cell, base: Cell, clock: Clock) -> CostChange:
    """Split the difference of two cells that are `costed`."""
    changes = {share.group: share.change_us_per_request or 0.0 for share in cell.hot_groups}
    errors = {group: _SURE * _error_us(group, cell, base) for group in changes}
    known = {group: us for group, us in changes.items() if abs(us) > errors[group]}
    rest = sum(changes.values()) - sum(known.values())
    more = sum(us for us in known.values() if us > 0) + max(rest, 0.0)
    less = sum(us for us in known.values() if us < 0) + min(rest, 0.0)
    parts = [
        cost(group, us, more if us > 0 else less, clock, error_us=errors[group])
        for group, us in sorted(known.items(), key=lambda one: -abs(one[1]))
    ]
    cell_us, base_us = cell.cpu_us_per_request or 0.0, base.cpu_us_per_request or 0.0
    return CostChange(
        base=f"{base.profile}/{base.path}",
        us=cell_us - base_us,
        instructions=instructions(cell_us - base_us, clock),
        cell_us=cell_us,
        base_us=base_us,
        added=tuple(part for part in parts if part.us > 0),
        saved=tuple(part for part in parts if part.us < 0),
        rest=cost("rest", rest, more if rest > 0 else less, clock),
    )


def _error_us(group: str, *cells: Cell) -> float:
    """Give the standard error of the difference between cells: a share is a binomial proportion."""
    return math.sqrt(sum(_variance(cell, group) for cell in cells))


def _variance(cell: Cell, group: str) -> float:
    share = next((_fraction(one) for one in cell.hot_groups if one.group == group), 0.0)
    return (cell.cpu_us_per_request or 0.0) ** 2 * share * (1 - share) / max(cell.profiler_samples, 1)


def _fraction(share: GroupShare) -> float:
    return share.percent / 100
