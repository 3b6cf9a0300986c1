"""Runs a plan: restore, play the benchmark role, look at what came back; then the profiler's own passes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from netlab.bench.plan import Block, plan_rounds
from netlab.bench.sample import parse_sample
from netlab.errors import BenchmarkFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from netlab.profiles import Profile
    from netlab.results.model import RunHeader
    from netlab.session import Session

PERF_SECONDS = 2


def measure(session: Session, header: RunHeader, profiles: Mapping[str, Profile], folder: Path) -> None:
    """Take every sample of the run into ``folder/raw``, then profile every cell once, outside any timed sample."""
    cells = {name: list(profile.paths) for name, profile in profiles.items()}
    blocks = plan_rounds(cells, header.rounds, header.seed)
    pace = _counted(session, len(blocks) + len(cells))
    with session.progress.step(f"measure {header.rounds} rounds of {sum(map(len, cells.values()))} cells"):
        for block in blocks:
            next(pace)
            target = folder / "raw" / block.folder
            _play(session, "bench", profiles[block.profile], block.paths, target)
            _inspect(target, block)
        for profile in profiles.values():
            next(pace)
            _play(session, "hotspots", profile, tuple(profile.paths), folder / "raw" / f"hotspots-{profile.name}")


def _play(session: Session, playbook: str, profile: Profile, paths: Sequence[str], target: Path) -> None:
    session.restore(profile)
    target.mkdir(parents=True, exist_ok=True)
    variables = {
        "benchmark_paths": [{"name": path, "url": profile.paths[path]} for path in paths],
        "benchmark_dest": str(target),
        "benchmark_perf_seconds": PERF_SECONDS,
        **{f"benchmark_{name}": value for name, value in session.spec.load.model_dump().items()},
    }
    session.play(playbook, variables, accelerate=False)  # two tasks: less than Mitogen takes to begin


def _inspect(target: Path, block: Block) -> None:
    """Refuse a sample that measured failures instead of the app; its raw file stays."""
    for path in block.paths:
        raw = target / f"{path}.json"
        sample = parse_sample(raw.read_bytes(), profile=block.profile, round_=block.round, position=block.position)
        failed = sum(sample.wrk.errors.model_dump().values())
        if failed or not sample.wrk.requests:
            raise BenchmarkFailed(
                f"{block.profile}/{path}, round {block.round}: {failed} of {sample.wrk.requests} requests failed",
                hint="the samples so far are kept: 'netlab report' shows them",
                log=raw,
            )


def _counted(session: Session, total: int) -> Iterator[None]:
    """Tell before each of ``total`` blocks how many are done, and how long the rest takes at the pace so far."""
    begin = time.monotonic()
    for done in range(total):
        left = (time.monotonic() - begin) / done * (total - done) if done else None
        session.progress.rounds(done, total, left)
        yield
