from __future__ import annotations

from netlab.model.proof import DeviceFacts
from netlab.report.text import configuration
from netlab.report.text.numbers import NONE
from netlab.report.values import DeviceRow, ProfileFacts, SettingRow


def device(name, **changes):
    values = {"kind": "veth", "mtu": 1500, "qdisc": "noqueue", "offloads": ("gro", "tso"), "rps": False}
    return DeviceFacts(name=name, **{**values, **changes})


def facts(profile, devices=(), settings=()):
    return ProfileFacts(
        profile=profile,
        label=profile,
        base=None,
        devices=[
            DeviceRow(place=place, device=one, base=None, differs=(), gained=(), lost=()) for place, one in devices
        ],
        settings=[
            SettingRow(place=place, name=name, value=value, base=None, differs=False) for place, name, value in settings
        ],
    )


def told(*found):
    return [(row.places, row.what, row.values) for row in configuration.rows(found)]


def test_what_is_equal_everywhere_is_left_out():
    one = facts("a", [("node1", device("eth0"))], [("node1", "rules", "0")])
    assert told(one, one.model_copy(update={"label": "b"})) == []
    assert configuration.rows([]) == []


def test_a_device_that_is_not_everywhere_is_told_whole():
    base = facts("a", [("node1", device("eth0"))])
    other = facts("b", [("node1", device("eth0")), ("node1", device("tunl0", kind="ipip", mtu=1480, rps=True))])
    assert told(base, other) == [
        ("node1", "tunl0", ("not there", "ipip, MTU 1\u202f480, noqueue, RPS on")),
    ]


def test_veths_that_are_numbered_at_random_are_one_device():
    base = facts("a", [("node1", device("eth0"))])
    pods = [facts(name, [("node1", device("eth0")), ("node1", device(f"veth{name * 8}"))]) for name in "bc"]
    assert told(base, *pods) == [
        ("node1", "veth of a pod", ("not there", *["veth, MTU 1\u202f500, noqueue"] * 2)),
    ]


def test_fields_and_offloads_that_differ_are_told_one_by_one():
    base = facts("a", [("node1", device("eth0"))])
    other = facts("b", [("node1", device("eth0", mtu=1400, offloads=("tso", "lro")))])
    assert told(base, other) == [
        ("node1", "eth0: MTU, bytes", ("1\u202f500", "1\u202f400")),
        ("node1", "eth0: offloads", ("2 are on", "without gro; with lro")),
    ]
    assert [row.differs for row in configuration.rows([base, other])] == [(False, True), (False, True)]


def test_places_of_which_the_same_is_to_be_said_share_a_row():
    base = facts("a", (), [("node1", "rules", "0"), ("node2", "rules", "0")])
    other = facts("b", (), [("node1", "rules", "9"), ("node2", "rules", "9")])
    assert told(base, other) == [("node1, node2", "rules", ("0", "9"))]


def test_a_pod_is_compared_among_the_networks_that_have_one():
    base = facts("a", (), [("node1", "rules", "0")])
    veth, ipvlan = (
        facts(kind, [("node1/app", device("eth0", kind=kind))], [("node1", "rules", "0"), ("node1/app", "rules", "3")])
        for kind in ("veth", "ipvlan")
    )
    assert told(base, veth, ipvlan) == [("node1/app", "eth0: made by", (NONE, "veth", "ipvlan"))]
    assert configuration.rows([base, veth, ipvlan])[0].differs == (False, False, False), "there is no baseline's"


def test_a_setting_that_is_not_known_there_is_no_zero():
    base = facts("a", (), [("node1", "rules", "0")])
    other = facts("b", (), [("node1", "rules", None), ("node1", "maps", "1")])
    assert told(base, other) == [("node1", "rules", ("0", NONE)), ("node1", "maps", (NONE, "1"))]
