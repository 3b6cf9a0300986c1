"""Makes the lab's hosts be a profile, proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.provision import plays
from netlab.provision.plays import lab_state, rebooted
from netlab.provision.states import states_of

if TYPE_CHECKING:
    from netlab.model.profile import Profile
    from netlab.provision.session import Session


def apply_profile(session: Session, profile: Profile) -> None:
    """Make the lab's hosts be the profile, proven; nothing is done where they are that already."""
    lab, provider, states = session.lab, session.provider, states_of(session)
    before = lab.load_state()
    if before is not None and before.snapshot == session.tag(profile) and provider.running() and not rebooted(session):
        return
    states.begin()
    if states.missing([profile]):
        provider.prepare()
        states.provision(profile)
    now = lab.load_state()
    if now is not None and now.profile == profile.name:
        return  # the provider keeps no snapshots: what was provisioned is what the hosts are
    with session.progress.step(f"resume {profile.name}"):
        states.enter(profile)
        if profile.cluster is not None:
            plays.catch_up(session)
    lab.save_state(lab_state(session, profile))
