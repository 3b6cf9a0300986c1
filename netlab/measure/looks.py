"""What a run knows after a round: how precise its comparisons are, as its report will say."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netlab.statistics.family import each
from netlab.statistics.looks import LOOKS
from netlab.statistics.ratio import ratio_by_round
from netlab.statistics.verdict import CONFIDENCE, rounds_to_half

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netlab.model.run import RunHeader
    from netlab.model.sample import Sample
    from netlab.statistics.ratio import Ratio

    _Cell = tuple[str, str, bool]


@dataclass(frozen=True)
class Look:
    """The widest interval after a round; none where nothing is compared."""

    round: int
    cell: str = ""
    """``calico-ipip/pod-ip``."""
    half_width_percent: float | None = 0.0
    """In % of the baseline's requests/s; None where the cell has too few rounds for an interval."""
    confidence: float = CONFIDENCE
    """Of each interval."""
    builds: int = 1
    """Of the rounds so far."""

    def within(self, precision_percent: float) -> bool:
        """Whether every comparison is so precise."""
        return self.half_width_percent is not None and self.half_width_percent <= precision_percent

    @property
    def text(self) -> str:
        """Write ``calico-ipip/pod-ip is known to ± 2.4 %``."""
        if self.half_width_percent is None:
            return f"{self.cell} has too few rounds for an interval"
        return f"{self.cell} is known to ± {self.half_width_percent:.2g} %" if self.cell else "nothing is compared"

    def rounds_for(self, precision_percent: float) -> int | None:
        """Say about how many rounds it takes at this spread; None where that cannot be told, or is too many."""
        if self.half_width_percent is None:
            return None
        units = self.round if self.builds == 1 else self.builds
        needed = rounds_to_half(self.half_width_percent, units, precision_percent, self.confidence)
        return needed and needed * self.round // units


class Rates:
    """Requests/s of each cell by round, as they come in, from several fleets at a time."""

    def __init__(self, header: RunHeader) -> None:
        self._base = header.baseline_profile, header.baseline_path
        self._builds = {round_: header.build_of(round_) for round_ in range(1, header.rounds + 1)}
        self._rates: dict[_Cell, dict[int, float]] = defaultdict(dict)
        self._turn = threading.Lock()

    def add(self, sample: Sample) -> None:
        """Take a sample that can be used; a control is in no comparison."""
        if not sample.control:
            with self._turn:
                cell = sample.profile, sample.path, sample.load.keepalive
                self._rates[cell][sample.round] = sample.wrk.requests_per_second

    def look(self, round_: int) -> Look:
        """Look at the rounds up to this one, as the report on them does."""
        ratios = {cell: one for cell, one in self._ratios(round_) if one.n}
        confidence = each(CONFIDENCE, sum(one.error is not None for one in ratios.values()) + LOOKS)
        halves = {cell: _half(one, confidence) for cell, one in ratios.items()}
        unknown = next((cell for cell, half in halves.items() if half is None), None)
        if unknown:
            return Look(round_, _name(unknown), None, confidence)
        widest = max(halves, key=lambda cell: halves[cell] or 0.0, default=None)
        if not widest:
            return Look(round_)
        return Look(round_, _name(widest), halves[widest], confidence, ratios[widest].groups)

    def _ratios(self, round_: int) -> Iterator[tuple[_Cell, Ratio]]:
        known = {cell: _until(round_, rates) for cell, rates in self._rates.items()}
        for cell, rates in known.items():
            profile, path, keepalive = cell
            if (profile, path) != self._base:
                yield cell, ratio_by_round(rates, known.get((*self._base, keepalive), {}), self._builds)


def _until(round_: int, rates: dict[int, float]) -> dict[int, float]:
    return {number: rate for number, rate in rates.items() if number <= round_}


def _half(ratio: Ratio, confidence: float) -> float | None:
    found = ratio.interval(confidence)
    return 100 * found.width / 2 if found else None


def _name(cell: _Cell) -> str:
    profile, path, keepalive = cell
    return f"{profile}/{path}{'' if keepalive else ' without keepalive'}"
