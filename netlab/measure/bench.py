"""One run: what its profiles still need is provisioned, then all of them are measured in interleaved rounds."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from netlab.gates.profiles import refuse_unlike
from netlab.hosts.provider import Snapshots
from netlab.measure import resume
from netlab.measure.drive import Measurement
from netlab.model.run import RunHeader
from netlab.provision import provenance
from netlab.provision.parallel import work
from netlab.provision.states import states_of
from netlab.results.store import proof_folder, write_header
from netlab.samples.evidence import read_facts
from netlab.spec import experiment
from netlab.spec.rounds import rounds_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from netlab.model.profile import Profile
    from netlab.model.run import Environment, ProfileInfo
    from netlab.progress import Progress
    from netlab.provision.session import Session


def bench(session: Session, chosen: Sequence[Profile]) -> Path:
    """Provision the profiles that have no snapshot yet, measure all of them, and return the run's folder."""
    states = states_of(session)
    states.begin()
    with _fleets(session) as fleets:
        _provision(session, fleets, states.missing(chosen))
        refuse_unlike({profile.name: read_facts(states.evidence(profile)) for profile in chosen})
        header = _header(session, chosen)
        folder = session.lab.runs / header.run_id
        for profile in chosen:
            shutil.copytree(states.evidence(profile), proof_folder(folder / "raw", profile.name))
        write_header(folder, header)  # last: without it, nobody takes the folder for a run
        measurement = _measurement(header, chosen, folder, session.progress)
        _measure(measurement, header, folder, fleets)
    return folder


def continue_run(session: Session, header: RunHeader, chosen: Sequence[Profile], folder: Path) -> None:
    """Measure what an interrupted run has not, with the same plan, on hosts that are what they were.

    ConfigError where they are not, or where the profiles are made of something else by now.
    """
    resume.refuse_other_profiles(header, [_info(session, profile) for profile in chosen])
    measurement = _measurement(header, chosen, folder, session.progress)
    measurement.take_stock(session)
    wanted = {block.profile for block in measurement.outstanding}
    if not wanted:  # killed between its last sample and its end
        _measure(measurement, header, folder, [session])
        return
    states = states_of(session)
    states.begin()
    with _fleets(session) as fleets:
        missing = [profile for profile in states.missing(chosen) if profile.name in wanted]
        if isinstance(session.provider, Snapshots):
            resume.refuse_lost_snapshots(header, missing)
        _provision(session, fleets, missing)
        resume.refuse_other_hosts(header, _environment(session))
        for profile in chosen:
            if profile.name in wanted:
                resume.refuse_other_proof(header, profile.name, folder, states.evidence(profile))
        header = header.model_copy(update={"resumed_at": (*header.resumed_at, datetime.now(UTC))})
        write_header(folder, header)
        _measure(measurement, header, folder, fleets)


def _measurement(header: RunHeader, chosen: Sequence[Profile], folder: Path, progress: Progress) -> Measurement:
    return Measurement(header, {profile.name: profile for profile in chosen}, folder, progress)


def _measure(measurement: Measurement, header: RunHeader, folder: Path, fleets: Sequence[Session]) -> None:
    """Measure, and write into the run's header why it was the end; say how to continue where it is interrupted."""
    try:
        stop = measurement.measure(fleets)
    except BaseException:
        again = f"netlab bench --resume {header.run_id}"
        fleets[0].progress.warn(f"{measurement.kept()}; to continue: {again}")
        raise
    write_header(folder, header.model_copy(update={"stop": stop}))
    measurement.refuse_silence()


def _provision(session: Session, fleets: Sequence[Session], missing: Sequence[Profile]) -> None:
    if missing:
        session.provider.prepare()
        work(fleets, [partial(_provision_one, profile=profile) for profile in missing])


def _provision_one(fleet: Session, profile: Profile) -> None:
    states_of(fleet).provision(profile)


@contextlib.contextmanager
def _fleets(session: Session) -> Iterator[list[Session]]:
    """Every fleet that may work at once; afterwards only the lab's own is left."""
    fleets = session.fleets()
    try:
        yield fleets
    finally:
        for fleet in fleets[1:]:
            fleet.disconnect()
            fleet.provider.down()


def _header(session: Session, chosen: Sequence[Profile]) -> RunHeader:
    spec, now = session.spec, datetime.now(UTC)
    snapshots = isinstance(session.provider, Snapshots)
    rounds = rounds_of(spec, session.provider.clock, snapshots=snapshots)
    again = "block" if snapshots else "sample"
    return RunHeader(
        run_id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}",
        created_at=now,
        stack=spec.stack,
        seed=spec.seed if spec.seed is not None else secrets.randbelow(2**31),
        rounds=rounds.most,
        fewest_rounds=rounds.fewest,
        precision_percent=rounds.precision_percent,
        control=again if spec.control else None,
        load=spec.load,
        baseline_profile=spec.baseline.profile,
        baseline_path=spec.baseline.path,
        environment=_environment(session),
        experiment=experiment.info(spec.experiment, session.lab.folder),
        profiles=tuple(_info(session, profile) for profile in chosen),
    )


def _environment(session: Session) -> Environment:
    provider = session.provider
    return provider.environment().model_copy(update={"resumed": isinstance(provider, Snapshots)})


def _info(session: Session, profile: Profile) -> ProfileInfo:
    """Say what a report needs to know of a profile, and what it is made of now, whatever its name means later."""
    made_of = provenance.of_profile(profile, session.spec, session.lab.folder)
    update = {"provenance": made_of, "snapshot": session.tag(profile)}
    return profile.info(session.spec.paths).model_copy(update=update)
