"""One block: hosts become the profile, the benchmark role is played, and what came back is looked at.

What is there already counts: a block that was interrupted is continued with the targets that it has not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netlab.errors import MisfiledSample, ResultsError
from netlab.provision.states import states_of
from netlab.results.store import hotspots_file, refusals, refuse
from netlab.samples.sample import parse_sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from netlab.measure.again import Again
    from netlab.measure.plan import Block, Target
    from netlab.model.profile import Profile
    from netlab.model.sample import Sample
    from netlab.provision.session import Session

PERF_SECONDS = 1
ATTEMPTS = 2
"""How often a sample is taken until it is left out (docs/measuring.md)."""
CLUSTER_SETTLE_S = 30
"""A resumed cluster does what was due meanwhile, which samples would feel: at most so long is waited for it."""


@dataclass(frozen=True)
class Task:
    """A block, and where on this machine its files go."""

    block: Block
    profile: Profile
    folder: Path
    """Of its samples."""
    hotspots: Path | None
    """Of what the profiler sees; None where the block's cells are not profiled."""
    again: Again
    """Says which samples to take again although they can be used."""

    def outstanding(self) -> list[Target]:
        """Return what is still to be measured, in the block's order."""
        return [target for target in self.block.targets if self._is_outstanding(target)]

    def unprofiled(self) -> list[Target]:
        """Return what has a sample that can be used, and is still to be profiled."""
        if self.hotspots is None:
            return []
        cells = [one for one in self.block.targets if not one.control and (self.folder / one.raw).is_file()]
        return [one for one in cells if not hotspots_file(self.hotspots, one.file).is_file()]

    def _is_outstanding(self, target: Target) -> bool:
        raw = self.folder / target.raw
        return not raw.is_file() and refusals(raw) < ATTEMPTS


def stored(session: Session, task: Task) -> Iterator[Sample]:
    """Yield the block's samples that an interrupted run has left; those that cannot be used are refused."""
    there = [target for target in task.block.targets if (task.folder / target.raw).is_file()]
    yield from _accepted(session, task, there)


def measure_block(session: Session, task: Task) -> Iterator[Sample]:
    """Take the block's samples; those that measured failures once more, in the same state. Yield what can be used."""
    entered = False
    while True:
        chosen = task.outstanding()
        if chosen:
            _take(session, task, chosen)
            entered = True
            yield from _accepted(session, task, chosen)
        if waiting := task.unprofiled():
            if not entered:  # all samples were there already
                states_of(session).enter(task.profile)
                entered = True
            _profile(session, task, waiting)
        if not task.outstanding():
            return


def _accepted(session: Session, task: Task, chosen: Sequence[Target]) -> Iterator[Sample]:
    """Yield the samples that can be used, say of the others why not; MisfiledSample where hosts were not the block's.

    A sample that cannot is then kept under a name under which it counts no more.
    """
    block, tag = task.block, session.tag(task.profile) if chosen else None
    for target in chosen:
        raw = task.folder / target.raw
        try:
            sample = parse_sample(
                raw.read_bytes(),
                profile=block.profile,
                round_=block.round,
                position=block.position,
                snapshot=tag,
            )
        except ResultsError as error:
            attempt = refusals(raw) + 1
            kept = refuse(raw, attempt)
            if isinstance(error, MisfiledSample):
                error.log = kept
                raise
            then = "measured again" if attempt < ATTEMPTS else "left out"
            _warn(session, block, target, f"{error.message}; {then}")
        else:
            if not _disturbed(session, task, target, sample):
                yield sample.model_copy(update={"control": target.control})


def _disturbed(session: Session, task: Task, target: Target, sample: Sample) -> bool:
    """Whether the sample is to be taken again, because of what the machine did meanwhile; its last attempt counts."""
    raw = task.folder / target.raw
    attempt = refusals(raw) + 1
    why = task.again.reason(sample) if attempt < ATTEMPTS else None
    if why:
        refuse(raw, attempt, why)
        _warn(session, task.block, target, f"{why.reason}; measured again")
    return why is not None


def _warn(session: Session, block: Block, target: Target, text: str) -> None:
    session.progress.warn(f"{block.profile}/{target.file}, round {block.round}: {text}")


def _take(session: Session, task: Task, chosen: Sequence[Target]) -> None:
    """Take a sample of each target on hosts that are the profile: just resumed, or applied just now."""
    settle_s = CLUSTER_SETTLE_S if task.profile.cluster is not None else 0
    states_of(session).enter(task.profile)
    told = {"benchmark_dest": str(task.folder), "netlab_settle_s": settle_s}
    play(session, "bench", task.profile, chosen, told)


def _profile(session: Session, task: Task, chosen: Sequence[Target]) -> None:
    """Profile each target on the hosts as they were measured."""
    told = {"benchmark_hotspots_dest": str(task.hotspots), "benchmark_perf_seconds": PERF_SECONDS}
    play(session, "hotspots", task.profile, chosen, told)


def play(session: Session, playbook: str, profile: Profile, chosen: Sequence[Target], told: dict[str, Any]) -> None:
    """Play what drives the load along the targets' paths."""
    variables = {
        "benchmark_paths": [
            {
                "name": target.path,
                "file": target.file,
                "keepalive": target.keepalive,
                **profile.paths[target.path].model_dump(),
            }
            for target in chosen
        ],
        "netlab_names_pods": profile.names_pods,
        **told,
        **{f"benchmark_{name}": value for name, value in session.spec.load.model_dump().items()},
    }
    session.play(playbook, variables, accelerate=False)  # few tasks: less than Mitogen takes to begin
