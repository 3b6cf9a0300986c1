"""What the sections of all clouds have in common."""

from __future__ import annotations

import ipaddress
from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from netlab.errors import ConfigError
from netlab.model.frozen import Frozen
from netlab.model.host import Server
from netlab.spec.bounds import whole

if TYPE_CHECKING:
    from netlab.model.lab import Part

WIDEST = 16
"""Length of the shortest prefix that may enter by SSH: a lab's hosts are not for the whole internet to try."""


def _network(text: str) -> str:
    """Return an IPv4 network as it is written; an address alone is a network of one."""
    network = ipaddress.IPv4Network(text)
    if network.prefixlen < WIDEST:
        raise ValueError(f"'{text}' is wider than /{WIDEST}; name your own address, as others see it")
    return str(network)


def _known(jump: Server | None) -> Server | None:
    if jump is not None and not jump.host_key:
        raise ValueError("host_key is needed: nobody is entered whose key is not known")
    return jump


Network = Annotated[str, AfterValidator(_network)]


class CloudSpec(Frozen):
    """Who may enter, for how long, and through whom."""

    APART: ClassVar[frozenset[str]] = frozenset({"jump"})
    """Keys that nothing is made from."""

    ssh_from: tuple[Network, ...] = Field(
        default=(),
        description="Who may enter by SSH: your address as others see it (203.0.113.7/32), or that of `jump`; needed.",
    )
    hours: int = whole(8, "Age at which `netlab down --expired` removes the lab.", low=1, high=24 * 30)
    jump: Annotated[Server | None, AfterValidator(_known)] = Field(
        default=None,
        description="Host on the way to the others, entered with the lab's key: `{address: …, user: …, host_key: …}`.",
    )

    @abstractmethod
    def type_of(self, part: Part) -> str:
        """Return what a host that plays ``part`` is made as: its instance type, server type or flavor."""

    @abstractmethod
    def check(self) -> None:
        """ConfigError where no host could be made."""

    def made_from(self, *apart: str) -> dict[str, Any]:
        """Return what hosts are made from, ``apart`` from these keys, too; as JSON has it."""
        return self.model_dump(mode="json", exclude={*self.APART, *apart})

    def require(self, section: str, *names: str) -> None:
        """ConfigError where one of the keys is empty, which only matters once hosts are made."""
        for name in names:
            if not getattr(self, name):
                hint = f"set it in netlab.yml: {type(self).model_fields[name].description}"
                raise ConfigError(f"{section}.{name} is needed to make hosts with the provider {section}", hint=hint)
