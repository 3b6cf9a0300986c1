"""The section ``ec2``: hosts that are instances of Amazon EC2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field

from netlab.errors import ConfigError
from netlab.spec.bounds import whole
from netlab.spec.cloud import CloudSpec

if TYPE_CHECKING:
    from netlab.model.lab import Part

DEBIAN = "136693071363"
"""Debian's account, which publishes its images: https://wiki.debian.org/Cloud/AmazonEC2Image."""
BURSTABLE = ("t1.", "t2.", "t3.", "t3a.", "t4g.")
"""Types that run at a fraction of their speed once credits are spent; a cluster placement group refuses them."""
Type = r"^[a-z0-9-]+\.[a-z0-9-]+$"


def _text(value: object) -> object:
    """Return the number of an account, which YAML takes for one, as text."""
    return str(value) if type(value) is int else value


class Ec2Spec(CloudSpec):
    """Where the instances are, and how large."""

    region: str = Field(
        default="", pattern=r"^([a-z]{2}(-[a-z]+)+-\d)?$", description="Region, such as `eu-central-1`; needed."
    )
    zone: str = Field(
        default="", pattern=r"^([a-z0-9-]+)?$", description="Availability zone of all hosts; empty: EC2 chooses one."
    )
    client_type: str = Field(default="c7i.large", pattern=Type, description="Instance type of the client.")
    node_type: str = Field(default="c7i.large", pattern=Type, description="Instance type of the nodes.")
    control_type: str = Field(
        default="c7i.large", pattern=Type, description="Instance type of a cluster's control plane."
    )
    root_gib: int = whole(16, "Disk of each host in GiB.", low=8, high=16_384)
    image_owner: Annotated[str, BeforeValidator(_text)] = Field(
        default=DEBIAN, pattern=r"^\w+$", description="Account that the image is of (Debian's)."
    )
    image_name: str = Field(
        default="debian-13-amd64-*", description="Name of the image; of several, the newest is taken."
    )
    image_id: str = Field(
        default="", pattern=r"^(ami-[0-9a-f]+)?$", description="The image itself, instead of owner and name."
    )
    market: Literal["on-demand", "spot"] = Field(
        default="on-demand", description="`spot` is cheaper; EC2 may take such hosts away at any time."
    )
    placement_group: bool = Field(
        default=True, strict=True, description="Hosts close to each other (strategy cluster), for the same latency."
    )

    def type_of(self, part: Part) -> str:
        """Return the instance type of a host that plays ``part``."""
        return {"client": self.client_type, "node": self.node_type, "control": self.control_type}[part]

    def check(self) -> None:
        """ConfigError where no host could be made."""
        self.require("ec2", "region", "ssh_from")
        if self.zone and not self.zone.startswith(self.region):
            raise ConfigError(f"ec2.zone: '{self.zone}' is not in the region {self.region}")
        burstable = [name for name in (self.client_type, self.node_type) if name.startswith(BURSTABLE)]
        if self.placement_group and burstable:
            hint = "take another type, whose speed is steady too, or set ec2.placement_group to false"
            raise ConfigError(f"ec2: {burstable[0]} cannot be in a cluster placement group", hint=hint)
