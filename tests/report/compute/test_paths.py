from __future__ import annotations

import pytest

from netlab.report.compute.build import build_report
from tests import factories, proofs


def picture_of(report, profile, path):
    return next(one for one in report.paths if (one.profile, one.path) == (profile, path))


def new(visits):
    return [(visit.place, hop.what) for visit in visits for hop in visit.hops if hop.new]


def compared(base, other):
    """Of a request ``other`` whose baseline is ``base``, the hops that are marked."""
    found = [
        proofs.proof(profile).model_copy(update={"paths": (proofs.trace(path, request, "node1: socket"),)})
        for (profile, path), request in ((factories.BASELINE, base), (("calico-ipip", "pod-ip"), other))
    ]
    report = build_report([factories.run(rounds=1, proofs=tuple(found))])
    return new(picture_of(report, "calico-ipip", "pod-ip").request)


def test_the_baseline_comes_first_and_is_compared_with_nothing(proven):
    first, *others = proven.paths
    assert (first.name, first.is_baseline, first.base, first.new_hops, first.change) == (
        "baseline-vm · host",
        True,
        None,
        None,
        None,
    )
    assert not any(other.is_baseline for other in others)
    assert {other.base for other in others} == {"baseline-vm/host"}
    assert [one.profile for one in proven.paths] == [
        "baseline-vm",
        *["calico-ipip"] * 4,
        *["ipvlan-l2"] * 2,
        "macvlan",
        "cilium",
    ]


def test_what_the_baseline_has_not_is_new(proven):
    picture = picture_of(proven, "calico-ipip", "nodeport-local")
    assert new(picture.request) == [
        ("node1", "PREROUTING"),
        ("node1", "DNAT"),
        ("node1", "ip_forward"),
        ("node1", "FORWARD"),
        ("node1", "POSTROUTING"),
        ("node1", "SNAT"),
        ("node1", "out veth"),
        ("node1", "veth_xmit"),
        ("node1", "raise NET_RX"),
        ("node1/app", "in veth"),
        ("node1/app", "ip_route_input"),
    ]


def test_of_equal_hops_the_one_at_the_baselines_place_is_old():
    base = "client: socket, veth_xmit · node1: socket"
    assert compared(base, "client: socket, veth_xmit · node1: veth_xmit, socket") == [("node1", "veth_xmit")]
    assert compared(base, "client: socket · node1: veth_xmit, socket") == [], "the place alone makes nothing new"
    assert compared(base, "client: socket · node2: veth_xmit · client: veth_xmit · node1: socket") == [
        ("node2", "veth_xmit")
    ]


def test_request_and_response_are_compared_each_with_its_own(proven):
    picture = picture_of(proven, "ipvlan-l2", "pod-ip")
    assert new(picture.response) == [("node1/app", "out ipvlan"), ("node1/app", "ipvlan_queue_xmit")]


def test_counts_and_their_change(proven):
    picture = picture_of(proven, "calico-ipip", "nodeport-remote")
    assert picture.counts.model_dump() == {
        "hops": 70,
        "net_rx_queued": 0,
        "net_rx_raises": 6,
        "netfilter_calls": 20,
        "namespaces": 4,
        "wires": 4,
    }
    assert picture.change.model_dump() == {
        "hops": 56,
        "net_rx_queued": 0,
        "net_rx_raises": 4,
        "netfilter_calls": 20,
        "namespaces": 2,
        "wires": 2,
    }
    assert picture.new_hops == 56


def test_the_wire_is_one_step_without_hops(proven):
    request = picture_of(proven, "baseline-vm", "host").request
    assert [(visit.place, len(visit.hops)) for visit in request] == [("client", 4), ("wire", 0), ("node1", 3)]


def test_without_the_baselines_record_nothing_is_marked():
    report = build_report([factories.run(rounds=1, proofs=(proofs.proof("calico-ipip"),))])
    assert {(one.base, one.change, one.new_hops) for one in report.paths} == {(None, None, None)}
    assert not any(new(one.request) for one in report.paths)


def test_of_several_runs_the_first_record_counts():
    runs = [factories.run(rounds=1, run_id=name, proofs=proofs.proofs()) for name in ("a", "b")]
    assert len(build_report(runs).paths) == len(proofs.WAYS)


@pytest.mark.parametrize("field", ["paths", "facts"])
def test_a_run_without_proofs_has_none(report, field):
    assert getattr(report, field) == ()


def facts_of(report, profile):
    return next(facts for facts in report.facts if facts.profile == profile)


def test_facts_are_compared_with_the_same_device_of_the_same_place(proven):
    facts = facts_of(proven, "calico-ipip")
    rows = {(row.place, row.device.name): row for row in facts.devices}
    assert rows["client", "lab0"].differs == ()
    lab0 = rows["node1", "lab0"]
    assert (lab0.differs, lab0.gained, lab0.lost) == (("offloads",), (), ("generic-receive-offload",))
    assert rows["node1", "veth"].base is None


def test_settings_that_only_one_side_has_are_shown(proven):
    rows = {(row.place, row.name): row for row in facts_of(proven, "calico-ipip").settings}
    assert (rows["node1", "iptables rules"].value, rows["node1", "iptables rules"].base) == ("23", "0")
    assert rows["node1", "ip_forward"].base is None
    assert rows["node1", "ip_forward"].differs
    assert not rows["client", "iptables rules"].differs


def test_the_baselines_facts_are_compared_with_nothing(proven):
    facts = facts_of(proven, "baseline-vm")
    assert proven.facts[0] is facts
    assert facts.base is None
    assert not any(row.differs for row in (*facts.devices, *facts.settings))
