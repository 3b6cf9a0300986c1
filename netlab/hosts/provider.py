"""What the rest of netlab asks of hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.model.host import Host
    from netlab.model.lab import Clock
    from netlab.model.run import Environment


class Provider(Protocol):
    """Hosts of one lab."""

    @property
    def clock(self) -> Clock:
        """Return what the hosts' clocks count."""

    @property
    def lanes(self) -> int:
        """Return how many fleets may work at the same time without one being felt in the figures of another."""

    def lane(self, number: int) -> Provider:
        """Return the provider of another fleet of the same shape; number 0 is the lab's own, this one."""

    def facts(self) -> dict[str, Any]:
        """Return variables that spare the playbooks work: ``netlab_kernel``, ``netlab_baked_roles``."""

    def hosts(self) -> tuple[Host, ...]:
        """Return the hosts, with the ports and addresses that they will have."""

    def running(self) -> bool:
        """Whether all hosts are there."""

    def prepare(self) -> None:
        """Make what every lane begins with: images, first boots. Not for two lanes at once."""

    def start(self, tag: str | None) -> None:
        """Make all hosts answer to SSH, in the state ``tag``, or as they were first booted (None).

        Whatever state they were in before is lost, and connections to them too.
        """

    def snapshots(self, *, reserve: bool = True) -> set[str]:
        """Return names of states that ``start`` can bring back; empty when a provider has no snapshots.

        ``reserve`` keeps them there for as long as this provider exists; without it nothing is written.
        """

    def save(self, tag: str, evidence: Path | None) -> None:
        """Keep the present state of all hosts under ``tag``, with the files that prove what it is, if there are any.

        Until the next ``start`` the hosts may be gone.
        """

    def evidence(self, tag: str) -> Path:
        """Return the folder of the files that prove what the state ``tag`` is."""

    def check(self) -> None:
        """Raise MachineError when a host is gone."""

    def environment(self) -> Environment:
        """Return what a run must record about where it was measured."""

    def down(self) -> None:
        """Remove the hosts; nothing of them is left running. Lane 0 takes all others along."""
