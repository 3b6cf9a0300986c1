"""Hetzner Cloud: what its plays are told, what its errors mean, what its hosts cost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netlab import assets
from netlab.errors import CloudCapacity, CloudError, CloudLogin, CloudQuota, ConfigError
from netlab.hosts.cloud.cloud import Cloud, ForeignLab, Script
from netlab.hosts.cloud.cost import Prices, estimate
from netlab.hosts.cloud.meanings import Meanings, meant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from netlab.errors import NetlabError
    from netlab.hosts.cloud.cloud import Failure
    from netlab.hosts.cloud.cost import Cost
    from netlab.spec.hcloud import HcloudSpec

RANGE = "10.0.0.0/8"
"""Of the lab's network: it must contain the subnet of its hosts and what is routed to them, which is their pods."""
ROUTER = "10.0.0.1"
"""The first address of that range is Hetzner's router, for servers of every subnet."""

OLD_PRICES = {"ccx13": 0.02, "ccx23": 0.0392, "ccx33": 0.0777, "cx22": 0.006, "cpx31": 0.0249}
"""Of an hour in the European locations in 2025, EUR without VAT."""
ADDRESS = 0.0008
EUROPE = ("fsn1", "nbg1", "hel1")
OLD = (
    "Hetzner's list prices of 2025, from memory; Hetzner has raised them twice in 2026, so expect MORE, "
    "or set hcloud.prices"
)

_LABEL_LENGTH = 63

_ASK = "netlab takes the token from the variable HCLOUD_TOKEN, as Ansible's modules do; try 'hcloud server list'"
MEANINGS: Meanings = (
    (re.compile("missing required arguments: api_token|^unauthorized$"), CloudLogin, _ASK),
    (
        re.compile("^(forbidden|token_readonly)$"),
        CloudLogin,
        "the token must be allowed to read and write (Hetzner Console, Security, API tokens)",
    ),
    (
        re.compile("^resource_limit_exceeded$"),
        CloudQuota,
        "ask Hetzner for a higher limit (Hetzner Console, Limits), or take fewer or smaller hosts",
    ),
    (
        re.compile("^(resource_unavailable|placement_error|no_space_left_in_location|unavailable)$"),
        CloudCapacity,
        "take another location or type (hcloud.location, hcloud.node_type …), or try later",
    ),
    (re.compile("^(invalid_input|unsupported_error)$"), ConfigError, "see the section hcloud of netlab.yml"),
    (re.compile("^no (location|server type|image) "), ConfigError, "see the section hcloud of netlab.yml"),
    (re.compile("^rate_limit_exceeded$"), CloudError, "the project may ask 3600 times an hour: try later"),
    (
        re.compile("Max retries exceeded|Connection aborted|Read timed out"),
        CloudError,
        "can this machine reach Hetzner's API (or what HCLOUD_ENDPOINT names)?",
    ),
)
"""What the API's codes mean, or where there is no code what its modules say; the first that fits counts."""


@dataclass(frozen=True)
class Hcloud(Cloud):
    """``Cloud``: Hetzner Cloud."""

    section: HcloudSpec
    name: str = "hcloud"
    title: str = "Hetzner Cloud"
    mtu: int = 1450
    """Of Hetzner's networks; it cannot be larger."""
    seals: bool = False
    """The metadata service cannot be switched off: each host makes it unreachable (``netlab-link``)."""
    prefix: str = "netlab/"

    @property
    def place(self) -> str:
        """Return the location."""
        return self.section.location

    def cost(self, types: Iterable[str]) -> Cost:
        """Add up the prices of netlab.yml, or where one is not there those of 2025, which are too low."""
        wanted, own = list(types), self.section.prices
        old = OLD_PRICES if self.place in EUROPE else {}
        prices = Prices(hosts={**old, **own}, gib_month=0, address=ADDRESS) if old or own else None
        source = "hcloud.prices" if own.keys() >= set(wanted) else OLD
        return estimate(wanted, 0, prices, currency="EUR", source=source)

    def tags(self, words: Mapping[str, str]) -> dict[str, str]:
        """Return them as labels, with the location, which networks do not say."""
        return super().tags({**words, "location": self.place})

    def fitting(self, text: str) -> str:
        """Return a text as a label's value may be: letters, digits and ``-_.`` between them, at most 63."""
        return re.sub(r"[^A-Za-z0-9._-]", "-", text)[:_LABEL_LENGTH].strip("._-")

    def first_boot(self, address: str, others: Sequence[str]) -> Script:
        """Return what has a network that routes look to the host as one Ethernet, and hides the user data."""
        text = assets.cloud_program("netlab-link").read_text(encoding="utf-8")
        return Script("/usr/local/sbin/netlab-link", text, (f"{address}/24", ROUTER, str(self.mtu), *others))

    def variables(self, place: str) -> dict[str, Any]:
        """Return the section, with the location that the hosts are in, and the network's range and zone."""
        return {
            **self.section.made_from(),
            "location": place or self.place,
            "network_zone": self.section.zone,
            "range": RANGE,
        }

    def error(self, failure: Failure) -> NetlabError:
        """Say what Hetzner means."""
        where, words = f"{self.title}, {self.place or 'anywhere'}", _words(failure.message)
        return meant(failure, MEANINGS, failure.code or failure.message, where=where, words=words)

    def labs(self, answer: dict[str, Any]) -> Sequence[ForeignLab]:
        """Read the labels of the labs' networks."""
        return [ForeignLab.of(each, self.prefix, each.get(f"{self.prefix}location") or "?") for each in answer["labs"]]


def _words(message: str) -> str:
    """Return what the module said, in one line and without the name of the exception that one has crashed by."""
    line = next((line for line in message.splitlines() if line.strip()), "it does not say what")
    return re.sub(r"^(Task failed: )?(Module failed: )?([\w.]+(Error|Exception): )?", "", line)
