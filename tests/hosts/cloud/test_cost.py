"""Estimates: added up, or unknown; never guessed."""

from datetime import timedelta

import pytest

from netlab.hosts.cloud.cost import Prices, described, estimate, spent
from netlab.hosts.cloud.ec2 import PRICES, Ec2
from netlab.spec.ec2 import Ec2Spec

PRICED = Prices(hosts={"small": 0.1, "large": 0.2}, gib_month=0.073, address=0.005)


def of(types, prices=PRICED):
    return estimate(types, 10, prices, currency="USD", source="a list")


def test_hosts_disks_and_addresses_are_added_up():
    assert of(["small", "large"]).per_hour == pytest.approx(0.3 + 2 * (10 * 0.073 / 730 + 0.005))


@pytest.mark.parametrize(
    ("types", "prices", "words"), [(["huge", "small"], PRICED, "huge"), (["small"], None, "place")]
)
def test_what_is_not_known_is_not_guessed(types, prices, words):
    cost = of(types, prices)
    assert cost.per_hour is None
    assert words in cost.source
    assert described(cost, 8).startswith("cost: unknown (no list price")
    assert spent(cost, timedelta(hours=1)) == "cost unknown"


def test_an_estimate_says_what_it_is():
    text = described(of(["small"]), 8)
    assert text.startswith("cost: about 0.11 USD an hour, 0.85 USD in 8 h (an estimate from a list")


def test_what_was_spent_grows_with_the_age():
    assert spent(of(["small"]), timedelta(minutes=90)) == "about 0.11 USD an hour, 0.16 USD so far"


@pytest.mark.parametrize("region", PRICES)
def test_default_hosts_have_a_price_where_any_has(region):
    cost = Ec2(Ec2Spec(region=region)).cost(["c7i.large"] * 3)
    assert 0.2 < cost.per_hour < 0.5


def test_spot_is_said_to_cost_less():
    assert "spot costs less" in Ec2(Ec2Spec(region="us-east-1", market="spot")).cost(["c7i.large"]).source
