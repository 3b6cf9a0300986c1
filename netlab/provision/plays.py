"""The plays that a profile is made of, and what the lab remembers of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.files import remove_folder
from netlab.hosts.delivery import Delivery
from netlab.hosts.provider import Remote
from netlab.lab import LabState

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.model.profile import Profile
    from netlab.provision.session import Session


def cluster(session: Session, profile: Profile) -> None:
    """Make the hosts the cluster that the profile builds on."""
    deliver_payload(session)
    session.play("cluster", {**(profile.cluster or {}), **session.provider.facts()})


def deliver_payload(session: Session) -> None:
    """Have the payload on hosts that no disk can be attached to; MachineError where it does not arrive."""
    provider = session.provider
    if isinstance(provider, Remote) and provider.payload is not None:
        Delivery(provider.remote(), provider.payload).deliver()


def watch_housekeeping(session: Session) -> None:
    """Have a kernel on the virtual clock write down when it does what is due once a minute."""
    if session.provider.clock == "virtual":
        session.play("housekeeping", {"netlab_moment": "begin"}, accelerate=False)


def await_housekeeping(session: Session) -> None:
    """Wait until the next time is far enough away that no sample meets it; on a real clock nobody could tell."""
    if session.provider.clock == "virtual":
        session.play("housekeeping", {"netlab_moment": "end"}, accelerate=False)


def catch_up(session: Session) -> None:
    """Have a cluster that was resumed work again, however long ago it was saved."""
    session.play("resume", {}, accelerate=False)


def up(session: Session, profile: Profile, *, check_paths: bool) -> None:
    """Play the profile's roles. ``check_paths``: ask along every path afterwards, which a proof does anyway."""
    session.play(
        "up",
        {
            **_of_profile(profile),
            "app_response_bytes": session.spec.load.response_bytes,
            "netlab_snapshot": session.tag(profile),
            "netlab_check_paths": check_paths,
            **session.provider.facts(),
        },
    )


def teardown(session: Session, profile: Profile) -> None:
    """Undo what the profile's roles did to the hosts."""
    session.play("teardown", {**_of_profile(profile), **session.provider.facts()})


def _of_profile(profile: Profile) -> dict[str, str]:
    return {"netlab_profile": profile.name, "netlab_profile_file": str(profile.file)}


def proof_folder(session: Session, profile: Profile) -> Path:
    """Return an empty folder for what is recorded next; it stays when the proof fails."""
    folder = session.lab.proofs / profile.name
    remove_folder(folder)  # what stayed of an earlier proof would be taken for one of this
    return folder


def rebooted(session: Session) -> list[str]:
    """Name the hosts that have been booted since the lab's profile was applied to them, which did not outlive it."""
    state = session.lab.load_state()
    if state is None or not state.boots:
        return []
    return [name for name, boot in session.provider.boots().items() if state.boots.get(name) != boot]


def lab_state(session: Session, profile: Profile | None = None, *, applied: str | None = None) -> LabState:
    """Return what is up: the session's hosts, with the profile that is proven on them, if there is one.

    ``applied``, see ``LabState``, where none is proven.
    """
    tag = session.tag(profile) if profile else None
    return LabState(
        provider=session.spec.provider,
        clock=session.provider.clock,
        stack=session.spec.stack,
        profile=profile.name if profile else None,
        snapshot=tag,
        applied=tag or applied,
        build=session.build,
        boots=session.provider.boots() if profile else {},
        hosts=session.provider.hosts(),
    )
