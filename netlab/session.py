"""One command's work on one lab: who makes the hosts, who is told, and how playbooks are played on them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netlab import __version__, ansible, assets
from netlab.errors import HostUnreachable

if TYPE_CHECKING:
    from netlab.lab import Lab
    from netlab.profiles import Profile
    from netlab.progress import Progress
    from netlab.providers import Provider
    from netlab.spec import LabSpec


@dataclass(frozen=True)
class Session:
    """A lab whose lock is held, with what is needed to work on it."""

    lab: Lab
    spec: LabSpec
    provider: Provider
    progress: Progress

    def tag(self, profile: Profile) -> str:
        """Name of the profile's snapshot."""
        return snapshot_tag(profile, self.spec)

    def play(self, playbook: str, variables: dict[str, Any], *, accelerate: bool = True) -> ansible.PlayResult:
        """Play one of netlab's playbooks on the lab's hosts; a machine that died explains a lost connection.

        On an emulated host, Mitogen's first contact costs as much as three tasks without it: see ``accelerate``.
        """
        try:
            return ansible.play(
                assets.playbook(playbook),
                self.lab.inventory(self.provider.hosts()),
                folder=self.lab.ansible,
                log=self.lab.logs / "ansible.log",
                progress=self.progress,
                extra_vars=variables,
                sockets=self.lab.sockets,
                accelerate=accelerate,
            )
        except HostUnreachable:
            self.provider.check()
            raise

    def disconnect(self) -> None:
        """Close SSH connections that are kept open between plays: a restore leaves nobody at their other end."""
        ansible.close_connections(self.lab.sockets)

    def restore(self, profile: Profile) -> None:
        """Bring the hosts back to the moment when they had just become ``profile``."""
        self.disconnect()
        self.provider.restore(self.tag(profile))


def snapshot_tag(profile: Profile, spec: LabSpec) -> str:
    """Name a profile's snapshot by all that goes into it on top of the fleet: roles, profile, inputs, netlab."""
    names = sorted({use.role for use in profile.roles})
    parts = [profile.file, assets.playbook("up"), *(assets.roles() / name for name in names)]
    words = [__version__, str(spec.load.response_bytes), assets.digest(parts)]
    return f"{profile.name}-{hashlib.sha256(' '.join(words).encode()).hexdigest()[:12]}"
