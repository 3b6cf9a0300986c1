"""Runs a plan on all fleets, block by block, until it is done or, where that was asked, precise enough."""

from __future__ import annotations

import time
from dataclasses import replace
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
            of_build = replace(session, build=self._header.build_name(self._header.build_of(block.round)))
            for sample in stored(of_build, self._task(block)):
                self._rates.add(sample)

    def measure(self, build: int, fleets: Sequence[Session]) -> Stop | None:
        """Measure what is outstanding of a build on its fleets; return why it was the end, None: another build is next.

        A build of which nothing is outstanding needs no fleets.
        """
        header, left = self._header, self._of(build, self.outstanding)
        pace = self._pace(len(fleets), build, left)
        with self._progress.step(f"measure {self._planned}{_number(build, header.builds)}"):
            if header.precision_percent is not None:
                return self._until(header.precision_percent, build, fleets, left, pace)
            self._work(fleets, left, pace)
            return Stop(reason="rounds", rounds=header.rounds) if build == header.builds else None

    def wanted(self, build: int) -> set[str]:
        """Name the profiles of which a build has something outstanding."""
        return {block.profile for block in self._of(build, self.outstanding)}

    @property
    def _planned(self) -> str:
        header = self._header
        cells = len({(block.profile, target) for block in self._plan for target in block.targets})
        rounds = Rounds(header.fewest_rounds, header.rounds, header.precision_percent, header.builds)
        return f"{cells} cells in {rounds_text(rounds)}"

    def _of(self, build: int, blocks: Iterable[Block]) -> list[Block]:
        return [block for block in blocks if self._header.build_of(block.round) == build]

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

    def _until(
        self, precision: float, build: int, fleets: Sequence[Session], left: Sequence[Block], pace: Pace
    ) -> Stop | None:
        """Look after each round from the fewest on, or at the end of the build; all fleets wait for the look."""
        before = 0
        for number in (one for one in self._header.looks if self._header.build_of(one) == build):
            self._work(fleets, [block for block in left if before < block.round <= number], pace)
            look = self._rates.look(number)
            if look.within(precision) or number >= self._header.rounds:
                why = "precise enough" if look.within(precision) else "no more rounds are allowed"
                self._progress.note(f"the end, after round {number}, {why}: {look.text}, ± {precision:g} % is asked")
                return _stop(look, precision)
            pace.looked(number, look, precision)
            before = number
        self._work(fleets, [block for block in left if block.round > before], pace)
        return None

    def _ended_before(self, first: int) -> bool:
        """Whether the run was precise enough after a round before the first that is not complete."""
        precision, looks = self._header.precision_percent, self._header.looks
        return precision is not None and any(self._rates.look(n).within(precision) for n in looks if n < first)

    def _work(self, fleets: Sequence[Session], blocks: Iterable[Block], pace: Pace) -> None:
        if jobs := [partial(self._measure, block=block, pace=pace) for block in blocks]:
            work(fleets, jobs)

    def _measure(self, fleet: Session, block: Block, pace: Pace) -> None:
        begin = time.monotonic()
        for sample in measure_block(fleet, self._task(block)):
            self._rates.add(sample)
        pace.done(block, time.monotonic() - begin)

    def _pace(self, fleets: int, build: int, left: Sequence[Block]) -> Pace:
        planned = self._of(build, self._plan)
        pace = Pace(self._progress, planned, max(fleets, 1), most=self._header.precision_percent is not None)
        for block in set(planned) - set(left):
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


def _number(build: int, builds: int) -> str:
    return f", build {build}" if builds > 1 else ""


def _stop(look: Look, precision: float) -> Stop:
    return Stop(
        reason="precision" if look.within(precision) else "max-rounds",
        rounds=look.round,
        widest=look.cell,
        half_width_percent=look.half_width_percent if look.cell else None,
    )
