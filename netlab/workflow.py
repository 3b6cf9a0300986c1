"""What the commands do: each public function is one command, from a lab to hosts, samples and a report."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from netlab import __version__, assets, profiles
from netlab.bench import drive
from netlab.errors import ConfigError
from netlab.lab import LabState
from netlab.plan import plan_run, plan_up
from netlab.providers import provider_of
from netlab.report import write_report
from netlab.report.model import build_report
from netlab.results.model import RunHeader
from netlab.results.store import load_run, write_header

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from netlab.lab import Lab
    from netlab.plan import Plan
    from netlab.profiles import Profile
    from netlab.progress import Progress
    from netlab.providers import Provider
    from netlab.report.values import Report
    from netlab.spec import LabSpec


def up(lab: Lab, spec: LabSpec, name: str, progress: Progress) -> None:
    """Turn the lab's hosts into profile ``name``; does nothing when they are that already."""
    profile = find_profile(lab, spec, name)
    with _opened(lab, spec, progress) as provider:
        _turn_into(lab, spec, provider, profile, progress)


def bench(lab: Lab, spec: LabSpec, names: Sequence[str], progress: Progress) -> Path:
    """Measure the profiles in interleaved rounds; return the run's folder."""
    chosen = find_profiles(lab, spec, names)
    with _opened(lab, spec, progress) as provider:
        return _bench(lab, spec, provider, chosen, progress)


def run(lab: Lab, spec: LabSpec, progress: Progress, *, keep: bool = False) -> tuple[Report, dict[str, Path]]:
    """Do the main job: every profile up, benchmark, report; afterwards the hosts are removed unless ``keep``."""
    chosen = find_profiles(lab, spec, spec.profiles)
    with _opened(lab, spec, progress) as provider:
        try:
            folder = _bench(lab, spec, provider, chosen, progress)
        finally:
            if not keep:
                _remove(lab, provider)
    return report([folder])


def report(folders: Sequence[Path]) -> tuple[Report, dict[str, Path]]:
    """Compute the report over one or more runs and write it beside the newest."""
    result = build_report([load_run(folder) for folder in folders])
    return result, write_report(result, folders[0] / "report")


def down(lab: Lab, spec: LabSpec, progress: Progress) -> None:
    """Remove the hosts and all state but the runs."""
    if not lab.state_folder.exists():
        return
    with lab.lock():
        _remove(lab, provider_of(lab, spec, progress))
        shutil.rmtree(lab.sockets, ignore_errors=True)
        for entry in lab.state_folder.iterdir():
            if entry not in (lab.runs, lab.state_folder / "lock", lab.state_folder / "lock.json"):
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    for entry in (lab.state_folder / "lock", lab.state_folder / "lock.json"):
        entry.unlink(missing_ok=True)
    for folder in (lab.runs, lab.state_folder):
        with contextlib.suppress(OSError):  # it holds results
            folder.rmdir()


def plan(lab: Lab, spec: LabSpec, names: Sequence[str] | None, progress: Progress) -> Plan:
    """Say what ``up`` (one name) or ``run`` (None) would do; nothing is changed."""
    snapshots = provider_of(lab, spec, progress).snapshots()
    if names is not None:
        (profile,) = [find_profile(lab, spec, name) for name in names]
        return plan_up(lab, spec, profile, tag=snapshot_tag(profile, spec), snapshots=snapshots)
    chosen = find_profiles(lab, spec, spec.profiles)
    tags = {profile.name: snapshot_tag(profile, spec) for profile in chosen}
    return plan_run(lab, spec, tags, chosen, snapshots)


def find_profile(lab: Lab, spec: LabSpec, name: str) -> Profile:
    """Return the profile, if this lab's stack can have it."""
    profile = profiles.find(name, lab.folder / "profiles")
    if profile.stack not in ("vm", spec.stack):
        raise ConfigError(f"profile '{name}' is for the stack '{profile.stack}', but the lab's is '{spec.stack}'")
    return profile


def find_profiles(lab: Lab, spec: LabSpec, names: Sequence[str]) -> list[Profile]:
    """Return the profiles of a run; the baseline must be among them."""
    chosen = [find_profile(lab, spec, name) for name in names]
    base = next((profile for profile in chosen if profile.name == spec.baseline.profile), None)
    if base is None or spec.baseline.path not in base.paths:
        raise ConfigError(
            f"the baseline {spec.baseline.profile}/{spec.baseline.path} is not among what is measured",
            hint=f"add '{spec.baseline.profile}' to the profiles, or name another baseline in netlab.yml",
        )
    return chosen


def snapshot_tag(profile: Profile, spec: LabSpec) -> str:
    """Name a profile's snapshot by all that goes into it on top of the fleet: roles, profile, inputs, netlab."""
    names = sorted({use.role for use in profile.roles})
    parts = [profile.file, assets.playbook("up"), *(assets.roles() / name for name in names)]
    words = [__version__, str(spec.load.response_bytes), assets.digest(parts)]
    return f"{profile.name}-{hashlib.sha256(' '.join(words).encode()).hexdigest()[:12]}"


@contextlib.contextmanager
def _opened(lab: Lab, spec: LabSpec, progress: Progress) -> Iterator[Provider]:
    """Hold the lab's lock; an unfinished start of an earlier, killed netlab is cleared away by the provider."""
    lab.state_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lab.lock():
        lab.create()
        yield provider_of(lab, spec, progress)


def _turn_into(lab: Lab, spec: LabSpec, provider: Provider, profile: Profile, progress: Progress) -> None:
    tag = snapshot_tag(profile, spec)
    before = lab.load_state()
    if provider.running() and before is not None and before.snapshot == tag:
        provider.check()
        return
    state = _state(spec, provider)
    lab.save_state(state)
    drive.disconnect(lab)
    started = not provider.running()
    provider.up(tag)
    if tag not in provider.snapshots():
        _provision(lab, spec, provider, profile, progress, tag)
    elif not started:
        provider.restore(tag)
    lab.save_state(state.model_copy(update={"profile": profile.name, "snapshot": tag}))


def _provision(lab: Lab, spec: LabSpec, provider: Provider, profile: Profile, progress: Progress, tag: str) -> None:
    with progress.step(f"provision {profile.name}"):
        provider.reset()
        variables = {
            "netlab_profile": profile.name,
            "netlab_profile_file": str(profile.file),
            "app_response_bytes": spec.load.response_bytes,
            **provider.facts(),
        }
        drive.play(lab, provider, "up", variables, progress)
        drive.disconnect(lab)
        provider.save(tag)


def _bench(lab: Lab, spec: LabSpec, provider: Provider, chosen: Sequence[Profile], progress: Progress) -> Path:
    for profile in chosen:
        _turn_into(lab, spec, provider, profile, progress)
    header = _header(spec, provider, chosen)
    folder = lab.runs / header.run_id
    write_header(folder, header)
    tags = {profile.name: snapshot_tag(profile, spec) for profile in chosen}
    lab.save_state(_state(spec, provider))
    drive.measure(lab, provider, header, {profile.name: profile for profile in chosen}, tags, folder, progress)
    return folder


def _state(spec: LabSpec, provider: Provider) -> LabState:
    """Hosts that exist, in no proven profile."""
    return LabState(provider=spec.provider, clock=provider.clock, stack=spec.stack, hosts=provider.hosts())


def _header(spec: LabSpec, provider: Provider, chosen: Sequence[Profile]) -> RunHeader:
    now = datetime.now(UTC)
    return RunHeader(
        run_id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}",
        created_at=now,
        seed=spec.seed if spec.seed is not None else secrets.randbelow(2**31),
        rounds=spec.rounds,
        load=spec.load,
        baseline_profile=spec.baseline.profile,
        baseline_path=spec.baseline.path,
        environment=provider.environment(),
        profiles=tuple(profile.info for profile in chosen),
    )


def _remove(lab: Lab, provider: Provider) -> None:
    drive.disconnect(lab)
    provider.down()
    lab.save_state(None)
