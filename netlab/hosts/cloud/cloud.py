"""What netlab must know of a cloud: how its plays are told what to make, and what its errors mean."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from netlab.hosts.cloud.record import read_stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from netlab.errors import NetlabError
    from netlab.hosts.cloud.cost import Cost
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


@dataclass(frozen=True)
class Cloud(ABC):
    """One cloud, with its section of ``netlab.yml``; values say how it differs from others, methods what it is asked.

    Its plays are told what to make by ``variables``; what they answer is read by ``error`` and ``labs``.
    """

    section: CloudSpec
    name: str
    """In ``provider:``, and of the folder of its plays."""
    title: str
    """For humans."""
    mtu: int
    """What the interface of the lab must be set to; 0: what the network says."""
    seals: bool
    """Whether ``seal.yml`` takes the user data with its keys out of the hosts' reach; else it is from the start."""
    prefix: str
    """Of the names of its tags, labels or whatever it has for them."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Return the region, or whatever else the hosts are in; empty where nobody has said."""

    def check(self) -> None:
        """ConfigError where the section, and whatever else the cloud goes by, is not enough to make hosts."""
        self.section.check()

    @abstractmethod
    def cost(self, types: Iterable[str]) -> Cost:
        """Return what hosts of these types cost."""

    def tags(self, words: Mapping[str, str]) -> dict[str, str]:
        """Return what all carries that is made, from the lab's id, name, dates …: as the cloud has keys and values."""
        return {f"{self.prefix}{key}": self.fitting(value) for key, value in words.items()}

    def fitting(self, text: str) -> str:
        """Return a text as the value of a tag may be."""
        return text

    def first_boot(self, address: str, others: Sequence[str]) -> Script | None:  # noqa: ARG002 - nothing of them
        """Return what a host runs at its first boot, from its own address in the lab and those of the others.

        Nothing is needed where the network says the MTU, and has the hosts on one link.
        """
        return None

    @abstractmethod
    def variables(self, place: str) -> dict[str, Any]:
        """Return ``netlab_cloud``, what the plays are told of the section."""

    @abstractmethod
    def error(self, failure: Failure) -> NetlabError:
        """Say what went wrong, and what to do about it."""

    @abstractmethod
    def labs(self, answer: dict[str, Any]) -> Sequence[ForeignLab]:
        """Read what ``labs.yml`` found."""
