"""What netlab must know of a cloud: how its plays are told what to make, and what its errors mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from netlab.hosts.cloud.record import read_stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from netlab.errors import NetlabError
    from netlab.hosts.cloud.cost import Cost
    from netlab.model.lab import Part
    from netlab.spec.cloud import CloudSpec


class Failure(NamedTuple):
    """What a play on a cloud's API says of a task that failed."""

    task: str
    item: str
    """Host or thing that the task was about, where it goes through several."""
    code: str
    """The cloud's own name for the error; may be empty."""
    message: str


class ForeignLab(NamedTuple):
    """A lab that the account has, found by what it carries."""

    lab: str
    name: str
    """Folder that it was made for."""
    place: str
    created: datetime | None
    expires: datetime | None

    @classmethod
    def of(cls, tags: Mapping[str, str], prefix: str, place: str) -> ForeignLab:
        """Read what something of the lab carries, under names with this prefix."""
        return cls(
            lab=tags[f"{prefix}lab"],
            name=tags.get(f"{prefix}name") or "?",
            place=place,
            created=read_stamp(tags.get(f"{prefix}created", "")),
            expires=read_stamp(tags.get(f"{prefix}expires", "")),
        )


class Script(NamedTuple):
    """A program that a host runs at the end of its first boot, as root."""

    path: str
    text: str
    words: tuple[str, ...] = ()
    """Its arguments."""


class Cloud(Protocol):
    """One cloud, with its section of ``netlab.yml``."""

    @property
    def name(self) -> str:
        """Return the name in ``provider:``, and of the folder of its plays."""

    @property
    def title(self) -> str:
        """Return the name for humans."""

    @property
    def mtu(self) -> int:
        """Return what the interface of the lab must be set to; 0: what the network says."""

    @property
    def seals(self) -> bool:
        """Whether ``seal.yml`` takes the user data with its keys out of the hosts' reach; else it is from the start."""

    @property
    def section(self) -> CloudSpec:
        """Return the section."""

    @property
    def place(self) -> str:
        """Return the region, or whatever else the hosts are in; empty where nobody has said."""

    def check(self) -> None:
        """ConfigError where the section is not enough to make hosts."""

    def type_of(self, part: Part) -> str:
        """Return what a host that plays ``part`` is made as."""

    def cost(self, types: Iterable[str]) -> Cost:
        """Return what hosts of these types cost."""

    def tags(self, words: Mapping[str, str]) -> dict[str, str]:
        """Return what all carries that is made: the lab's id, name, dates … as the cloud wants keys and values."""

    def first_boot(self, address: str, others: Sequence[str]) -> Script | None:
        """Return what a host runs at its first boot, from its own address in the lab and those of the others."""

    def variables(self, place: str) -> dict[str, Any]:
        """Return ``netlab_cloud``, what the plays are told of the section."""

    def error(self, failure: Failure) -> NetlabError:
        """Say what went wrong, and what to do about it."""

    def labs(self, answer: dict[str, Any]) -> Sequence[ForeignLab]:
        """Read what ``labs.yml`` found."""
