"""How a lab's hosts come to be a profile, as often as it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from netlab.hosts.provider import Snapshots
from netlab.provision.reapply import Reapplied
from netlab.provision.snapshots import Snapshotted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netlab.model.profile import Profile
    from netlab.provision.session import Session


class States(Protocol):
    """What hosts can be: no profile at all, or one that is applied and proven."""

    def begin(self) -> None:
        """Have the lab's state say that hosts are there, or are about to be, and that none is a proven profile."""

    def clear(self) -> None:
        """Make the hosts answer with no profile applied."""

    def missing(self, chosen: Sequence[Profile]) -> list[Profile]:
        """Return those that ``enter`` is not enough for: they were not applied and proven before."""

    def provision(self, profile: Profile) -> None:
        """Apply the profile and prove it; the hosts may be gone, or another profile's, until the next ``enter``."""

    def enter(self, profile: Profile) -> None:
        """Make the hosts be the profile, which was provisioned; they are ready to be worked with."""

    def evidence(self, profile: Profile) -> Path:
        """Return the folder of the files that prove what ``enter`` makes of the hosts."""


def states_of(session: Session) -> States:
    """Return snapshots of profiles where the session's provider has them; otherwise profiles are applied each time."""
    provider = session.provider
    return Snapshotted(session, provider) if isinstance(provider, Snapshots) else Reapplied(session)
