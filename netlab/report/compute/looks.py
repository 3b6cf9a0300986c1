"""What it costs intervals that runs were looked at to decide when they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.statistics.looks import LOOKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlab.model.run import RunHeader
    from netlab.report.values import RunRef


def paid(runs: Sequence[RunHeader | RunRef]) -> int:
    """Return with how many statements more than there are the intervals of these runs must hold together."""
    return LOOKS if any(run.precision_percent is not None for run in runs) else 0
