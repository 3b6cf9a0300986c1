"""Whether a change is surely not below what is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from netlab.statistics.interval import Interval

Judgement = Literal["passed", "failed", "cannot tell yet"]


def judge(change: Interval | None, lowest: float) -> Judgement:
    """Judge a change by its interval: all of it at or above ``lowest`` passes, all of it below fails."""
    if change is None or change.low < lowest <= change.high:
        return "cannot tell yet"
    return "passed" if change.low >= lowest else "failed"
