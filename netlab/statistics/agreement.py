"""Whether a prediction agrees with what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from netlab.statistics.interval import Interval

Agreement = Literal["predicted", "intervals overlap", "apart", "cannot tell"]


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
