"""An OpenStack cloud: what its plays are told, what its errors mean, which packets its network lets pass."""

from __future__ import annotations

import ipaddress
import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netlab.errors import CloudCapacity, CloudError, CloudLogin, CloudQuota, ConfigError, RequirementError
from netlab.hosts.cloud.cloud import Cloud, ForeignLab
from netlab.hosts.cloud.cost import Cost
from netlab.hosts.cloud.meanings import Meanings, meant
from netlab.hosts.cloud.provider import NETWORK
from netlab.hosts.cloud.requirements import HINT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netlab.errors import NetlabError
    from netlab.hosts.cloud.cloud import Failure
    from netlab.spec.openstack import OpenstackSpec

POOL = (str(NETWORK[20]), str(NETWORK[63]))
"""Where ports of OpenStack's own get addresses: not those of hosts (10 to 19), nor of pods (64 to 255)."""
INSIDE = (str(NETWORK), "10.244.0.0/16")
"""Hosts and pods: what may be a source inside the lab, and may come from a port that has another address."""
METADATA = ipaddress.IPv4Network("169.254.0.0/16")
"""Where hosts ask for their user data; no host may send there, because its pods would read the host's key."""
ENVIRONMENT = "envvars"
"""What openstacksdk calls the cloud that the variables ``OS_*`` describe."""
UNKNOWN = Cost(per_hour=None, currency="", source="OpenStack has no prices; your cloud's operator has")

_ASK = (
    "they are taken from where openstacksdk looks (clouds.yaml, OS_CLOUD, OS_AUTH_URL …): try 'openstack token issue'"
)
MEANINGS: Meanings = (
    (
        re.compile("HTTP 401|: 401: |Cloud .* was not found|Auth plugin requires parameters|is a required attribute"),
        CloudLogin,
        _ASK,
    ),
    (
        re.compile("(?i:quota)|: 413: |Maximum number of .* allowed"),
        CloudQuota,
        "ask the cloud's operator for a higher quota, or take fewer or smaller hosts",
    ),
    (
        re.compile("HTTP 403|: 403: |disallowed by policy"),
        CloudLogin,
        "docs/openstack.md lists what the project's member must be allowed to do",
    ),
    (
        re.compile("No more IP addresses available"),
        CloudCapacity,
        "openstack.external_network has no address left: take another network, or set openstack.floating_ips to false",
    ),
    (
        re.compile("No valid host was found|Exceeded maximum number of retries"),
        CloudCapacity,
        "take another zone, flavor or placement (openstack.zone …), or try later",
    ),
    (
        re.compile(
            "no (image|flavor|network) .* is there$|availability zone .*is not available"
            "|is not a valid external network|Region .* is not a valid region"
        ),
        ConfigError,
        "see the section openstack of netlab.yml",
    ),
    (re.compile("module 'openstack' has no attribute"), RequirementError, HINT),
    (
        re.compile("Unable to establish connection|Could not find versioned identity endpoints|timed out"),
        CloudError,
        "is the auth_url right, and can this machine reach it?",
    ),
)
"""What the services say, whose codes are those of HTTP; the first that fits counts."""


@dataclass(frozen=True)
class Openstack(Cloud):
    """``Cloud``: any OpenStack."""

    section: OpenstackSpec
    name: str = "openstack"
    title: str = "OpenStack"
    mtu: int = 0
    """What the network says: where it is more than 1500, the network is told to say 1500."""
    seals: bool = False
    """Hosts read the user data from a disk of theirs, and never may ask the metadata service."""
    prefix: str = "netlab:"

    @property
    def place(self) -> str:
        """Return the cloud's name, with the region's where ``netlab.yml`` has one; empty where nobody has said."""
        cloud = self.section.cloud or os.environ.get("OS_CLOUD", "")
        if not cloud and os.environ.get("OS_AUTH_URL"):
            cloud = ENVIRONMENT
        return f"{cloud}/{self.section.region}" if self.section.region and cloud else cloud

    def check(self) -> None:
        """ConfigError where the section, or the environment, is not enough to make hosts."""
        super().check()
        if not self.place:
            hint = "name an entry of clouds.yaml there, or set OS_CLOUD, or OS_AUTH_URL and what belongs to it"
            raise ConfigError(
                "which OpenStack hosts are to be made on is said neither by openstack.cloud nor by the environment",
                hint=hint,
            )

    def cost(self, types: Iterable[str]) -> Cost:  # noqa: ARG002 - prices of flavors are known to nobody here
        """Return that it is not known."""
        return UNKNOWN

    def fitting(self, text: str) -> str:
        """Return it short: a description has room for 255 characters."""
        return text[:64]

    def variables(self, place: str) -> dict[str, Any]:
        """Return the section, with the cloud that the hosts are in, and who may send what to whom."""
        cloud, _, region = place.partition("/")
        return {
            **self.section.made_from(),
            "cloud": cloud,
            "region": region,
            "pool": POOL,
            "pairs": [{"ip_address": network} for network in INSIDE],
            "rules": rules(self.section.ssh_from),
        }

    def error(self, failure: Failure) -> NetlabError:
        """Say what OpenStack means."""
        where, words = f"OpenStack ({self.place})", _words(failure.message)
        return meant(failure, MEANINGS, failure.message, where=where, words=words)

    def labs(self, answer: dict[str, Any]) -> Sequence[ForeignLab]:
        """Read the descriptions of the labs' networks."""
        described = [_tags(text) for text in answer["labs"]]
        return [ForeignLab.of(tags, self.prefix, self.place) for tags in described if f"{self.prefix}lab" in tags]


def rules(ssh_from: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the rules of the lab's security groups: ``inside`` for its own network, ``ssh`` for where it is entered.

    A group only has what is allowed. So that hosts may send to all but the metadata service, all else is named; IPv6 is
    left out where it is not of the internet, because the service has such an address too.
    """
    outside = ipaddress.IPv4Network("0.0.0.0/0").address_exclude(METADATA)
    out = [_rule("egress", str(network)) for network in sorted(outside)]
    out.append(_rule("egress", "2000::/3", ether_type="IPv6"))
    entry = {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
    return {
        "inside": [*(_rule("ingress", network) for network in INSIDE), *out],
        "ssh": [*(_rule("ingress", network, **entry) for network in ssh_from), *out],
    }


def _rule(direction: str, network: str, **more: Any) -> dict[str, Any]:
    return {"direction": direction, "remote_ip_prefix": network, "ether_type": "IPv4", **more}


def _tags(description: str) -> dict[str, str]:
    """Read a description; nothing where it is none of netlab's."""
    try:
        tags = json.loads(description)
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in tags.items()} if isinstance(tags, dict) else {}


def _words(message: str) -> str:
    """Return what a service said, without what its client and Ansible say about it."""
    said = re.sub(r"^.*?\w+: \d{3}: (?:Client|Server) Error for url: \S+, ", "", message, flags=re.DOTALL)
    return re.sub(r"^((Task|Module|Action) failed: )*((\w+\.)+\w+: )?", "", said)
