"""One run: what its profiles still need is provisioned, then all of them are measured in interleaved rounds."""

from __future__ import annotations

import contextlib
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from netlab.gates.profiles import refuse_unlike
from netlab.hosts.provider import Snapshots
from netlab.measure import builds, resume
from netlab.measure.builds import Builds
from netlab.measure.drive import Measurement
from netlab.model.run import RunHeader
from netlab.provision import provenance
from netlab.provision.states import states_of
from netlab.results.store import write_header
from netlab.samples.evidence import read_facts
from netlab.spec import experiment
from netlab.spec.rounds import rounds_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from netlab.model.profile import Profile
    from netlab.model.run import ProfileInfo, Stop
    from netlab.provision.session import Session


def bench(session: Session, chosen: Sequence[Profile]) -> Path:
    """Provision the profiles that have no snapshot yet, measure all of them, and return the run's folder.

    ConfigError where several builds are asked for of hosts that netlab does not make.
    """
    builds.refuse_without_rebuilds(session.provider, session.spec.provider, session.spec.rebuilds)
    states = states_of(session)
    states.begin()
    with builds.fleets_of(session) as fleets:
        builds.provision(session, fleets, states.missing(chosen))
        refuse_unlike({profile.name: read_facts(states.evidence(profile)) for profile in chosen})
        header = _header(session, chosen)
        folder = session.lab.runs / header.run_id
        its = Builds(session, header, chosen, folder)
        for profile in chosen:
            its.keep(session, profile)
        write_header(folder, header)  # last: without it, nobody takes the folder for a run
        measurement = _measurement(its)
        with _continuable(measurement, its):
            stop = measurement.measure(1, fleets)
    _complete(measurement, its, build=1, stop=stop)
    return folder


def continue_run(session: Session, header: RunHeader, chosen: Sequence[Profile], folder: Path) -> None:
    """Measure what an interrupted run has not, with the same plan, on hosts that are what they were.

    ConfigError where they are not, or where the profiles are made of something else by now.
    """
    resume.refuse_other_profiles(header, [_info(session, profile) for profile in chosen])
    its = Builds(session, header, chosen, folder)
    measurement = _measurement(its)
    measurement.take_stock(session)
    _complete(measurement, its, resumed=True)


def _measurement(its: Builds) -> Measurement:
    return Measurement(its.header, {profile.name: profile for profile in its.chosen}, its.folder, its.session.progress)


def _complete(
    measurement: Measurement, its: Builds, *, build: int = 0, stop: Stop | None = None, resumed: bool = False
) -> None:
    """Measure the builds after this one, and write into the run's header why it was the end."""
    header, last = its.header, build
    with _continuable(measurement, its):
        while stop is None:
            build += 1
            wanted = measurement.wanted(build)
            with its.enter(build, wanted) if wanted else contextlib.nullcontext([its.session]) as fleets:
                if wanted and resumed:
                    header, resumed = _continued(header, its.folder), False
                stop = measurement.measure(build, fleets)
            if wanted:
                its.forget(build)
                last = build
        if last > 1:
            its.leave()
    write_header(its.folder, header.model_copy(update={"stop": stop}))
    measurement.refuse_silence()


def _continued(header: RunHeader, folder: Path) -> RunHeader:
    header = header.model_copy(update={"resumed_at": (*header.resumed_at, datetime.now(UTC))})
    write_header(folder, header)
    return header


@contextlib.contextmanager
def _continuable(measurement: Measurement, its: Builds) -> Iterator[None]:
    """Say how to continue where it is interrupted."""
    try:
        yield
    except BaseException:
        again = f"netlab bench --resume {its.header.run_id}"
        its.session.progress.warn(f"{measurement.kept()}; to continue: {again}")
        raise


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
        builds=rounds.builds,
        fewest_rounds=rounds.fewest,
        precision_percent=rounds.precision_percent,
        control=again if spec.control else None,
        load=spec.load,
        baseline_profile=spec.baseline.profile,
        baseline_path=spec.baseline.path,
        environment=builds.environment_of(session),
        experiment=experiment.info(spec.experiment, session.lab.folder),
        profiles=tuple(_info(session, profile) for profile in chosen),
    )


def _info(session: Session, profile: Profile) -> ProfileInfo:
    """Say what a report needs to know of a profile, and what it is made of now, whatever its name means later."""
    made_of = provenance.of_profile(profile, session.spec, session.lab.folder)
    update = {"provenance": made_of, "snapshot": session.tag(profile)}
    return profile.info(session.spec.paths).model_copy(update=update)
