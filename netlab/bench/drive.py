"""Runs a plan: restore, play the benchmark role, look at what came back; then the profiler's own passes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from netlab import ansible, assets
from netlab.bench.plan import Block, plan_rounds
from netlab.bench.sample import parse_sample
from netlab.errors import BenchmarkFailed, HostUnreachable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from netlab.lab import Lab
    from netlab.profiles import Profile
    from netlab.progress import Progress
    from netlab.providers import Provider
    from netlab.results.model import Load, RunHeader, Sample

PERF_SECONDS = 2


def measure(  # noqa: PLR0913 - a run is made of just these
    lab: Lab,
    provider: Provider,
    header: RunHeader,
    profiles: Mapping[str, Profile],
    tags: Mapping[str, str],
    folder: Path,
    progress: Progress,
) -> None:
    """Take every sample of the run into ``folder/raw``, then profile every cell once, outside any timed sample."""
    cells = {name: list(profile.paths) for name, profile in profiles.items()}
    blocks = plan_rounds(cells, header.rounds, header.seed)
    started = time.monotonic()
    total = len(blocks) + len(cells)
    with progress.step(f"measure: {header.rounds} rounds of {sum(map(len, cells.values()))} cells"):
        for done, block in enumerate(blocks):
            progress.rounds(done, total, _time_left(started, done, total))
            target = folder / "raw" / block.folder
            _play(lab, provider, "bench", profiles[block.profile], tags, block.paths, target, header.load, progress)
            _inspect(target, block)
        for done, profile in enumerate(profiles.values(), start=len(blocks)):
            progress.rounds(done, total, _time_left(started, done, total))
            target = folder / "raw" / f"hotspots-{profile.name}"
            _play(lab, provider, "hotspots", profile, tags, tuple(profile.paths), target, header.load, progress)


def _play(  # noqa: PLR0913 - one block's circumstances
    lab: Lab,
    provider: Provider,
    playbook: str,
    profile: Profile,
    tags: Mapping[str, str],
    paths: tuple[str, ...],
    target: Path,
    load: Load,
    progress: Progress,
) -> None:
    disconnect(lab)
    provider.restore(tags[profile.name])
    target.mkdir(parents=True, exist_ok=True)
    variables = {
        "benchmark_paths": [{"name": path, "url": profile.paths[path]} for path in paths],
        "benchmark_dest": str(target),
        "benchmark_perf_seconds": PERF_SECONDS,
        **{f"benchmark_{name}": value for name, value in load.model_dump().items()},
    }
    play(lab, provider, playbook, variables, progress)


def play(lab: Lab, provider: Provider, playbook: str, variables: dict[str, Any], progress: Progress) -> None:
    """Play one of netlab's playbooks on the lab's hosts; a machine that died explains a lost connection."""
    try:
        ansible.play(
            assets.playbook(playbook),
            lab.inventory(provider.hosts()),
            folder=lab.ansible,
            log=lab.logs / "ansible.log",
            progress=progress,
            extra_vars=variables,
            sockets=lab.sockets,
        )
    except HostUnreachable:
        provider.check()
        raise


def disconnect(lab: Lab) -> None:
    """Close SSH connections that are kept open between plays: a restore leaves nobody at their other end."""
    ansible.close_connections(lab.sockets)


def _inspect(target: Path, block: Block) -> None:
    """Refuse a sample that measured failures instead of the app; its raw file stays."""
    for path in block.paths:
        raw = (target / f"{path}.json").read_bytes()
        sample = parse_sample(raw, profile=block.profile, round_=block.round, position=block.position)
        failed = sum(sample.wrk.errors.model_dump().values())
        if failed or not sample.wrk.requests:
            raise BenchmarkFailed(
                f"{block.profile}/{path}, round {block.round}: {failed} of {sample.wrk.requests} requests failed",
                hint="the samples so far are kept: 'netlab report' shows them",
                log=target / f"{path}.json",
            )


def _time_left(started: float, done: int, total: int) -> float | None:
    """Seconds that the rest will take at the pace so far; None before there is one."""
    return (time.monotonic() - started) / done * (total - done) if done else None
