"""What the kernel recorded against what a profile promises."""

from pathlib import Path

import pytest

from netlab import profiles
from netlab.errors import ProofFailed
from netlab.model.proof import Hop, PathTrace, Proof
from netlab.provision.promise import by_place, check
from netlab.samples.evidence import read_proof

HOPS = (
    Hop(place="client", what="socket", kind="send"),
    Hop(place="client", what="out lab0", kind="transmit"),
    Hop(place="wire", what="veth_xmit", kind="driver"),
    Hop(place="wire", what="raise NET_RX", kind="softirq"),
    Hop(place="node1", what="in lab0", kind="receive"),
    Hop(place="node1", what="ip_route_input", kind="route"),
    Hop(place="node1", what="socket", kind="deliver"),
)
BACK = (Hop(place="node1", what="socket", kind="send"), Hop(place="client", what="socket", kind="deliver"))
WRITTEN = """
description: The app on the host.
label: mine
stack: vm
roles: [{role: app, hosts: node}]
paths: {host: "http://10.10.0.11/"}
promises:
  host:
    request: {client: [socket, out lab0], node1: [in lab0, socket]}
    response: {node1: [socket], client: [socket]}
"""


@pytest.fixture
def profile(tmp_path):
    (tmp_path / "mine.yml").write_text(WRITTEN)
    return profiles.find("mine", tmp_path)


def proof(request=HOPS, response=BACK):
    return Proof(profile="mine", paths=(PathTrace(path="host", request=request, response=response),), facts={})


def test_what_depends_on_how_hosts_are_made_is_not_promised():
    assert by_place(HOPS) == {"client": ("socket", "out lab0"), "node1": ("in lab0", "socket")}


def test_a_promise_that_is_kept(profile):
    check(profile, proof(), {})


def test_a_hop_more_is_shown_beside_the_promise(profile):
    extra = Hop(place="node1", what="PREROUTING", kind="netfilter")
    with pytest.raises(ProofFailed) as caught:
        check(profile, proof((*HOPS[:5], extra, *HOPS[5:])), {})
    message = caught.value.message
    assert message.startswith("mine: packets do not take the promised path (host)")
    assert "≠  node1: PREROUTING" in message
    assert "response" not in message
    row = next(row for row in message.splitlines() if "in lab0" in row)
    assert row.split() == ["node1:", "in", "lab0", "node1:", "in", "lab0"]


def test_a_hop_less_and_another_place_are_differences(profile):
    for hops in (HOPS[:-2], HOPS[:1], (*HOPS[:4], HOPS[4].model_copy(update={"place": "node2"}), *HOPS[5:])):
        with pytest.raises(ProofFailed, match="host"):
            check(profile, proof(hops), {})


def test_no_answer_fails_whatever_was_recorded(profile):
    with pytest.raises(ProofFailed, match="timed out"):
        check(profile, proof(), {"host": "http://10.10.0.11/ does not answer: timed out"})


def test_a_profile_without_promises_is_still_recorded(profile):
    silent = profile.model_copy(update={"promises": {}})
    check(silent, proof(), {})
    with pytest.raises(ProofFailed, match="host"):
        check(silent, proof(response=()), {})


def test_the_kernels_own_record_keeps_the_promise_of_calico_ipip():
    recorded = Path(__file__).parents[1] / "samples" / "data" / "calico-ipip"
    found = read_proof(recorded, "calico-ipip")
    replica = profiles.find("calico-ipip")
    assert {trace.path for trace in found.paths} <= set(replica.promises)
    for trace in found.paths:
        assert by_place(trace.request) == replica.promises[trace.path].request
        assert by_place(trace.response) == replica.promises[trace.path].response
