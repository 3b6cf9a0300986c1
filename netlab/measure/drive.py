"""Runs a plan on all fleets, block by block, until it is done or, where that was asked, precise enough."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from netlab.errors import BenchmarkFailed
from netlab.measure.again import Again
from netlab.measure.block import Task, measure_block, stored
from netlab.measure.looks import Rates
from netlab.measure.pace import Pace
from netlab.measure.plan import plan_run
from netlab.model.run import Stop
from netlab.provision.parallel import work
from netlab.results.store import excluded, hotspots_folder, load_samples
from netlab.spec.rounds import Rounds, rounds_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from netlab.measure.looks import Look
    from netlab.measure.plan import Block
    from netlab.model.profile import Profile
    from netlab.model.run import RunHeader
    from netlab.progress import Progress
    from netlab.provision.session import Session


class Measurement:
    """A run that is being measured, or continued: whatever its folder holds already is kept and not measured again.

    A cell is profiled once, outside any timed sample: in the last round, on the hosts of its sample, where that can be
    used. Where nobody knows beforehand which round is the last, it is the first that may be.
    """

    def __init__(self, header: RunHeader, profiles: Mapping[str, Profile], folder: Path, progress: Progress) -> None:
        self._header = header
        self._profiles = profiles
        self._folder = folder
        self._progress = progress
        self._rates = Rates(header)
        self._plan = plan_run(header, profiles)
        samples = sum(len(block.targets) for block in self._plan)
        self._again = Again(header.environment, samples, excluded(folder))

    @property
    def outstanding(self) -> list[Block]:
        """Blocks that are still to be measured, wholly or in part; none of a round after the one that it ends at."""
        left = [block for block in self._plan if self._is_outstanding(block)]
        first = min((block.round for block in left), default=self._header.rounds + 1)
        return [] if self._ended_before(first) else left

    def take_stock(self, session: Session) -> None:
        """Look at what the run has already; MisfiledSample where hosts were another profile."""
        for block in self._plan:
            for sample in stored(session, self._task(block)):
                self._rates.add(sample)

    def measure(self, fleets: Sequence[Session]) -> Stop:
        """Measure what is outstanding, as far as it is needed; return why it was the end."""
        header, left = self._header, self.outstanding
        rounds = Rounds(header.fewest_rounds, header.rounds, header.precision_percent)
        cells = len({(block.profile, target) for block in self._plan for target in block.targets})
        pace = self._pace(len(fleets), left)
        with self._progress.step(f"measure {cells} cells in {rounds_text(rounds)}"):
            if header.precision_percent is None:
                self._work(fleets, left, pace)
                return Stop(reason="rounds", rounds=header.rounds)
            return self._until(header.precision_percent, fleets, left, pace)

    def kept(self) -> str:
        """Say how much of the run there is."""
        left = sum(map(self._is_outstanding, self._plan))
        return f"{len(self._plan) - left} of {len(self._plan)} blocks are measured, and every sample is kept"

    def refuse_silence(self) -> None:
        """Raise BenchmarkFailed where a profile has no sample that can be used."""
        samples, refused = load_samples(self._folder, self._header)
        measured = {sample.profile for sample in samples}
        silent = [profile.name for profile in self._header.profiles if profile.name not in measured]
        if silent:
            reason = next((f": {one.reason}" for one in refused if one.profile == silent[0]), "")
            raise BenchmarkFailed(
                f"{', '.join(silent)}: no sample of any path can be used{reason}",
                hint="everything is kept: 'netlab report' shows the other profiles, 'netlab up --profile' this one",
                log=self._folder / "raw",
            )

    def _until(self, precision: float, fleets: Sequence[Session], left: Sequence[Block], pace: Pace) -> Stop:
        """Look after each round from the fewest on; all fleets wait for the look."""
        before, number = 0, self._header.fewest_rounds
        while True:
            self._work(fleets, [block for block in left if before < block.round <= number], pace)
            look = self._rates.look(number)
            if look.within(precision) or number >= self._header.rounds:
                why = "precise enough" if look.within(precision) else "no more rounds are allowed"
                self._progress.note(f"the end, after round {number}, {why}: {look.text}, ± {precision:g} % is asked")
                return _stop(look, precision)
            pace.looked(number, look, precision)
            before, number = number, number + 1

    def _ended_before(self, first: int) -> bool:
        """Whether the run was precise enough after a round before the first that is not complete."""
        precision, fewest = self._header.precision_percent, self._header.fewest_rounds
        return precision is not None and any(self._rates.look(n).within(precision) for n in range(fewest, first))

    def _work(self, fleets: Sequence[Session], blocks: Iterable[Block], pace: Pace) -> None:
        work(fleets, [partial(self._measure, block=block, pace=pace) for block in blocks])

    def _measure(self, fleet: Session, block: Block, pace: Pace) -> None:
        begin = time.monotonic()
        for sample in measure_block(fleet, self._task(block)):
            self._rates.add(sample)
        pace.done(block, time.monotonic() - begin)

    def _pace(self, fleets: int, left: Sequence[Block]) -> Pace:
        pace = Pace(self._progress, self._plan, fleets, most=self._header.precision_percent is not None)
        for block in set(self._plan) - set(left):
            pace.done(block, None)
        return pace

    def _task(self, block: Block) -> Task:
        header, raw = self._header, self._folder / "raw"
        profiled = header.rounds if header.precision_percent is None else header.fewest_rounds
        return Task(
            block=block,
            profile=self._profiles[block.profile],
            folder=raw / block.folder,
            hotspots=hotspots_folder(raw, block.profile) if block.round == profiled else None,
            again=self._again,
        )

    def _is_outstanding(self, block: Block) -> bool:
        task = self._task(block)
        return bool(task.outstanding() or task.unprofiled())


def _stop(look: Look, precision: float) -> Stop:
    return Stop(
        reason="precision" if look.within(precision) else "max-rounds",
        rounds=look.round,
        widest=look.cell,
        half_width_percent=look.half_width_percent if look.cell else None,
    )
