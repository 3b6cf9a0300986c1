"""The section ``hcloud``: hosts that are servers of Hetzner Cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from netlab.errors import ConfigError
from netlab.spec.cloud import CloudSpec

if TYPE_CHECKING:
    from netlab.model.lab import Part

ZONES = {
    "fsn1": "eu-central",
    "nbg1": "eu-central",
    "hel1": "eu-central",
    "ash": "us-east",
    "hil": "us-west",
    "sin": "ap-southeast",
}
"""Network zone of each location: https://docs.hetzner.com/cloud/networks/faq."""
Type = r"^[a-z]+[0-9]+$"
Price = Annotated[float, Field(gt=0, lt=1000, allow_inf_nan=False)]


class HcloudSpec(CloudSpec):
    """Where the servers are, and how large."""

    APART: ClassVar = frozenset({"jump", "prices"})

    location: str = Field(
        default="", pattern=r"^([a-z]{3}[0-9]*)?$", description="Location, such as `fsn1` or `hel1`; needed."
    )
    network_zone: str = Field(
        default="", pattern=r"^([a-z]+-[a-z]+)?$", description="Network zone, of a location that netlab does not know."
    )
    client_type: str = Field(default="ccx13", pattern=Type, description="Server type of the client.")
    node_type: str = Field(default="ccx13", pattern=Type, description="Server type of the nodes.")
    control_type: str = Field(default="ccx13", pattern=Type, description="Server type of a cluster's control plane.")
    image: str = Field(default="debian-13", pattern=r"^[a-z0-9.-]+$", description="Image, by its name.")
    placement_group: bool = Field(
        default=True,
        strict=True,
        description="Each host on a machine of its own (type spread): none share one.",
    )
    prices: dict[str, Price] = Field(
        default_factory=dict,
        description="What a server of a type costs in an hour, in EUR, for estimates: `{ccx13: 0.05}`.",
    )

    @property
    def zone(self) -> str:
        """Return the network zone of the location; empty where it is not known."""
        return self.network_zone or ZONES.get(self.location, "")

    def type_of(self, part: Part) -> str:
        """Return the server type of a host that plays ``part``."""
        return {"client": self.client_type, "node": self.node_type, "control": self.control_type}[part]

    def check(self) -> None:
        """ConfigError where no host could be made."""
        self.require("hcloud", "location", "ssh_from")
        if not self.zone:
            hint = f"set hcloud.network_zone, or take one of {', '.join(ZONES)}"
            raise ConfigError(f"hcloud.location: the network zone of '{self.location}' is not known", hint=hint)
