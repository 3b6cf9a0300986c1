"""Profiles as snapshots: each is applied and proven once, and resumed from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.provision import plays, preflight
from netlab.provision.plays import lab_state, proof_folder
from netlab.provision.prove import prove

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netlab.hosts.provider import Snapshots
    from netlab.model.profile import Profile
    from netlab.provision.session import Session


class Snapshotted:
    """``States`` of hosts that can be saved and resumed."""

    def __init__(self, session: Session, snapshots: Snapshots) -> None:
        self._session = session
        self._snapshots = snapshots

    def begin(self) -> None:
        """Name the hosts before they are made, so that what a killed netlab leaves can be removed."""
        self._session.lab.save_state(lab_state(self._session))

    def clear(self) -> None:
        """Start the hosts freshly booted."""
        self._session.disconnect()
        self._session.provider.start()

    def missing(self, chosen: Sequence[Profile]) -> list[Profile]:
        """Return those that have no snapshot."""
        known = self._snapshots.snapshots()
        return [profile for profile in chosen if self._session.tag(profile) not in known]

    def provision(self, profile: Profile) -> None:
        """Apply the profile to freshly booted hosts and keep the outcome."""
        session = self._session
        base = self._ensure_cluster_snapshot(profile)
        with session.progress.step(f"provision {profile.name}"):
            self._resume(base)
            preflight.check_profile(session, profile)
            if base:
                plays.catch_up(session)
            plays.watch_housekeeping(session)
            plays.up(session, profile, check_paths=False)
            prove(session, profile, evidence := proof_folder(session, profile))
            plays.await_housekeeping(session)
            session.disconnect()
            self._snapshots.save(session.tag(profile), evidence)

    def enter(self, profile: Profile) -> None:
        """Resume the profile's snapshot."""
        self._resume(self._session.tag(profile))

    def evidence(self, profile: Profile) -> Path:
        """Return the folder that was kept with the snapshot."""
        return self._snapshots.evidence(self._session.tag(profile))

    def _resume(self, tag: str | None) -> None:
        if tag is None:
            self.clear()
        else:
            self._session.disconnect()
            self._snapshots.resume(tag)

    def _ensure_cluster_snapshot(self, profile: Profile) -> str | None:
        """Make the hosts the cluster that the profile builds on, unless a snapshot holds it; return its name."""
        session, tag = self._session, self._session.cluster_tag(profile)
        if tag is None or tag in self._snapshots.snapshots():
            return tag
        with session.progress.step("make the hosts a cluster"):
            self.clear()
            preflight.check_cluster(session, profile)
            preflight.check_profile(session, profile)
            plays.cluster(session, profile)
            session.disconnect()
            self._snapshots.save(tag, None)
        return tag
