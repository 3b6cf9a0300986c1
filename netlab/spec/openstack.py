"""The section ``openstack``: hosts that are servers of an OpenStack cloud."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from netlab.spec.bounds import whole
from netlab.spec.cloud import CloudSpec

if TYPE_CHECKING:
    from netlab.model.lab import Part

_Name = r"^[^\x00-\x1f\x7f/]*$"
"""Of a cloud, a region: both are parts of what a lab remembers as its place, with a slash between them."""
_Thing = r"^[^\x00-\x1f\x7f]*$"
"""Of whatever the cloud's administrators have named."""

Placement = Literal["soft-affinity", "affinity", "soft-anti-affinity", "anti-affinity", "any"]
NameServer = Annotated[str, AfterValidator(lambda text: str(ipaddress.IPv4Address(text)))]


class OpenstackSpec(CloudSpec):
    """Which cloud, and what its administrators call what a lab needs of it."""

    cloud: str = Field(
        default="", pattern=_Name, description="Entry of `clouds.yaml`; empty: what `OS_CLOUD` or the other `OS_*` say."
    )
    region: str = Field(
        default="", pattern=_Name, description="Region; empty: what `clouds.yaml` or `OS_REGION_NAME` says."
    )
    zone: str = Field(
        default="", pattern=_Thing, description="Availability zone of all hosts; empty: the cloud chooses one."
    )
    flavor: str = Field(
        default="", pattern=_Thing, description="Flavor of each host, by name or id, such as `m1.small`; needed."
    )
    client_flavor: str = Field(default="", pattern=_Thing, description="Flavor of the client; empty: `flavor`.")
    node_flavor: str = Field(default="", pattern=_Thing, description="Flavor of the nodes; empty: `flavor`.")
    control_flavor: str = Field(
        default="", pattern=_Thing, description="Flavor of a cluster's control plane; empty: `flavor`."
    )
    image: str = Field(
        default="",
        pattern=_Thing,
        description="Image by name or id, such as `Debian 13`; of several of that name, the newest is taken; needed.",
    )
    external_network: str = Field(
        default="",
        pattern=_Thing,
        description="Network by which hosts are entered and reach the internet, by name or id; needed.",
    )
    floating_ips: bool = Field(
        default=True,
        strict=True,
        description="A floating IP for each host, behind a router of the lab's own; `false`: a second interface of "
        "each host is in `external_network` itself.",
    )
    name_servers: tuple[NameServer, ...] = Field(
        default=(), description="DNS servers of the hosts, by address; none: what the cloud's DHCP says."
    )
    placement: Placement = Field(
        default="soft-affinity",
        description="Policy of the lab's server group: hosts close to each other, or apart; `any`: no server group.",
    )
    root_gib: int = whole(
        16, "Disk of each host in GiB: the flavor's own where it is as large, otherwise a volume.", low=8, high=16_384
    )

    def type_of(self, part: Part) -> str:
        """Return the flavor of a host that plays ``part``."""
        own = {"client": self.client_flavor, "node": self.node_flavor, "control": self.control_flavor}[part]
        return own or self.flavor

    def check(self) -> None:
        """ConfigError where no host could be made."""
        self.require("openstack", "flavor", "image", "external_network", "ssh_from")
