"""One run: what its profiles still need is provisioned, then all of them are measured in interleaved rounds."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from netlab.hosts.provider import Snapshots
from netlab.measure import drive
from netlab.model.run import RunHeader
from netlab.provision import provenance
from netlab.provision.parallel import work
from netlab.provision.states import states_of
from netlab.results.store import proof_folder, write_header

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from netlab.model.profile import Profile
    from netlab.model.run import ProfileInfo
    from netlab.provision.session import Session


def bench(session: Session, chosen: Sequence[Profile]) -> Path:
    """Provision the profiles that have no snapshot yet, measure all of them, and return the run's folder."""
    states = states_of(session)
    states.begin()
    missing = states.missing(chosen)
    with _fleets(session) as fleets:
        if missing:
            session.provider.prepare()
            work(fleets, [partial(_provision, profile=profile) for profile in missing])
        header = _header(session, chosen)
        folder = session.lab.runs / header.run_id
        write_header(folder, header)
        for profile in chosen:
            shutil.copytree(states.evidence(profile), proof_folder(folder / "raw", profile.name))
        drive.measure(fleets, header, {profile.name: profile for profile in chosen}, folder, session.progress)
    return folder


def _provision(fleet: Session, profile: Profile) -> None:
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
    spec, provider, now = session.spec, session.provider, datetime.now(UTC)
    return RunHeader(
        run_id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}",
        created_at=now,
        seed=spec.seed if spec.seed is not None else secrets.randbelow(2**31),
        rounds=spec.rounds,
        load=spec.load,
        baseline_profile=spec.baseline.profile,
        baseline_path=spec.baseline.path,
        environment=provider.environment().model_copy(update={"resumed": isinstance(provider, Snapshots)}),
        profiles=tuple(_info(session, profile) for profile in chosen),
    )


def _info(session: Session, profile: Profile) -> ProfileInfo:
    """Say what a report needs to know of a profile, and what it is made of now, whatever its name means later."""
    made_of = provenance.of_profile(profile, session.spec, session.lab.folder)
    update = {"provenance": made_of, "snapshot": session.tag(profile)}
    return profile.info(session.spec.paths).model_copy(update=update)
