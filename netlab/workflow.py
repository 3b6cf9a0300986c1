"""What the commands do: each public function is one command, from a lab to hosts, samples and a report."""

from __future__ import annotations

import contextlib
import errno
import secrets
import shutil
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from netlab import ansible, profiles, provenance
from netlab.artifacts import bring
from netlab.errors import AnsibleFailed, ArtifactError, BenchmarkFailed, ConfigError, MissingTool, NotUp, ProofFailed
from netlab.files import remove_folder
from netlab.hosts.registry import provider_of
from netlab.lab import LabState
from netlab.lanes import work
from netlab.measure import drive
from netlab.model.run import RunHeader
from netlab.plan import plan_run, plan_up
from netlab.provision.prove import prove
from netlab.report.compute.build import build_report
from netlab.report.render.files import write_report
from netlab.results.store import load_run, proof_folder, write_header
from netlab.session import Session, foundation_tag, snapshot_tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from netlab.lab import Lab
    from netlab.model.proof import Proof
    from netlab.model.run import ProfileInfo
    from netlab.plan import Plan
    from netlab.profiles import Profile
    from netlab.progress import Progress
    from netlab.report.values import Report
    from netlab.spec import LabSpec


def up(lab: Lab, spec: LabSpec, name: str | None, progress: Progress) -> None:
    """Turn the lab's hosts into profile ``name``; does nothing when they are that already.

    Without a name they are brought back to how they had booted, with what the lab's profiles bring along.
    """
    names = [name] if name else spec.profiles
    chosen = [find_profile(lab, spec, each) for each in names]
    with _opened(lab, spec, progress, chosen) as session:
        if name:
            _turn_into(session, chosen[0])
        else:
            session.lab.save_state(_state(session))
            session.start(None)


def prove_paths(lab: Lab, spec: LabSpec, name: str | None, progress: Progress) -> Proof:
    """Record which path packets take on the hosts as they are now; ProofFailed where it is not the promised one.

    With a name, the hosts are turned into that profile first, if they are not yet.
    """
    up_now = name is None
    if name is None:
        spec, name = _as_it_is_up(lab, spec)
    profile = find_profile(lab, spec, name)
    with _opened(lab, spec, progress, [profile]) as session:
        if not up_now:
            _turn_into(session, profile)
        elif not session.provider.running():
            raise _no_profile_yet()
        with progress.step(f"prove {profile.name}"):
            return prove(session, profile, _proof_folder(session, profile))


def bench(lab: Lab, spec: LabSpec, names: Sequence[str], progress: Progress) -> Path:
    """Measure the profiles in interleaved rounds; return the run's folder."""
    chosen = find_profiles(lab, spec, names)
    with _opened(lab, spec, progress, chosen) as session:
        return _bench(session, chosen)


def run(lab: Lab, spec: LabSpec, progress: Progress, *, keep: bool = False) -> tuple[Report, dict[str, Path]]:
    """Do the main job: every profile up, benchmark, report; afterwards the hosts are removed unless ``keep``."""
    chosen = find_profiles(lab, spec, spec.profiles)
    with _opened(lab, spec, progress, chosen) as session:
        try:
            folder = _bench(session, chosen)
        finally:
            if not keep:
                _remove(session)
    return report([folder])


def report(folders: Sequence[Path], replicas: Sequence[Path] = ()) -> tuple[Report, dict[str, Path]]:
    """Compute the report over one or more runs and write it beside the first.

    Runs of ``replicas`` are held against the clusters among the others.
    """
    result = build_report(*([load_run(folder) for folder in side] for side in (folders, replicas)))
    return result, write_report(result, folders[0] / "report")


def down(lab: Lab, spec: LabSpec, progress: Progress) -> None:
    """Remove the hosts and all state but the runs."""
    if not lab.state_folder.exists():
        return
    lock_files = {lab.state_folder / name for name in ("lock", "lock.json")}
    with lab.lock(removing=True):
        _remove(Session(lab, spec, provider_of(lab, spec, progress), progress))
        shutil.rmtree(lab.sockets, ignore_errors=True)  # ssh removes its own, maybe at this moment
        for entry in set(lab.state_folder.iterdir()) - {lab.runs, *lock_files}:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        _remove_empty(lab.runs)
    _remove_empty(lab.state_folder)


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
    """Bring the hosts that are up back to how they had booted, before they became any profile."""
    spec, name = _as_it_is_up(lab, spec)
    with _opened(lab, spec, progress, [find_profile(lab, spec, name)]) as session:
        session.lab.save_state(_state(session))
        with progress.step("bring the hosts back"):
            session.start(None)


def plan_of_up(lab: Lab, spec: LabSpec, name: str | None, progress: Progress) -> Plan:
    """Say what ``up`` would do; nothing is changed."""
    chosen = [find_profile(lab, spec, name)] if name else []
    return plan_up(lab, spec, _tagged(spec, chosen), _snapshots(lab, spec, chosen, progress))


def plan_of_run(lab: Lab, spec: LabSpec, progress: Progress) -> Plan:
    """Say what ``run`` would do; nothing is changed."""
    chosen = find_profiles(lab, spec, spec.profiles)
    return plan_run(lab, spec, _tagged(spec, chosen), _snapshots(lab, spec, chosen, progress))


def find_profile(lab: Lab, spec: LabSpec, name: str) -> Profile:
    """Return the profile, if this lab's stack can have it."""
    profile = profiles.find(name, lab.folder / "profiles", spec.stack)
    if profile.stack not in {"vm", spec.stack}:
        message = f"profile '{name}' is for the stack '{profile.stack}', but the lab's is '{spec.stack}'"
        raise ConfigError(message, hint=f"add --stack {profile.stack}, or 'stack: {profile.stack}' to netlab.yml")
    return profile.on(spec.fleet.nodes)


def find_profiles(lab: Lab, spec: LabSpec, names: Sequence[str]) -> list[Profile]:
    """Return the profiles of a run; the baseline must be among them."""
    chosen = [find_profile(lab, spec, name) for name in names]
    base = next((profile for profile in chosen if profile.name == spec.baseline.profile), None)
    if base is None or spec.baseline.path not in base.paths:
        raise ConfigError(
            f"the baseline {spec.baseline.profile}/{spec.baseline.path} is not among what is measured",
            hint=f"add '{spec.baseline.profile}' to the profiles, or name another baseline in netlab.yml",
        )
    idle = next((profile for profile in chosen if not profile.info(spec.paths).paths), None)
    if idle or spec.baseline.path not in base.info(spec.paths).paths:
        what = f"profile '{idle.name}'" if idle and idle is not base else "the baseline"
        why = {path: text for path, text in (idle or base).missing.items() if path in spec.paths}
        hint = "; ".join(f"{path}: {text}" for path, text in why.items()) or None
        raise ConfigError(f"{what} has none of the paths that are measured: {', '.join(spec.paths)}", hint=hint)
    return chosen


def _snapshots(lab: Lab, spec: LabSpec, chosen: Sequence[Profile], progress: Progress) -> set[str]:
    """Return what hosts with the profiles' payload could be brought back to."""
    words = _artifacts(chosen)
    payload = bring.place(words, spec.artifacts, lab.folder, bring.unused(chosen)) if words else None
    return provider_of(lab, spec, progress, payload).snapshots(reserve=False)


def _artifacts(chosen: Sequence[Profile]) -> set[str]:
    return {word for profile in chosen for word in profile.requires.artifacts}


def _tagged(spec: LabSpec, chosen: Sequence[Profile]) -> dict[str, Profile]:
    return {snapshot_tag(profile, spec): profile for profile in chosen}


def _as_it_is_up(lab: Lab, spec: LabSpec) -> tuple[LabSpec, str]:
    """Return the spec of the hosts that are up, and which profile they are; NotUp when they are none."""
    state = lab.load_state()
    if state is None or state.profile is None:
        raise _no_profile_yet()
    return spec.model_copy(update={"stack": state.stack, "clock": state.clock}), state.profile


def _no_profile_yet() -> NotUp:
    return NotUp("the lab's hosts are no profile yet", hint="netlab prove --profile NAME")


@contextlib.contextmanager
def _opened(lab: Lab, spec: LabSpec, progress: Progress, chosen: Sequence[Profile]) -> Iterator[Session]:
    """Hold the lab's lock, with what the chosen profiles bring along.

    What an error leaves half done is removed, unless it is there to be looked at.

    An unfinished start of an earlier, killed netlab is cleared away by the provider.
    """
    lab.state_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lab.lock():
        lab.create()
        payload = _brought(lab, spec, progress, chosen)
        session = Session(lab, spec, provider_of(lab, spec, progress, payload), progress)
        try:
            yield session
        except (AnsibleFailed, BenchmarkFailed, ProofFailed):
            raise  # 'netlab ssh' shows why
        except BaseException:
            state = lab.load_state()
            if state is not None and state.profile is None:
                _remove(session)
            raise


def _brought(lab: Lab, spec: LabSpec, progress: Progress, chosen: Sequence[Profile]) -> Path | None:
    """Return the disk with all that the profiles download; where it cannot be had, the error names replicas."""
    words = _artifacts(chosen)
    try:
        return bring.bring(words, spec.artifacts, lab.folder, progress, bring.unused(chosen)) if words else None
    except (ArtifactError, MissingTool) as error:
        if all(profiles.find(profile.name, lab.folder / "profiles").stack != "kubeadm" for profile in chosen):
            replica = "'--stack datapath' takes the replica of the data path, which needs nothing to be downloaded"
            error.hint = f"{error.hint}; {replica}" if error.hint else replica
        raise


def _turn_into(session: Session, profile: Profile) -> None:
    lab, provider, tag = session.lab, session.provider, session.tag(profile)
    before = lab.load_state()
    if before is not None and before.snapshot == tag and provider.running():
        return
    lab.save_state(_state(session))
    if tag not in provider.snapshots():
        provider.prepare()
        _provision(session, profile)
    with session.progress.step(f"resume {profile.name}"):
        _resume(session, profile, tag)
    lab.save_state(_state(session, profile))


def _resume(session: Session, profile: Profile, tag: str | None) -> None:
    """Start the hosts to be worked with, however long ago they were saved."""
    session.start(tag)
    if profile.cluster is not None:
        session.play("resume", {}, accelerate=False)


def _found(session: Session, profile: Profile) -> str | None:
    """Make the hosts the cluster that the profile builds on, unless a snapshot holds it; return the snapshot's name."""
    tag = foundation_tag(profile)
    if tag is None or tag in session.provider.snapshots():
        return tag
    with session.progress.step("make the hosts a cluster"):
        session.start(None)
        session.play("cluster", {**(profile.cluster or {}), **session.provider.facts()})
        session.disconnect()
        session.provider.save(tag, None)
    return tag


def _provision(session: Session, profile: Profile) -> None:
    """Play the profile's roles on freshly booted hosts and keep the outcome; the hosts may be gone then."""
    foundation = _found(session, profile)
    with session.progress.step(f"provision {profile.name}"):
        _resume(session, profile, foundation)
        session.play(
            "up",
            {
                "netlab_profile": profile.name,
                "netlab_profile_file": str(profile.file),
                "app_response_bytes": session.spec.load.response_bytes,
                "netlab_snapshot": session.tag(profile),
                "netlab_check_paths": False,
                **session.provider.facts(),
            },
        )
        prove(session, profile, evidence := _proof_folder(session, profile))
        session.disconnect()
        session.provider.save(session.tag(profile), evidence)


def _proof_folder(session: Session, profile: Profile) -> Path:
    """Return an empty folder for what is recorded next; it stays when the proof fails."""
    folder = session.lab.proofs / profile.name
    remove_folder(folder)  # what stayed of an earlier proof would be taken for one of this
    return folder


def _bench(session: Session, chosen: Sequence[Profile]) -> Path:
    session.lab.save_state(_state(session))
    known = session.provider.snapshots()
    missing = [profile for profile in chosen if session.tag(profile) not in known]
    with _lanes(session) as lanes:
        if missing:
            session.provider.prepare()
            work(lanes, [partial(_provision, profile=profile) for profile in missing])
        header = _header(session, chosen)
        folder = session.lab.runs / header.run_id
        write_header(folder, header)
        for profile in chosen:
            shutil.copytree(session.provider.evidence(session.tag(profile)), proof_folder(folder / "raw", profile.name))
        drive.measure(lanes, header, {profile.name: profile for profile in chosen}, folder, session.progress)
    return folder


@contextlib.contextmanager
def _lanes(session: Session) -> Iterator[list[Session]]:
    """Every fleet that may work at once; afterwards only the lab's own is left."""
    lanes = session.lanes()
    try:
        yield lanes
    finally:
        for lane in lanes[1:]:
            lane.disconnect()
            lane.provider.down()


def _state(session: Session, profile: Profile | None = None) -> LabState:
    """Hosts that exist, in a profile or in none that is proven."""
    return LabState(
        provider=session.spec.provider,
        clock=session.provider.clock,
        stack=session.spec.stack,
        profile=profile.name if profile else None,
        snapshot=session.tag(profile) if profile else None,
        hosts=session.provider.hosts(),
    )


def _header(session: Session, chosen: Sequence[Profile]) -> RunHeader:
    spec, now = session.spec, datetime.now(UTC)
    return RunHeader(
        run_id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}",
        created_at=now,
        seed=spec.seed if spec.seed is not None else secrets.randbelow(2**31),
        rounds=spec.rounds,
        load=spec.load,
        baseline_profile=spec.baseline.profile,
        baseline_path=spec.baseline.path,
        environment=session.provider.environment(),
        profiles=tuple(_info(session, profile) for profile in chosen),
    )


def _info(session: Session, profile: Profile) -> ProfileInfo:
    """Say what a report needs to know of a profile, and what it is made of now, whatever its name means later."""
    made_of = provenance.of_profile(profile, session.spec, session.lab.folder)
    update = {"provenance": made_of, "snapshot": session.tag(profile)}
    return profile.info(session.spec.paths).model_copy(update=update)


def _remove(session: Session) -> None:
    ansible.close_connections(session.lab.sockets)
    session.provider.down()
    session.lab.save_state(None)
