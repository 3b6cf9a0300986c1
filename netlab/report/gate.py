"""What ``netlab gate`` shows, as frozen values."""

from __future__ import annotations

from typing import Literal

from netlab.model.frozen import Frozen
from netlab.report.values import Change
from netlab.statistics.bound import Judgement


class Judged(Frozen):
    """One cell against the loss that is allowed."""

    name: str
    """The cell's, unique in the gate."""
    label: str
    """The profile's, for humans."""
    path: str
    """How the client reaches the app."""
    change: Change | None
    """None where the cell was to be measured and has no sample."""
    judgement: Judgement
    """What the interval says of the loss that is allowed."""
    text: str
    """The same in words, with the figures."""


class Gate(Frozen):
    """All cells of a report against the loss that is allowed."""

    schema_version: Literal[1] = 1
    """1: the first."""
    title: str
    """The report's."""
    base: str
    """Name of the baseline's cell."""
    max_loss_percent: float
    """What may be lost, % of the baseline's requests/s."""
    runs: tuple[str, ...]
    """Their ids."""
    cells: tuple[Judged, ...]
    """Those that failed first, then those that cannot be told yet."""

    def named(self, judgement: Judgement) -> tuple[Judged, ...]:
        """Cells of one judgement."""
        return tuple(cell for cell in self.cells if cell.judgement == judgement)
