"""Runs a plan: enter a profile, play the benchmark role, look at what came back; last, profile what can be used."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from netlab.errors import BenchmarkFailed, MisfiledSample, ResultsError
from netlab.measure.plan import Block, Target, plan_rounds
from netlab.provision.parallel import work
from netlab.provision.states import states_of
from netlab.results.store import hotspots_folder, load_samples, refuse
from netlab.samples.sample import parse_sample

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from netlab.model.profile import Profile
    from netlab.model.run import RunHeader
    from netlab.progress import Progress
    from netlab.provision.parallel import Job
    from netlab.provision.session import Session

PERF_SECONDS = 1
ATTEMPTS = 2
"""How often a sample is taken until it is left out (docs/measuring.md)."""
CLUSTER_SETTLE_S = 30
"""A resumed cluster does what was due meanwhile, which samples would feel: at most so long is waited for it."""


def measure(
    fleets: Sequence[Session], header: RunHeader, profiles: Mapping[str, Profile], folder: Path, progress: Progress
) -> None:
    """Take every sample of the run into ``folder/raw``, and profile every cell once, outside any timed sample.

    A cell is profiled in the last round, on the hosts of its sample, where that can be used. A sample that measured
    failures is taken again, and then left out; BenchmarkFailed, at the end, where a profile has none at all.
    """
    cells = targets(header, profiles)
    blocks = plan_rounds(cells, header.rounds, header.seed)
    pace = Pace(progress, len(blocks))

    def job_of(block: Block) -> Job:
        def job(fleet: Session) -> None:
            last = block.round == header.rounds
            hotspots = hotspots_folder(folder / "raw", block.profile) if last else None
            _measure(fleet, profiles[block.profile], block, folder / "raw" / block.folder, hotspots)
            pace.advance()

        return job

    with progress.step(f"measure {header.rounds} rounds of {sum(map(len, cells.values()))} cells"):
        work(fleets, map(job_of, blocks))
    _refuse_silence(header, folder)


def targets(header: RunHeader, profiles: Mapping[str, Profile]) -> dict[str, list[Target]]:
    """Return what is measured of each profile; the baseline under every load that any of them has."""
    loads = {name: _keepalive(profile, header) for name, profile in profiles.items()}
    found: dict[str, list[Target]] = {}
    for info in header.profiles:
        found[info.name] = [Target(path=path, keepalive=loads[info.name]) for path in info.paths]
    for keepalive in set(loads.values()) - {loads[header.baseline_profile]}:
        found[header.baseline_profile].append(Target(path=header.baseline_path, keepalive=keepalive))
    return found


def _keepalive(profile: Profile, header: RunHeader) -> bool:
    return header.load.keepalive if profile.keepalive is None else profile.keepalive


def _measure(session: Session, profile: Profile, block: Block, place: Path, hotspots: Path | None) -> None:
    """Take the block's samples; those that measured failures once more, in the same state."""
    chosen: Sequence[Target] = block.targets
    for attempt in range(1, ATTEMPTS + 1):
        _take(session, profile, chosen, place)
        reasons = {target: _flaw(place / target.raw, block, session.tag(profile), attempt) for target in chosen}
        accepted = [target for target in chosen if not reasons[target]]
        chosen = [target for target in chosen if reasons[target]]
        for target in chosen:
            then = "measured again" if attempt < ATTEMPTS else "left out"
            cell = f"{block.profile}/{target.file}"
            session.progress.warn(f"{cell}, round {block.round}: {reasons[target]}; {then}")
        if accepted and hotspots:
            _profile(session, profile, accepted, hotspots)
        if not chosen:
            return


def _flaw(raw: Path, block: Block, snapshot: str, attempt: int) -> str:
    """Say why a sample cannot be used, empty where it can; MisfiledSample where the hosts were not the block's.

    It is then kept under a name under which it counts no more.
    """
    profile, round_, position = block.profile, block.round, block.position
    try:
        parse_sample(raw.read_bytes(), profile=profile, round_=round_, position=position, snapshot=snapshot)
    except ResultsError as error:
        kept = refuse(raw, attempt)
        if isinstance(error, MisfiledSample):
            error.log = kept
            raise
        return error.message
    return ""


def _refuse_silence(header: RunHeader, folder: Path) -> None:
    samples, refused = load_samples(folder, header)
    measured = {sample.profile for sample in samples}
    silent = [profile.name for profile in header.profiles if profile.name not in measured]
    if silent:
        reason = next((f": {one.reason}" for one in refused if one.profile == silent[0]), "")
        raise BenchmarkFailed(
            f"{', '.join(silent)}: no sample of any path can be used{reason}",
            hint="everything is kept: 'netlab report' shows the other profiles, 'netlab up --profile' this one",
            log=folder / "raw",
        )


def _take(session: Session, profile: Profile, chosen: Sequence[Target], place: Path) -> None:
    """Take a sample of each target on hosts that are the profile: just resumed, or applied just now."""
    settle_s = CLUSTER_SETTLE_S if profile.cluster is not None else 0
    states_of(session).enter(profile)
    _play(session, "bench", profile, chosen, {"benchmark_dest": str(place), "netlab_settle_s": settle_s})


def _profile(session: Session, profile: Profile, chosen: Sequence[Target], place: Path) -> None:
    """Profile each target on the hosts as they were measured."""
    told = {"benchmark_hotspots_dest": str(place), "benchmark_perf_seconds": PERF_SECONDS}
    _play(session, "hotspots", profile, chosen, told)


def _play(session: Session, playbook: str, profile: Profile, chosen: Sequence[Target], told: dict[str, Any]) -> None:
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


class Pace:
    """Tells how many of ``total`` blocks are done, and how long the rest takes at the pace so far."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._begin = time.monotonic()
        self._turn = threading.Lock()

    def advance(self) -> None:
        """Count one more block."""
        with self._turn:
            self._done += 1
            left = (time.monotonic() - self._begin) / self._done * (self._total - self._done)
            self._progress.rounds(self._done, self._total, left)
