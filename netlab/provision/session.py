"""One command's work on one lab: who makes the hosts, who is told, and how playbooks are played on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from netlab import ansible, assets
from netlab.errors import HostUnreachable
from netlab.hosts.provider import ParallelFleets
from netlab.model.run import of_build
from netlab.provision.tags import cluster_tag, snapshot_tag

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.hosts.provider import Provider
    from netlab.lab import Lab
    from netlab.model.profile import Profile
    from netlab.progress import Progress
    from netlab.spec.lab import LabSpec


@dataclass(frozen=True)
class Session:
    """One fleet of a lab whose lock is held, with what is needed to work on it."""

    lab: Lab
    spec: LabSpec
    provider: Provider
    progress: Progress
    fleet: int = 0
    """Which of the lab's fleets; 0 is the one that the lab's state tells of."""
    build: str = ""
    """Which build of a run its hosts are, where that is not the first: their snapshots have names of their own."""

    @property
    def sockets(self) -> Path:
        """Where ssh keeps this fleet's connections open."""
        return self.lab.sockets / str(self.fleet)

    def fleets(self) -> list[Session]:
        """Return this session and those on the other fleets that may work at the same time."""
        provider = self.provider
        if not isinstance(provider, ParallelFleets):
            return [self]
        return [
            self,
            *(replace(self, provider=provider.parallel_fleet(n), fleet=n) for n in range(1, provider.parallel)),
        ]

    def tag(self, profile: Profile) -> str:
        """Name of the profile's snapshot."""
        return of_build(snapshot_tag(profile, self.spec), self.build)

    def cluster_tag(self, profile: Profile) -> str | None:
        """Name of the snapshot of the cluster that the profile builds on; None where it builds on none."""
        tag = cluster_tag(profile)
        return tag and of_build(tag, self.build)

    def play(self, playbook: str, variables: dict[str, Any], *, accelerate: bool = True) -> ansible.PlayResult:
        """Play one of netlab's playbooks on the fleet's hosts; a machine that died explains a lost connection.

        On an emulated host, Mitogen's first contact costs as much as three tasks without it: see ``accelerate``.
        """
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        try:
            return ansible.play(
                assets.playbook(playbook),
                self.lab.inventory(self.provider.hosts(), shared=True),
                folder=self.lab.ansible / str(self.fleet),
                log=self.lab.logs / ("ansible.log" if self.fleet == 0 else f"ansible-fleet{self.fleet}.log"),
                progress=self.progress,
                extra_vars=variables,
                sockets=self.sockets,
                accelerate=accelerate,
            )
        except HostUnreachable:
            self.provider.check()
            raise

    def disconnect(self) -> None:
        """Close SSH connections that are kept open between plays: a restore leaves nobody at their other end."""
        ansible.close_connections(self.sockets)
