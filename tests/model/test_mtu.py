"""What an MTU can be, which one a lab has, and how hosts that differ are named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.model import mtu
from netlab.model.host import Host


def hosts(*mtus):
    return [
        Host(name=f"node{number}", part="node", address="192.0.2.1", lab_address="10.0.0.1", mtu=each)
        for number, each in enumerate(mtus, 1)
    ]


def test_a_host_has_an_ethernets_until_somebody_knows_better():
    host = Host(name="node1", part="node", address="192.0.2.1", lab_address="10.0.0.1")
    assert (host.mtu, host.own_mtu) == (1500, 0)


@pytest.mark.parametrize(("text", "found"), [("1500", 1500), ("576", 576), ("65535", 65_535), ("9000", 9000)])
def test_bytes_of_a_packet_are_one(text, found):
    assert mtu.read(text) == found


@pytest.mark.parametrize(
    "text", ["", "0", "575", "65536", "1e3", "-1500", "1500 ", "\u0661\u0660\u0660\u0660", "9" * 5000]
)
def test_all_else_is_none(text):
    assert mtu.read(text) == 0


@given(st.text())
def test_whatever_is_said_is_read(text):
    assert mtu.read(text) == 0 or mtu.read(text) in mtu.BOUNDS


@pytest.mark.parametrize(("mtus", "lowest"), [((), 1500), ((1450,), 1450), ((9000, 1500, 1442), 1442)])
def test_a_labs_is_the_lowest_of_its_hosts(mtus, lowest):
    assert mtu.of_lab(hosts(*mtus)) == lowest


def test_hosts_that_differ_are_named_by_what_they_have_and_others_are_not():
    assert mtu.unlike([]) == mtu.unlike(hosts(1450, 1450)) == ""
    assert mtu.unlike(hosts(9000, 1500, 9000)) == "node2: 1500; node1, node3: 9000"
