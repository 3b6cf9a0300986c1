"""Hosts of one build of a run after the other: booted and provisioned anew, proven, and forgotten when it is measured.

The first build is what the lab has, or makes for every command: its snapshots stay. Each other one has snapshots of its
own in the cache, so that a run which is interrupted in the middle of a build is continued on it; on hosts without
snapshots a build is hosts that were made for it.
"""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from netlab.errors import ConfigError
from netlab.hosts.provider import Rebuilds, Snapshots
from netlab.measure import resume
from netlab.provision.parallel import work
from netlab.provision.states import states_of
from netlab.results.store import proof_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from netlab.hosts.provider import Provider
    from netlab.model.profile import Profile
    from netlab.model.run import Environment, RunHeader
    from netlab.provision.session import Session


@dataclass(frozen=True)
class Builds:
    """The builds of one run."""

    session: Session
    """Of the first."""
    header: RunHeader
    chosen: Sequence[Profile]
    folder: Path
    """The run's."""

    @contextlib.contextmanager
    def enter(self, build: int, wanted: Collection[str]) -> Iterator[list[Session]]:
        """Have hosts of this build on all fleets, and the profiles of these names proven on them.

        ConfigError where they are not what the run is of, or no longer what samples of this build were taken on.
        """
        session = self._session(build)
        states_of(session).begin()
        with fleets_of(session) as fleets:
            profiles = [profile for profile in self.chosen if profile.name in wanted]
            missing = [profile for profile in states_of(session).missing(self.chosen) if profile.name in wanted]
            if isinstance(session.provider, Snapshots):
                resume.refuse_lost_snapshots(self.header, [one for one in missing if self._proof(one, build).is_dir()])
            provision(session, fleets, missing)
            resume.refuse_other_hosts(self.header, environment_of(session))
            for profile in profiles:
                self._compare(session, profile, build)
            yield fleets

    def forget(self, build: int) -> None:
        """Remove what only this build needed."""
        provider = self._session(build).provider if build > 1 and self._snapshots else None
        if isinstance(provider, Rebuilds):
            self.session.disconnect()
            provider.forget()

    def leave(self) -> None:
        """Have hosts that were another build be freshly booted ones, as every command makes them."""
        if self._snapshots:
            states_of(self.session).clear()

    def keep(self, session: Session, profile: Profile, build: int = 1) -> None:
        """Keep in the run what proves the profile in this build; it is there as a whole or not at all."""
        place = self._proof(profile, build)
        fresh = place.with_name(f".{place.name}")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(states_of(session).evidence(profile), fresh)
        fresh.rename(place)

    def _compare(self, session: Session, profile: Profile, build: int) -> None:
        proof = self._proof(profile, build)
        if proof.is_dir():
            resume.refuse_other_proof(self.header, profile.name, proof, states_of(session).evidence(profile))
        else:
            self.keep(session, profile, build)

    def _session(self, build: int) -> Session:
        name, provider = self.header.build_name(build), self.session.provider
        if not name:
            return self.session
        self.session.disconnect()
        if not isinstance(provider, Rebuilds):
            raise not_rebuilt(self.session.spec.provider)
        self._refuse_lost_hosts(build, name)
        return replace(self.session, provider=provider.rebuilt(name), build=name)

    def _refuse_lost_hosts(self, build: int, name: str) -> None:
        """Refuse where hosts would be made anew in the middle of a build that is measured already."""
        state = self.session.lab.load_state()
        measured = any((self.folder / "raw").glob(f"proof-*+build{build}"))
        if measured and not self._snapshots and (state is None or state.build != name):
            raise resume.lost_hosts(self.header, build)

    @property
    def _snapshots(self) -> bool:
        return isinstance(self.session.provider, Snapshots)

    def _proof(self, profile: Profile, build: int) -> Path:
        return proof_folder(self.folder / "raw", profile.name, build)


def refuse_without_rebuilds(provider: Provider, name: str, builds: int) -> None:
    """Refuse several builds of hosts that cannot be built; ConfigError before anything is made or measured."""
    if builds > 1 and not isinstance(provider, Rebuilds):
        raise not_rebuilt(name)


def not_rebuilt(name: str) -> ConfigError:
    """Say why hosts of this provider are not built again."""
    message = f"--rebuilds: hosts of the provider {name} are there already, netlab neither makes nor boots them"
    return ConfigError(message, hint="leave it out: every block of samples there applies its profile again anyway")


def provision(session: Session, fleets: Sequence[Session], missing: Sequence[Profile]) -> None:
    """Apply and prove the profiles, several at a time where there are several fleets."""
    if missing:
        session.provider.prepare()
        work(fleets, [partial(_provision_one, profile=profile) for profile in missing])


def _provision_one(fleet: Session, profile: Profile) -> None:
    states_of(fleet).provision(profile)


@contextlib.contextmanager
def fleets_of(session: Session) -> Iterator[list[Session]]:
    """Every fleet that may work at once; afterwards only the lab's own is left."""
    fleets = session.fleets()
    try:
        yield fleets
    finally:
        for fleet in fleets[1:]:
            fleet.disconnect()
            fleet.provider.down()


def environment_of(session: Session) -> Environment:
    """Return where the session's hosts are measured."""
    provider = session.provider
    return provider.environment().model_copy(update={"resumed": isinstance(provider, Snapshots)})
