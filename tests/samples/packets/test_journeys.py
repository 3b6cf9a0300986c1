"""What request and response crossed, in records of real kernels (data/) and, where those are rare, in made-up ones."""

import gzip
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import ResultsError
from netlab.provision.promise import by_place
from netlab.samples.evidence import read_proof
from netlab.samples.packets.events import parse_trace
from netlab.samples.packets.kernels import Kernel
from tests.samples.packets.made import flow, journey, kernel, line

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def proof():
    return read_proof(DATA / "calico-ipip", "calico-ipip")


def trace(proof, path):
    return next(trace for trace in proof.paths if trace.path == path)


def test_a_nodeport_on_the_pods_node(proof):
    found = trace(proof, "nodeport-local")
    assert by_place(found.request) == {
        "client": ("socket", "POSTROUTING", "out lab0"),
        "node1": (
            *("in lab0", "PREROUTING", "conntrack", "DNAT", "ip_forward"),
            *("FORWARD", "nft_do_chain", "POSTROUTING", "SNAT", "out veth", "veth_xmit"),
        ),
        "node1/app": ("in veth", "socket"),
    }
    assert list(by_place(found.response)) == ["node1/app", "node1", "client"]


def test_only_the_other_nodes_port_crosses_the_tunnel(proof):
    for name, crossings in {"pod-ip": 0, "nodeport-local": 0, "nodeport-remote": 2}.items():
        for hops in (trace(proof, name).request, trace(proof, name).response):
            assert sum(hop.kind == "tunnel" for hop in hops) == crossings
    assert list(by_place(trace(proof, "nodeport-remote").request)) == ["client", "node2", "node1", "node1/app"]


def test_every_veth_queues_the_packet_again(proof):
    hops = trace(proof, "nodeport-local").request
    assert sum(hop.what == "netif_rx" for hop in hops) == sum(hop.what == "veth_xmit" for hop in hops) == 3
    assert [hop.what for hop in hops].count("raise NET_RX") == 1, "one CPU polls all three in one softirq"


def test_facts_of_every_namespace(proof):
    assert set(proof.facts) == {"client", "node1", "node2", "node1/app"}
    devices = {device.name: device for device in proof.facts["node1"].devices}
    assert (devices["tunl0"].kind, devices["tunl0"].mtu) == ("ipip", 1480)
    assert int(proof.facts["node1"].settings["iptables rules"]) > 20
    assert "iptables rules" in proof.facts["client"].settings
    assert proof.facts["node1"].settings["CONFIG_HZ"] == "250"


def test_facts_from_before_kernels_were_recorded_are_read(proof):
    assert {(host.kernel_arguments, tuple(host.vulnerabilities)) for host in proof.facts.values()} == {("", ())}


def test_facts_tell_how_kernels_were_booted(tmp_path):
    folder = tmp_path / "proof"
    shutil.copytree(DATA / "calico-ipip", folder)
    facts = json.loads((folder / "facts.json").read_bytes())
    facts["node1"][""] |= {"kernel_arguments": "mitigations=off", "vulnerabilities": {"mds": "Vulnerable"}}
    (folder / "facts.json").write_text(json.dumps(facts))
    found = read_proof(folder, "calico-ipip").facts
    assert (found["node1"].kernel_arguments, found["node1"].vulnerabilities) == (
        "mitigations=off",
        {"mds": "Vulnerable"},
    )
    assert found["node1/app"].kernel_arguments == ""


THERE, BACK = flow(0x1000, 0x9000)
NATTED, NATTED_BACK = THERE._replace(source=61000), BACK._replace(destination=61000)
"""As the receiver has them: the node that passes them on changes the port."""
CLIENT = kernel(
    {"1": "client"},
    line("send", "0xa", segment=THERE, ns=1),
    line("out", "0xa", ns=1, dev="lab0", len=766),
    line("arrive", "0xa", segment=BACK, ns=1, dev="lab0"),
    line("deliver", "0xa", segment=BACK, ns=1),
)
RELAY = kernel(
    {"1": "node2"},
    line("arrive", "0xb", segment=THERE, ns=1, dev="lab0"),
    line("nat", "0xb", change=0),
    line("ip_forward", "0xb", ns=1),
    line("out", "0xb", ns=1, dev="tunl0", len=752),
    line("ipip_tunnel_xmit", "0xb"),
    line("out", "0xb", ns=1, dev="lab0", len=786),
    line("arrive", "0xb", segment=NATTED_BACK, tunnels=1, ns=1, dev="lab0"),
    line("ipip_rcv", "0xb"),
    line("arrive", "0xb", segment=NATTED_BACK, ns=1, dev="tunl0"),
    line("out", "0xb", ns=1, dev="lab0", len=1228),
    devices={("1", "tunl0"): "ipip"},
)
SERVER = kernel(
    {"1": "node1", "2": "node1/app"},
    line("arrive", "0xc", segment=NATTED, tunnels=1, ns=1, dev="lab0"),
    line("ipip_rcv", "0xc"),
    line("arrive", "0xc", segment=NATTED, ns=1, dev="tunl0"),
    line("out", "0xc", ns=1, dev="lxc12", len=766),
    line("arrive", "0xc", segment=NATTED, ns=2, dev="eth0"),
    line("deliver", "0xc", segment=NATTED, ns=2),
    line("send", "0xd", segment=NATTED_BACK._replace(payload=0), ns=2),
    line("send", "0xe", segment=NATTED_BACK, ns=2),
    line("out", "0xe", ns=2, dev="eth0", len=1228),
    line("arrive", "0xe", segment=NATTED_BACK, ns=1, dev="lxc12"),
    line("out", "0xe", ns=1, dev="tunl0", len=1214),
    line("ipip_tunnel_xmit", "0xe"),
    line("out", "0xe", ns=1, dev="lab0", len=1248),
    devices={("1", "tunl0"): "ipip", ("1", "lxc12"): "veth", ("2", "eth0"): "veth"},
)


def test_a_packet_is_found_behind_a_tunnel_and_a_nat():
    request, response = journey([SERVER, CLIENT, RELAY], "client", 700, 40001)
    assert by_place(request) == {
        "client": ("socket", "out lab0"),
        "node2": ("in lab0", "SNAT", "ip_forward", "out ipip", "ipip_tunnel_xmit", "out lab0"),
        "node1": ("in lab0", "ipip_rcv", "in ipip", "out veth"),
        "node1/app": ("in veth", "socket"),
    }
    assert by_place(response) == {
        "node1/app": ("socket", "out veth"),
        "node1": ("in veth", "out ipip", "ipip_tunnel_xmit", "out lab0"),
        "node2": ("in lab0", "ipip_rcv", "in ipip", "out lab0"),
        "client": ("in lab0", "socket"),
    }
    assert response[-1].kind == "deliver"


def test_a_response_may_take_another_way():
    """Direct server return: the node that the request crossed has no part in it; another node has."""
    relay = kernel(
        {"1": "node2"},
        line("arrive", "0xb", segment=THERE, ns=1, dev="lab0"),
        line("redirect", "0xb"),
        line("out", "0xb", ns=1, dev="lab0", len=766),
        line("arrive", "0xb", segment=BACK._replace(sequence=7, acknowledged=8), ns=1, dev="lab0"),
        line("deliver", "0xb", segment=BACK._replace(sequence=7, acknowledged=8), ns=1, dev="lab0"),
    )
    server = kernel(
        {"1": "node1"},
        line("arrive", "0xc", segment=THERE, ns=1, dev="lab0"),
        line("deliver", "0xc", segment=THERE, ns=1),
        line("send", "0xe", segment=BACK, ns=1),
        line("out", "0xe", ns=1, dev="lab0", len=1228),
    )
    router = kernel(
        {"1": "node3"},
        line("arrive", "0xf", segment=BACK, ns=1, dev="lab0"),
        line("ip_forward", "0xf"),
        line("out", "0xf", ns=1, dev="lab0", len=1228),
    )
    request, response = journey([CLIENT, relay, router, server], "client", 700, 40001)
    assert list(by_place(request)) == ["client", "node2", "node1"]
    assert list(by_place(response)) == ["node1", "node3", "client"]


def test_a_receiver_in_the_senders_kernel_answers_too():
    node = kernel(
        {"1": "node1", "2": "node1/app", "3": "node1/peer"},
        line("send", "0xa", segment=THERE, ns=3),
        line("arrive", "0xa", segment=THERE, ns=2, dev="eth0"),
        line("deliver", "0xa", segment=THERE, ns=2),
        line("send", "0xb", segment=BACK, ns=2),
        line("arrive", "0xb", segment=BACK, ns=3, dev="eth0"),
        line("deliver", "0xb", segment=BACK, ns=3),
    )
    request, response = journey([node, CLIENT], "node1/peer", 700, 40001)
    assert list(by_place(request)) == ["node1/peer", "node1/app"]
    assert list(by_place(response)) == ["node1/app", "node1/peer"]


def test_a_response_that_grew_or_was_cut_on_the_way_is_the_same():
    """Cards put segments together and take them apart: the byte that it begins with stays."""
    for payload in (100, 9000):
        lines = [line("send", "0xa", segment=THERE, ns=1), line("out", "0xa", ns=1, dev="lab0", len=766)]
        arrival = BACK._replace(payload=payload)
        lines += [line(name, "0xa", segment=arrival, ns=1, dev="lab0") for name in ("arrive", "deliver")]
        _, response = journey([kernel({"1": "client"}, *lines), RELAY, SERVER], "client", 700, 40001)
        assert list(by_place(response)) == ["node1/app", "node1", "node2", "client"]


@pytest.mark.parametrize(
    ("fields", "seen"),
    [
        ({"tcx": "0xff", "program": "0xee"}, True),
        ({"tcx": "0xff", "program": "0x0"}, False),  # the hook holds tc's programs only
        ({"tcx": "0x0", "program": "0xee"}, False),  # without a hook the second word is what was there before
        ({}, False),
    ],
)
def test_programs_on_a_devices_tcx_hook_are_hops(fields, seen):
    node = kernel(
        {"1": "node1"},
        line("arrive", "0xc", segment=THERE, ns=1, dev="lab0", **fields),
        line("redirect", "0xc"),
        line("queue", "0xc", ns=1, dev="lxc12", **fields),
        line("out", "0xc", ns=1, dev="lxc12", len=766),
        devices={("1", "lxc12"): "netkit"},
    )
    request, _ = journey([CLIENT, node], "client", 700, 40001)
    tcx = ("tcx_run",) if seen else ()
    assert by_place(request)["node1"] == ("in lab0", *tcx, "redirect", *tcx, "out netkit")
    assert {hop.kind for hop in request if hop.what == "tcx_run"} <= {"bpf"}


def test_a_slave_that_gets_a_list_of_packets_has_received_them():
    node = kernel(
        {"1": "node1", "2": "node1/app"},
        line("arrive", "0xa", segment=THERE, ns=1, dev="lab0"),
        line("ip_rcv_core", "0xa", ns=2, dev="eth0"),
        line("deliver", "0xa", segment=THERE, ns=2),
        devices={("2", "eth0"): "ipvlan"},
    )
    request, _ = journey([CLIENT, node], "client", 700, 40001)
    assert by_place(request)["node1/app"] == ("in ipvlan", "socket")


def test_a_buffer_that_is_another_packets_now_is_not_followed():
    stranger = THERE._replace(sequence=5)
    node = kernel(
        {"1": "node1"},
        line("arrive", "0xa", segment=THERE, ns=1, dev="lab0"),
        line("hook", "0xa", hook=0, family=2, ns=1),
        line("arrive", "0xa", segment=stranger, ns=1, dev="lab0"),
        line("deliver", "0xa", segment=stranger, ns=1),
    )
    request, response = journey([CLIENT, node], "client", 700, 40001)
    assert by_place(request)["node1"] == ("in lab0", "PREROUTING")
    assert response == ()


def test_a_packet_that_was_lost_ends_where_it_was_last_seen():
    request, response = journey([CLIENT, RELAY], "client", 700)
    assert request[-1].what == "out lab0"
    assert (request[-1].place, response) == ("node2", ())
    assert journey([CLIENT], "client", 900) == ((), ())
    assert journey([CLIENT], "node1", 700) == ((), ())
    assert journey([CLIENT], "client", 700, 40002) == ((), ())


def test_softirqs_of_another_cpu_are_not_the_packets():
    raised = "  idle-0 [{}] d.s1. 5.1: softirq_raise: vec=3 [action=NET_RX]"
    lines = [
        line("send", "0xa", segment=THERE, ns=1),
        raised.format("001"),
        raised.format("000"),
        line("deliver", "0xa", ns=1),
    ]
    hops, _ = journey([Kernel(parse_trace("\n".join(lines)), {"1": "client"})], "client", 700)
    assert [hop.what for hop in hops] == ["socket", "raise NET_RX", "socket"]


@given(st.text())
def test_any_text_is_read_or_refused(text):
    try:
        events = parse_trace(text)
    except ResultsError:
        return
    journey([Kernel(events, {"1": "client"})], "client", 700)


@given(st.lists(st.sampled_from([*CLIENT.events, *RELAY.events, *SERVER.events]), max_size=30))
def test_any_order_of_events_has_an_end(events):
    for places in ({"1": "client", "2": "client/pod"}, {"2": "client"}):
        journey([Kernel(events, places), RELAY], "client", 700)


@pytest.mark.parametrize("name", ["requests.json", "facts.json", "node1.trace.gz"])
@pytest.mark.parametrize("content", [b"", b"{", b'{"format": 2}', gzip.compress(b"what is this\n", mtime=0)])
def test_files_that_are_no_evidence_are_named(tmp_path, name, content):
    for file in (DATA / "calico-ipip").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / name).write_bytes(content)
    if content == b"" and name.endswith(".gz"):
        assert read_proof(tmp_path, "x").paths[0].request == (), "an empty record holds no packet"
        return
    with pytest.raises(ResultsError, match=name):
        read_proof(tmp_path, "x")
