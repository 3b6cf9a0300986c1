"""Amazon EC2: what its plays are told, what its errors mean, what its hosts cost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netlab.errors import CloudCapacity, CloudError, CloudLogin, CloudQuota, ConfigError
from netlab.hosts.cloud.cloud import Cloud, ForeignLab
from netlab.hosts.cloud.cost import Prices, estimate
from netlab.hosts.cloud.meanings import Meanings, meant
from netlab.hosts.cloud.user_data import mtu_script

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netlab.errors import NetlabError
    from netlab.hosts.cloud.cloud import Failure, Script
    from netlab.hosts.cloud.cost import Cost
    from netlab.spec.ec2 import Ec2Spec

_AMERICA = {
    "c5.large": 0.085,
    "c6i.large": 0.085,
    "c6i.xlarge": 0.17,
    "c7i.large": 0.08925,
    "c7i.xlarge": 0.1785,
    "m5.large": 0.096,
    "m6i.large": 0.096,
    "m7i.large": 0.1008,
    "t3.medium": 0.0416,
}
PRICES = {
    "us-east-1": Prices(hosts=_AMERICA, gib_month=0.08, address=0.005),
    "us-east-2": Prices(hosts=_AMERICA, gib_month=0.08, address=0.005),
    "us-west-2": Prices(hosts=_AMERICA, gib_month=0.08, address=0.005),
    "eu-central-1": Prices(
        hosts={
            "c5.large": 0.097,
            "c6i.large": 0.097,
            "c7i.large": 0.10185,
            "m5.large": 0.115,
            "m6i.large": 0.115,
            "m7i.large": 0.12075,
            "t3.medium": 0.048,
        },
        gib_month=0.0952,
        address=0.005,
    ),
}
"""On demand, Linux, by region. They change; a region or type that is not here is 'unknown', never guessed."""
SOURCE = "Amazon's list prices on demand, from memory of 2025 and not compared with Amazon since"

ANYWHERE = "us-east-1"
"""Any region can be asked which others there are."""

_ASK = "they are taken from where AWS's tools look (AWS_PROFILE, ~/.aws …): try 'aws sts get-caller-identity'"
MEANINGS: Meanings = (
    (re.compile("Unable to locate credentials|^(config )?profile .* could not be found"), CloudLogin, _ASK),
    (
        re.compile(
            "AuthFailure|ExpiredToken|InvalidClientTokenId|RequestExpired|SignatureDoesNotMatch|UnrecognizedClient"
        ),
        CloudLogin,
        _ASK,
    ),
    (
        re.compile("AccessDenied|UnauthorizedOperation|OptInRequired"),
        CloudLogin,
        "docs/clouds.md lists what the account must be allowed to do",
    ),
    (
        re.compile("LimitExceeded|CountExceeded"),
        CloudQuota,
        "ask Amazon for a higher quota (Service Quotas), or take fewer or smaller hosts",
    ),
    (
        re.compile("Insufficient.*Capacity|UnfulfillableCapacity|SpotMaxPriceTooLow|^Unsupported"),
        CloudCapacity,
        "take another zone or type (ec2.zone, ec2.node_type …), try later, or set ec2.market to on-demand",
    ),
    (
        re.compile("^InvalidParameterValue$|InvalidAMIID|InvalidInstanceType"),
        ConfigError,
        "see the section ec2 of netlab.yml",
    ),
    (re.compile("^no image "), ConfigError, "see ec2.image_name and ec2.image_owner in netlab.yml"),
    (
        re.compile("Could not connect to the endpoint|Connect timeout"),
        CloudError,
        "is ec2.region a region of EC2, and can this machine reach the internet?",
    ),
)
"""What EC2's codes mean, or where there is no code what its client says; the first that fits counts."""


@dataclass(frozen=True)
class Ec2(Cloud):
    """``Cloud``: Amazon EC2."""

    section: Ec2Spec
    name: str = "ec2"
    title: str = "EC2"
    mtu: int = 1500
    """As an Ethernet's, so that packets are no larger than on other providers; EC2's own is 9001."""
    seals: bool = True
    prefix: str = "netlab:"

    @property
    def place(self) -> str:
        """Return the region."""
        return self.section.region

    def cost(self, types: Iterable[str]) -> Cost:
        """Add up list prices on demand; those of spot follow the market, which nobody can look up in a table."""
        source = f"{SOURCE}; spot costs less" if self.section.market == "spot" else SOURCE
        prices = PRICES.get(self.place)
        return estimate(types, self.section.root_gib, prices, currency="USD", source=source)

    def first_boot(self, address: str, others: Sequence[str]) -> Script:  # noqa: ARG002 - they are on the same link
        """Return what sets the MTU."""
        return mtu_script(address, self.mtu)

    def variables(self, place: str) -> dict[str, Any]:
        """Return the section, with the region that the hosts are in."""
        return {**self.section.made_from(), "region": place or ANYWHERE}

    def error(self, failure: Failure) -> NetlabError:
        """Say what EC2 means."""
        where, words = f"EC2 in {self.place or ANYWHERE}", _words(failure.message)
        return meant(failure, MEANINGS, failure.code or failure.message, where=where, words=words)

    def labs(self, answer: dict[str, Any]) -> Sequence[ForeignLab]:
        """Read the tags of the labs' networks."""
        return [ForeignLab.of(tags, self.prefix, region) for tags, region in answer["labs"]]


def _words(message: str) -> str:
    """Return what EC2 said, without what its client says about it."""
    return re.sub(
        r"^.*An error occurred \(\S+\) when calling the (\w+) operation[^:]*: ", r"\1: ", message, flags=re.DOTALL
    )
