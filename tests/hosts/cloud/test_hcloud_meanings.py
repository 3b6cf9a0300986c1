"""Hetzner Cloud without anybody asked: what its errors mean, labels, costs, what hosts and plays are told."""

import ipaddress
import re

import pytest

from netlab.errors import CloudCapacity, CloudError, CloudLogin, CloudQuota, ConfigError
from netlab.hosts.cloud.cloud import Failure, ForeignLab
from netlab.hosts.cloud.hcloud import RANGE, ROUTER, Hcloud
from netlab.hosts.cloud.provider import NETWORK, PODS
from netlab.hosts.cloud.record import read_stamp
from netlab.spec.hcloud import HcloudSpec
from playbooks.filter_plugins.lab import routes
from tests.hosts.cloud.hcloud_api import KEY, VALUE

SPEC = HcloudSpec(location="fsn1")
HCLOUD = Hcloud(SPEC)


def said(code, message, item=""):
    return HCLOUD.error(Failure("Make the hosts", item, code, message))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("unauthorized", CloudLogin),
        ("forbidden", CloudLogin),
        ("token_readonly", CloudLogin),
        ("resource_limit_exceeded", CloudQuota),
        ("resource_unavailable", CloudCapacity),
        ("placement_error", CloudCapacity),
        ("invalid_input", ConfigError),
        ("unsupported_error", ConfigError),
        ("rate_limit_exceeded", CloudError),
        ("something_new", CloudError),
    ],
)
def test_a_code_has_its_meaning(code, kind):
    error = said(code, f"these are its words ({code})", "node1")
    assert type(error) is kind
    assert error.message.startswith(f"node1: Hetzner Cloud, fsn1: these are its words ({code})")
    assert error.hint or "in the step 'Make the hosts'" in error.message


@pytest.mark.parametrize(
    ("message", "kind", "hint"),
    [
        ("missing required arguments: api_token", CloudLogin, "HCLOUD_TOKEN"),
        ("no server type ccx99 is there in fsn1", ConfigError, "section hcloud"),
        (
            "requests.exceptions.ConnectionError: HTTPSConnectionPool: Max retries exceeded",
            CloudError,
            "HCLOUD_ENDPOINT",
        ),
    ],
)
def test_what_has_no_code_is_told_by_its_words(message, kind, hint):
    error = said("", message)
    assert type(error) is kind
    assert hint in error.hint


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("requests.exceptions.ConnectionError: no route\n", "no route"),
        ("Task failed: Module failed: it crashed\nand more", "it crashed"),
        ("", "it does not say what"),
    ],
)
def test_an_error_is_one_line(message, words):
    assert said("new", message).message.startswith(f"Hetzner Cloud, fsn1: {words} (in the step")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("my lab", "my-lab"),
        ("_x_", "x"),
        ("…", ""),
        ("a" * 70, "a" * 63),
        ("a" * 62 + "-b", "a" * 62),
        ("v1.0_2", "v1.0_2"),
    ],
)
def test_any_text_becomes_a_label(text, value):
    assert HCLOUD.fitting(text) == value
    assert VALUE.fullmatch(value)


def test_all_that_is_made_says_where_it_is_too():
    tags = HCLOUD.tags({"lab": "abc", "name": "Müllers Labor", "created": "20260102T120000Z"})
    assert tags == {
        "netlab/lab": "abc",
        "netlab/name": "M-llers-Labor",
        "netlab/created": "20260102T120000Z",
        "netlab/location": "fsn1",
    }
    assert all(KEY.fullmatch(key) for key in tags)


def test_labs_are_read_from_the_labels_of_their_networks():
    labels = {"netlab/lab": "abc", "netlab/name": "", "netlab/expires": "20260102T120000Z", "netlab/location": "hel1"}
    (lab,) = HCLOUD.labs({"labs": [labels]})
    assert lab == ForeignLab("abc", "?", "hel1", None, read_stamp("20260102T120000Z"))


def test_plays_are_told_where_the_hosts_are_whatever_the_file_says_by_now():
    told = HCLOUD.variables("hel1")
    assert (told["location"], told["network_zone"], told["range"]) == ("hel1", "eu-central", "10.0.0.0/8")
    assert not {"jump", "prices"} & told.keys()


def test_the_range_has_hosts_and_pods_and_begins_with_the_router():
    whole = ipaddress.ip_network(RANGE)
    assert whole[1] == ipaddress.ip_address(ROUTER)
    assert all(net.subnet_of(whole) for net in (NETWORK, ipaddress.ip_network(PODS.format(index=7))))


def test_the_network_is_told_of_the_pods_that_profiles_route_to():
    hosts = {"node1": {"netlab_address": "10.10.0.11"}, "node2": {"netlab_address": "10.10.0.12"}}
    found = routes(hosts, "client", hosts)
    assert [route["destination"] for route in found] == [PODS.format(index=index) for index in range(2)]


def test_a_host_is_told_of_all_the_others():
    script = HCLOUD.first_boot("10.10.0.11", ["10.10.0.10", "10.10.0.12"])
    assert script.words == ("10.10.0.11/24", "10.0.0.1", "1450", "10.10.0.10", "10.10.0.12")
    assert script.text.startswith("#!/usr/bin/python3\n")
    assert len(script.text) < 16_000, "user data may have 32 KiB"


def test_an_estimate_of_old_prices_says_so():
    cost = HCLOUD.cost(["ccx13"] * 3)
    assert cost.per_hour == pytest.approx(3 * 0.0208)
    assert re.search("2025, from memory; .* expect MORE", cost.source)


def test_ones_own_prices_count_before_netlabs():
    own = Hcloud(HcloudSpec(location="ash", prices={"ccx13": 0.05}))
    assert own.cost(["ccx13"]).per_hour == pytest.approx(0.0508)
    assert own.cost(["ccx13"]).source == "hcloud.prices"
    assert own.cost(["ccx13", "ccx23"]).per_hour is None


def test_where_no_price_is_known_none_is_guessed():
    assert Hcloud(HcloudSpec(location="ash")).cost(["ccx13"]).per_hour is None
    assert HCLOUD.cost(["ccx63"]).per_hour is None
