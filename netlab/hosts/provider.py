"""What the rest of netlab asks of hosts: of every provider, and of those that can do more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.hosts.remote import RemoteHosts
    from netlab.model.host import Host
    from netlab.model.lab import Clock
    from netlab.model.run import Environment


class Provider(Protocol):
    """Hosts of one lab."""

    @property
    def clock(self) -> Clock:
        """Return what the hosts' clocks count."""

    def facts(self) -> dict[str, Any]:
        """Return variables that spare the playbooks work: ``netlab_kernel``, ``netlab_baked_roles``."""

    def hosts(self) -> tuple[Host, ...]:
        """Return the hosts, with the ports and addresses that they will have."""

    def kernels(self) -> tuple[tuple[str, ...], ...]:
        """Return the names of all hosts, those together that share a kernel."""

    def outline(self) -> tuple[str, ...]:
        """Say what must be made until the hosts are there, one sentence per step; nothing is made or changed."""

    def running(self) -> bool:
        """Whether all hosts are there."""

    def boots(self) -> dict[str, str]:
        """Return which boot of its kernel each host is in, for hosts that may be booted behind netlab's back.

        What a profile made of a host does not outlive a boot. MachineError where a host does not answer.
        """

    def prepare(self) -> None:
        """Make what every fleet begins with: images, first boots. Not for two fleets at once."""

    def start(self) -> None:
        """Make all hosts be there and answer to SSH.

        With ``Snapshots`` they are freshly booted: their state is lost, and so are connections to them. Without,
        hosts that are there already stay as they are.
        """

    def check(self) -> None:
        """Raise MachineError when a host is gone."""

    def environment(self) -> Environment:
        """Return what a run must record about where it was measured."""

    def down(self) -> None:
        """Remove the hosts; nothing of them is left running. The lab's own fleet takes all others along."""


@runtime_checkable
class Snapshots(Protocol):
    """Hosts whose state can be kept and resumed; without it, profiles are undone and applied again in every round."""

    def snapshots(self, *, reserve: bool = True) -> set[str]:
        """Return the names of states that ``resume`` knows.

        ``reserve`` keeps them there for as long as this provider exists; without it nothing is written.
        """

    def resume(self, tag: str) -> None:
        """Make all hosts answer to SSH in the state ``tag``. Their own is lost, and so are connections to them."""

    def save(self, tag: str, evidence: Path | None) -> None:
        """Keep the present state of all hosts under ``tag``, with the files that prove what it is, if there are any.

        Until the next ``start`` or ``resume`` the hosts may be gone.
        """

    def evidence(self, tag: str) -> Path:
        """Return the folder of the files that prove what the state ``tag`` is."""


@runtime_checkable
class Remote(Protocol):
    """Hosts that are reached by nothing but SSH: they are asked what they are, and a payload is sent to them."""

    @property
    def payload(self) -> Path | None:
        """Return the payload of the lab's profiles, a file on this machine; None where they have none."""

    def remote(self) -> RemoteHosts:
        """Return the hosts as they are asked."""


@runtime_checkable
class Rebuilds(Protocol):
    """Hosts that can be built anew while a lab goes on: booted again, and provisioned as if they had never been."""

    def rebuilt(self, build: str) -> Provider:
        """Return the provider of the hosts of this build, which has its own name and nothing of other builds.

        Hosts of another build may be gone then; those that the lab's state says are of this one stay.
        """

    def forget(self) -> None:
        """Remove what was kept for this build alone; its hosts may be gone, too."""


@runtime_checkable
class ParallelFleets(Protocol):
    """Hosts of which there may be more than once: fleets of the same shape that share their snapshots.

    A provider that has them has ``Snapshots``: what one fleet provisions, another must be able to enter.
    """

    @property
    def parallel(self) -> int:
        """Return how many fleets may work at the same time without one being felt in the figures of another."""

    def parallel_fleet(self, number: int) -> Provider:
        """Return the provider of the fleet with this number, from 0, which is the lab's own."""
