"""Makes hosts be a profile: the cluster's snapshot, the profile's roles, the proof, the profile's snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.files import remove_folder
from netlab.lab import LabState
from netlab.provision.prove import prove
from netlab.provision.tags import cluster_tag

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.model.profile import Profile
    from netlab.provision.session import Session


def apply_profile(session: Session, profile: Profile) -> None:
    """Make the lab's hosts be the profile, proven; nothing is done where they are that already."""
    lab, provider, tag = session.lab, session.provider, session.tag(profile)
    before = lab.load_state()
    if before is not None and before.snapshot == tag and provider.running():
        return
    lab.save_state(lab_state(session))
    if tag not in provider.snapshots():
        provider.prepare()
        provision(session, profile)
    with session.progress.step(f"resume {profile.name}"):
        _resume(session, profile, tag)
    lab.save_state(lab_state(session, profile))


def _resume(session: Session, profile: Profile, tag: str | None) -> None:
    """Start the hosts to be worked with, however long ago they were saved."""
    session.start(tag)
    if profile.cluster is not None:
        session.play("resume", {}, accelerate=False)


def _ensure_cluster_snapshot(session: Session, profile: Profile) -> str | None:
    """Make the hosts the cluster that the profile builds on, unless a snapshot holds it; return the snapshot's name."""
    tag = cluster_tag(profile)
    if tag is None or tag in session.provider.snapshots():
        return tag
    with session.progress.step("make the hosts a cluster"):
        session.start(None)
        session.play("cluster", {**(profile.cluster or {}), **session.provider.facts()})
        session.disconnect()
        session.provider.save(tag, None)
    return tag


def provision(session: Session, profile: Profile) -> None:
    """Play the profile's roles on freshly booted hosts and keep the outcome; the hosts may be gone then."""
    base = _ensure_cluster_snapshot(session, profile)
    with session.progress.step(f"provision {profile.name}"):
        _resume(session, profile, base)
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
        prove(session, profile, evidence := proof_folder(session, profile))
        session.disconnect()
        session.provider.save(session.tag(profile), evidence)


def proof_folder(session: Session, profile: Profile) -> Path:
    """Return an empty folder for what is recorded next; it stays when the proof fails."""
    folder = session.lab.proofs / profile.name
    remove_folder(folder)  # what stayed of an earlier proof would be taken for one of this
    return folder


def lab_state(session: Session, profile: Profile | None = None) -> LabState:
    """Return what is up: the session's hosts, with the profile that is proven on them, if there is one."""
    return LabState(
        provider=session.spec.provider,
        clock=session.provider.clock,
        stack=session.spec.stack,
        profile=profile.name if profile else None,
        snapshot=session.tag(profile) if profile else None,
        hosts=session.provider.hosts(),
    )
