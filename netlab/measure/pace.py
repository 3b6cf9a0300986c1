"""How long the rest of a run takes, from how long its blocks have taken."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING

from netlab.progress import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlab.measure.looks import Look
    from netlab.measure.plan import Block
    from netlab.progress import Progress


class Pace:
    """Tells how many of a plan's blocks are done, and how long the rest takes, once each kind of block was timed.

    So it is silent about the time in the first round, and right after it. ``most``: the plan may end earlier.
    """

    def __init__(self, progress: Progress, plan: Sequence[Block], fleets: int, *, most: bool) -> None:
        self._progress = progress
        self._left = {block.folder: block for block in plan}
        self._total = len(plan)
        self._rounds = max((block.round for block in plan), default=0)
        self._fleets = fleets
        self._most = most
        self._end = self._rounds
        """The round that is expected to be the last."""
        self._known = ""
        """What the last look found."""
        self._seconds: dict[tuple[str, int], list[float]] = defaultdict(list)
        self._turn = threading.Lock()

    def done(self, block: Block, seconds: float | None) -> None:
        """Count a block; of one that was there already, nobody knows how long it took."""
        with self._turn:
            self._left.pop(block.folder, None)
            if seconds is not None:
                self._seconds[block.kind].append(seconds)
                self._tell(block.round)

    def looked(self, round_: int, look: Look, precision_percent: float) -> None:
        """Take what a look after a round found, which was not precise enough."""
        with self._turn:
            self._known = f"{look.text}, ± {precision_percent:g} % is asked"
            needed = look.rounds_for(precision_percent) or self._rounds
            self._end = min(max(needed, round_ + 1), self._rounds)
            self._milestone(round_)

    def left(self) -> float | None:
        """Return the seconds until the end; None before each kind of block that is left was timed."""
        rest = [block.kind for block in self._left.values() if block.round <= self._end]
        means = {kind: sum(found) / len(found) for kind, found in self._seconds.items()}
        if any(kind not in means for kind in rest):
            return None
        return sum(means[kind] for kind in rest) / self._fleets

    def _tell(self, round_: int) -> None:
        more = f"round {round_} of {self._at_most}" + (f", {self._known}" if self._known else "")
        self._progress.rounds(self._total - len(self._left), self._total, self.left(), more=more)
        ended = all(block.round != round_ for block in self._left.values())
        if ended and not self._most:
            self._milestone(round_)

    def _milestone(self, round_: int) -> None:
        """Tell those who see no live display, once a round."""
        left = self.left()
        parts = [f"round {round_} of {self._at_most} is measured", self._known]
        parts += [f"{'about ' if self._most else ''}{duration(left)} left" if left else ""]
        self._progress.milestone(", ".join(filter(None, parts)))

    @property
    def _at_most(self) -> str:
        return f"at most {self._rounds}" if self._most else str(self._rounds)
