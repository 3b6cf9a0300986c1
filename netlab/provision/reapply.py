"""Profiles without snapshots: the previous one's roles are undone, then the next one's are played."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.errors import ConfigError
from netlab.provision import plays, preflight
from netlab.provision.plays import lab_state, proof_folder, rebooted
from netlab.provision.prove import prove
from netlab.provision.tags import snapshot_tag
from netlab.selection import find_profile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netlab.model.profile import Profile
    from netlab.provision.session import Session


class Reapplied:
    """``States`` of hosts whose state cannot be kept.

    The lab's state says whose roles are on the hosts, from before the first of them is played: so they are undone even
    where netlab was killed in the middle. It says so by the snapshot's name that the profile would have, which changes
    with everything that goes into it: a profile of the same name that was edited, or is another stack's, is another.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def begin(self) -> None:
        """Have the hosts there; the roles that are on them stay."""
        session = self._session
        session.provider.start()
        session.lab.save_state(lab_state(session, applied=self._applied))
        preflight.say_unlike_mtus(session)

    def clear(self) -> None:
        """Undo what is on the hosts."""
        session = self._session
        if (tag := self._applied) is None:
            return
        with session.progress.step(f"undo {tag.rpartition('-')[0]}"):
            self._undo(tag)
        session.lab.save_state(lab_state(session))

    def missing(self, chosen: Sequence[Profile]) -> list[Profile]:
        """Return all: what was proven on hosts that others may have changed since is proven again."""
        return list(chosen)

    def provision(self, profile: Profile) -> None:
        """Apply the profile and prove it."""
        session = self._session
        preflight.check_profile(session, profile)
        self._apply(profile, check_paths=False)
        with session.progress.step(f"prove {profile.name}"):
            prove(session, profile, proof_folder(session, profile))
        session.lab.save_state(lab_state(session, profile))

    def enter(self, profile: Profile) -> None:
        """Apply the profile, unless the hosts are it already."""
        session = self._session
        state = session.lab.load_state()
        if state is not None and state.snapshot == session.tag(profile):
            if not (names := rebooted(session)):
                return
            session.progress.note(f"{', '.join(names)}: booted since, so {profile.name} is applied again")
        self._apply(profile, check_paths=True)
        session.lab.save_state(lab_state(session, profile))

    def evidence(self, profile: Profile) -> Path:
        """Return what this run's ``provision`` recorded."""
        return self._session.lab.proofs / profile.name

    def _apply(self, profile: Profile, *, check_paths: bool) -> None:
        session = self._session
        preflight.check_cluster(session, profile)  # before anything of the previous profile is undone
        self.clear()
        session.lab.save_state(lab_state(session, applied=session.tag(profile)))
        with session.progress.step(f"provision {profile.name}"):
            if profile.cluster is not None:
                plays.cluster(session, profile)
            plays.up(session, profile, check_paths=check_paths)

    @property
    def _applied(self) -> str | None:
        state = self._session.lab.load_state()
        return state.applied if state else None

    def _undo(self, tag: str) -> None:
        """Play the teardown of the profile; of everything where it is no longer what was applied."""
        session, profile = self._session, self._still(tag)
        if profile is None:
            session.play("down", {})  # of all, whatever the hosts' image was baked with
        else:
            plays.teardown(session, profile)

    def _still(self, tag: str) -> Profile | None:
        """Return the profile that is called so; None where its file is gone, or is another by now."""
        session = self._session
        try:
            profile = find_profile(session.lab, session.spec, tag.rpartition("-")[0])
            return profile if snapshot_tag(profile, session.spec) == tag.partition("+")[0] else None  # of any build
        except ConfigError:
            return None
