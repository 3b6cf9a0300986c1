"""What the commands do: each public function is one command, from a lab to hosts, samples and a report."""

from __future__ import annotations

import errno
import shutil
from typing import TYPE_CHECKING

from netlab import reports
from netlab.artifacts import prepare
from netlab.errors import NotUp, UsageError
from netlab.hosts.cloud.expired import remove_expired
from netlab.hosts.registry import PROVIDERS, account_of, provider_of, remembered
from netlab.measure import before, resume
from netlab.measure.bench import bench as measure
from netlab.measure.bench import continue_run
from netlab.measure.builds import refuse_without_rebuilds
from netlab.model.check import Check
from netlab.plan import plan_run, plan_up
from netlab.provision.apply import apply_profile
from netlab.provision.opening import opened, remove
from netlab.provision.plays import proof_folder, rebooted
from netlab.provision.prove import prove
from netlab.provision.session import Session
from netlab.provision.states import states_of
from netlab.provision.tags import snapshot_tag
from netlab.results.store import load_header
from netlab.selection import artifacts_of, find_profile, find_profiles
from netlab.spec.experiment import with_experiment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netlab.hosts.cloud.cloud import ForeignLab
    from netlab.hosts.provider import Provider
    from netlab.lab import Lab
    from netlab.model.lab import Clock
    from netlab.model.profile import Profile
    from netlab.model.proof import Proof
    from netlab.plan import Plan
    from netlab.progress import Progress
    from netlab.report.values import Report
    from netlab.reports import Written
    from netlab.spec.lab import LabSpec


def up(lab: Lab, spec: LabSpec, name: str | None, progress: Progress) -> None:
    """Apply the profile ``name`` to the lab's hosts; does nothing where it is applied already.

    Without a name they are freshly booted, with the payload of the lab's profiles.
    """
    names = [name] if name else spec.profiles
    chosen = [find_profile(lab, spec, each) for each in names]
    with opened(lab, spec, progress, chosen) as session:
        if name:
            apply_profile(session, chosen[0])
        else:
            _cleared(session)


def prove_paths(lab: Lab, spec: LabSpec, name: str | None, progress: Progress) -> Proof:
    """Record which path packets take on the hosts as they are now; ProofFailed where it is not the promised one.

    With a name, that profile is applied first, if it is not yet.
    """
    up_now = name is None
    if name is None:
        spec, name = _as_it_is_up(lab, spec)
    profile = find_profile(lab, spec, name)
    with opened(lab, spec, progress, [profile]) as session:
        if not up_now:
            apply_profile(session, profile)
        elif not session.provider.running():
            raise _no_profile_yet()
        elif names := rebooted(session):
            message = f"{', '.join(names)} booted since {profile.name} was applied, which does not outlive that"
            raise NotUp(message, hint=f"apply it again: netlab up --profile {profile.name}")
        with progress.step(f"prove {profile.name}"):
            return prove(session, profile, proof_folder(session, profile))


def look_before(lab: Lab, spec: LabSpec, progress: Progress) -> list[Check]:
    """Look at what can be looked at before a run (docs/gates.md); nothing is made or changed.

    On hosts that are a profile, a sample along each path is taken and thrown away. Without any, a note says so.
    """
    state = lab.load_state()
    if state is None or state.profile is None:
        clock = provider_of(lab, spec, progress).clock
        return [*_of_machine(spec, clock), _unseen("hosts", _NO_HOSTS, hint="netlab up --profile NAME, then again")]
    spec, name = _as_it_is_up(lab, spec)
    profile = find_profile(lab, spec, name)
    with opened(lab, spec, progress, [profile]) as session:
        if not session.provider.running() or rebooted(session):
            raise _no_profile_yet()
        return [*_of_machine(spec, session.provider.clock), *before.of_hosts(session, profile)]


_NO_HOSTS = "not looked at: none are up with a profile applied"
_STANDS = "not looked at: on the virtual clock, a busy or throttled machine moves no figure"
HERE = {"qemu", "vagrant"}
"""Providers whose hosts run on this machine."""


def _of_machine(spec: LabSpec, clock: Clock) -> Sequence[Check]:
    if spec.provider not in HERE:
        return []
    if clock == "virtual":
        return [_unseen("machine", _STANDS)]
    return before.of_machine()


def _unseen(name: str, message: str, *, hint: str | None = None) -> Check:
    """Say what was not looked at; with a hint, it could be."""
    return Check(name=name, ok=hint is None, message=message, hint=hint, needed=False)


def bench(lab: Lab, spec: LabSpec, names: Sequence[str], progress: Progress) -> Path:
    """Measure the profiles in interleaved rounds; return the run's folder."""
    chosen = find_profiles(lab, spec, names)
    with opened(lab, spec, progress, chosen) as session:
        return measure(session, chosen)


def continue_bench(lab: Lab, spec: LabSpec, folder: Path, progress: Progress) -> None:
    """Measure what the interrupted run in ``folder`` has not; ConfigError where hosts or profiles are others by now."""
    header = load_header(folder)
    resume.refuse_finished(header)
    named = spec.model_copy(update={"experiment": header.experiment.name if header.experiment else ""})
    spec = resume.spec_of(with_experiment(named, lab.folder), header)
    chosen = find_profiles(lab, spec, spec.profiles)
    with opened(lab, spec, progress, chosen) as session:
        continue_run(session, header, chosen, folder)


def run(lab: Lab, spec: LabSpec, progress: Progress, *, keep: bool = False) -> tuple[Report, Written]:
    """Do the main job: every profile up, benchmark, report; afterwards the hosts are removed unless ``keep``."""
    chosen = find_profiles(lab, spec, spec.profiles)
    with opened(lab, spec, progress, chosen) as session:
        try:
            folder = measure(session, chosen)
        finally:
            if not keep:
                remove(session)
    return reports.report([folder], spec.report)


def down(lab: Lab, spec: LabSpec, progress: Progress) -> None:
    """Remove the hosts and all state but the runs; in a cloud, they are there without any state, too."""
    if not lab.state_folder.exists() and not outlives_state(spec):
        return
    lock_files = {lab.state_folder / name for name in ("lock", "lock.json")}
    with lab.lock(removing=True):
        spec = spec.model_copy(update={"provider": remembered(lab) or spec.provider})  # whatever netlab.yml says by now
        remove(Session(lab, spec, provider_of(lab, spec, progress), progress))
        shutil.rmtree(lab.sockets, ignore_errors=True)  # ssh removes its own, maybe at this moment
        for entry in set(lab.state_folder.iterdir()) - {lab.runs, *lock_files}:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        _remove_empty(lab.runs)
    _remove_empty(lab.state_folder)


def outlives_state(spec: LabSpec) -> bool:
    """Whether hosts may be there of which nothing on this machine tells: those in a cloud."""
    return PROVIDERS[spec.provider].cloud is not None


def down_expired(lab: Lab, spec: LabSpec, progress: Progress) -> Sequence[ForeignLab]:
    """Remove every lab of the account whose time is over, this one or others; UsageError where there is no account."""
    account = account_of(lab, spec, progress)
    if account is None:
        hint = "name the cloud with --provider, or in netlab.yml"
        raise UsageError(f"--expired: hosts of the provider {spec.provider} cost nothing", hint=hint)
    with lab.lock():
        return remove_expired(account)


def _remove_empty(folder: Path) -> None:
    """Remove the folder unless it holds something: results, or the lock of a netlab that began just now."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        pass
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise


def reset(lab: Lab, spec: LabSpec, progress: Progress) -> None:
    """Make the hosts that are up have no profile applied: freshly booted, or with its roles undone."""
    spec, name = _as_it_is_up(lab, spec)
    profile = find_profile(lab, spec, name)
    with opened(lab, spec, progress, [profile]) as session, progress.step(f"clear the hosts of {name}"):
        _cleared(session)


def _cleared(session: Session) -> None:
    states = states_of(session)
    states.begin()
    states.clear()


def plan_of_up(lab: Lab, spec: LabSpec, name: str | None, progress: Progress) -> Plan:
    """Say what ``up`` would do; nothing is changed."""
    chosen = [find_profile(lab, spec, name)] if name else []
    return plan_up(lab, _looked_at(lab, spec, chosen, progress), _tagged(spec, chosen))


def plan_of_run(lab: Lab, spec: LabSpec, progress: Progress) -> Plan:
    """Say what ``run`` would do; nothing is changed."""
    chosen = find_profiles(lab, spec, spec.profiles)
    provider = _looked_at(lab, spec, chosen, progress)
    refuse_without_rebuilds(provider, spec.provider, spec.rebuilds)
    return plan_run(lab, spec, provider, _tagged(spec, chosen))


def _looked_at(lab: Lab, spec: LabSpec, chosen: Sequence[Profile], progress: Progress) -> Provider:
    """Return the provider of hosts with the profiles' payload, to be asked and not told; nothing is downloaded."""
    words = artifacts_of(chosen)
    payload = prepare.place(words, spec.artifacts, lab.folder, prepare.unused(chosen)) if words else None
    return provider_of(lab, spec, progress, payload)


def _tagged(spec: LabSpec, chosen: Sequence[Profile]) -> dict[str, Profile]:
    return {snapshot_tag(profile, spec): profile for profile in chosen}


def _as_it_is_up(lab: Lab, spec: LabSpec) -> tuple[LabSpec, str]:
    """Return the spec of the hosts that are up, and which profile they are; NotUp when they are none."""
    state = lab.load_state()
    if state is None or state.profile is None:
        raise _no_profile_yet()
    update = {"provider": state.provider, "stack": state.stack, "clock": state.clock}
    return spec.model_copy(update=update), state.profile


def _no_profile_yet() -> NotUp:
    return NotUp("no profile is applied to the lab's hosts yet", hint="netlab prove --profile NAME")
