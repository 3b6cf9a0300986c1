"""Records of real kernels (data/), and of kernels that are made up where the real thing is rare."""

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
from netlab.samples.trace import Kernel, journeys, parse_trace

DATA = Path(__file__).parent / "data"


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
        "node1/app": ("in eth0", "socket"),
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


def line(name, skb, cpu=0, **fields):
    text = " ".join(f'{key}="{value}"' if key == "dev" else f"{key}={value}" for key, value in fields.items())
    return f"  nginx-7 [{cpu:03}] ..s1. 5.000001: {name}: (f+0x4/0x10) skb={skb} {text}"


def kernel(places, *lines):
    """One of several kernels."""
    return Kernel(parse_trace("\n".join(lines)), places, alone=False)


CLIENT = kernel(
    {"1": "client"},
    line("send", "0xa", ns=1, len=732),
    line("out", "0xa", ns=1, dev="lab0", len=766),
    line("arrive", "0xa", ns=1, dev="lab0", len=1246),
    line("deliver", "0xa", ns=1),
)
RELAY = kernel(
    {"1": "node2"},
    line("arrive", "0xb", ns=1, dev="lab0", len=752),
    line("ip_forward", "0xb", ns=1),
    line("out", "0xb", ns=1, dev="lab0", len=766),
    line("arrive", "0xb", ns=1, dev="lab0", len=1246),
    line("out", "0xb", ns=1, dev="lab0", len=1260),
)
SERVER = kernel(
    {"1": "node1", "2": "node1/app"},
    line("arrive", "0xc", ns=1, dev="lab0", len=752),
    line("out", "0xc", ns=1, dev="veth0123abcd", len=766),
    line("arrive", "0xc", ns=2, dev="eth0", len=752),
    line("deliver", "0xc", ns=2),
    line("send", "0xd", ns=2, len=32),
    line("send", "0xe", ns=2, len=1226),
    line("out", "0xe", ns=2, dev="eth0", len=1260),
    line("arrive", "0xe", ns=1, dev="veth0123abcd", len=1246),
    line("out", "0xe", ns=1, dev="lab0", len=1260),
)


def test_machines_of_their_own_each_hold_a_part_of_the_journey():
    request, response = journeys([SERVER, CLIENT, RELAY], "client", 700)
    assert list(by_place(request)) == ["client", "node2", "node1", "node1/app"]
    assert by_place(request)["node2"] == ("in lab0", "ip_forward", "out lab0")
    assert by_place(request)["node1"] == ("in lab0", "out veth")
    assert list(by_place(response)) == ["node1/app", "node1", "node2", "client"]
    assert response[-1].kind == "deliver"


def test_a_slave_that_gets_a_list_of_packets_has_received_them():
    node = kernel(
        {"1": "node1", "2": "node1/app"},
        line("arrive", "0xa", ns=1, dev="lab0", len=752),
        line("ip_rcv_core", "0xa", ns=2, dev="eth0"),
        line("deliver", "0xa", ns=2),
    )
    request, _ = journeys([CLIENT, node], "client", 700)
    assert by_place(request)["node1/app"] == ("in eth0", "socket")


def test_responses_of_one_length_are_told_apart_by_when_they_came():
    earlier = (line("arrive", "0xf", ns=1, dev="lab0", len=1246), line("out", "0xf", ns=1, dev="mgmt0", len=1260))
    client, relay = (
        Kernel([*parse_trace("\n".join(earlier)), *one.events], one.places, alone=False) for one in (CLIENT, RELAY)
    )
    assert journeys([client, relay, SERVER], "client", 700) == journeys([CLIENT, RELAY, SERVER], "client", 700)


def test_a_packet_of_another_connection_is_not_the_request():
    """The agents' SSH is on the wire too, in packets of any length; its port, or its sequence number, is another."""
    of_ssh = line("send", "0x1", ns=1, len=732, port=40000, ports="0x1600409c", seq="0x1")
    client = kernel(
        {"1": "client"},
        of_ssh,
        line("out", "0x1", ns=1, dev="lab0", len=766),
        line("send", "0xa", ns=1, len=732, port=40001, ports="0x5000419c", seq="0xa"),
        line("out", "0xa", ns=1, dev="lab0", len=766),
        line("arrive", "0x2", ns=1, dev="lab0", len=1246),
        line("deliver", "0x2", ns=1, ports="0x409c1600", seq="0x2"),
        line("arrive", "0xb", ns=1, dev="lab0", len=1246),
        line("deliver", "0xb", ns=1, ports="0x419c5000", seq="0xb"),
    )
    bystander = kernel(
        {"1": "node2"},
        line("arrive", "0x3", ns=1, dev="lab0", len=752),
        line("deliver", "0x3", ns=1, ports="0x1600409c", seq="0x1"),
    )
    server = kernel(
        {"1": "node1"},
        line("arrive", "0x4", ns=1, dev="lab0", len=752),
        line("deliver", "0x4", ns=1, ports="0x1600409c", seq="0x3"),
        line("arrive", "0xc", ns=1, dev="lab0", len=752),
        line("deliver", "0xc", ns=1, ports="0x5000419c", seq="0xa"),
        line("send", "0x5", ns=1, len=1226, port=22, ports="0x409c1600", seq="0x2"),
        line("out", "0x5", ns=1, dev="lab0", len=1260),
        line("send", "0xd", ns=1, len=1226, port=80, ports="0x419c5000", seq="0xb"),
        line("nft_do_chain", "0xd"),
        line("out", "0xd", ns=1, dev="lab0", len=1260),
    )
    request, response = journeys([client, bystander, server], "client", 700, 40001)
    assert list(by_place(request)) == ["client", "node1"]
    assert list(by_place(response)) == ["node1", "client"]
    assert by_place(response)["node1"] == ("socket", "nft_do_chain", "out lab0")


def test_a_packet_that_was_lost_ends_where_it_was_last_seen():
    request, response = journeys([CLIENT, RELAY], "client", 700)
    assert request[-1].what == "out lab0"
    assert (request[-1].place, response) == ("node2", ())
    assert journeys([CLIENT], "client", 900) == ((), ())
    assert journeys([CLIENT], "node1", 700) == ((), ())


def test_softirqs_of_another_cpu_are_not_the_packets():
    raised = "  idle-0 [{}] d.s1. 5.1: softirq_raise: vec=3 [action=NET_RX]"
    lines = [
        line("send", "0xa", ns=1, len=732),
        raised.format("001"),
        raised.format("000"),
        line("deliver", "0xa", ns=1),
    ]
    hops, _ = journeys([Kernel(parse_trace("\n".join(lines)), {"1": "client"})], "client", 700)
    assert [hop.what for hop in hops] == ["socket", "raise NET_RX", "socket"]


@given(st.text())
def test_any_text_is_read_or_refused(text):
    try:
        events = parse_trace(text)
    except ResultsError:
        return
    journeys([Kernel(events, {"1": "client"})], "client", 700)


@given(st.lists(st.sampled_from([*CLIENT.events, *RELAY.events, *SERVER.events]), max_size=30))
def test_any_order_of_events_has_an_end(events):
    for places in ({"1": "client", "2": "client/pod"}, {"2": "client"}):
        journeys([Kernel(events, places), RELAY], "client", 700)


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


def test_a_record_from_which_the_kernel_lost_events_proves_nothing():
    text = gzip.decompress((DATA / "calico-ipip" / "node1.trace.gz").read_bytes()).decode()
    with pytest.raises(ResultsError, match="the kernel lost 12 events of the record") as caught:
        parse_trace(text + "CPU:0 [LOST 12 EVENTS]\n")
    assert "netlab prove" in caught.value.hint
