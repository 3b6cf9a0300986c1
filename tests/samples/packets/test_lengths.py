"""Recordings from before packets' bytes were handed over: told from others by their length, and by when they came."""

from netlab.provision.promise import by_place
from netlab.samples.packets.journeys import journeys
from netlab.samples.packets.lengths import Sent
from tests.samples.packets.made import journey, kernel, line

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


def before(kernel_, *lines):
    return kernel_._replace(events=[*kernel({}, *lines).events, *kernel_.events])


def test_machines_of_their_own_each_hold_a_part_of_the_journey():
    request, response = journey([SERVER, CLIENT, RELAY], "client", 700)
    assert list(by_place(request)) == ["client", "node2", "node1", "node1/app"]
    assert by_place(request)["node2"] == ("in lab0", "ip_forward", "out lab0")
    assert by_place(request)["node1"] == ("in lab0", "out veth")
    assert list(by_place(response)) == ["node1/app", "node1", "node2", "client"]
    assert response[-1].kind == "deliver"


def test_responses_of_one_length_are_told_apart_by_when_they_came():
    earlier = (line("arrive", "0xf", ns=1, dev="lab0", len=1246), line("out", "0xf", ns=1, dev="mgmt0", len=1260))
    client, relay = (before(one, *earlier) for one in (CLIENT, RELAY))
    assert journey([client, relay, SERVER], "client", 700) == journey([CLIENT, RELAY, SERVER], "client", 700)


def test_the_next_paths_response_is_not_this_ones():
    """Direct server return: what comes to node2 in the length of the answer is that to node2's own next request."""
    relay = kernel(
        {"1": "node2"},
        line("arrive", "0xb", ns=1, dev="lab0", len=752),
        line("out", "0xb", ns=1, dev="lab0", len=766),
        line("send", "0x9", ns=1, len=796),
        line("out", "0x9", ns=1, dev="lab0", len=830),
        line("arrive", "0xb", ns=1, dev="lab0", len=1246),
        line("deliver", "0xb", ns=1),
    )
    found, _ = journeys([CLIENT, relay, SERVER], [Sent("client", 700), Sent("node2", 764)])
    assert list(by_place(found.request)) == ["client", "node2", "node1", "node1/app"]
    assert list(by_place(found.response)) == ["node1/app", "node1", "client"]


def test_what_is_not_quite_as_long_or_came_from_a_pod_is_a_strangers():
    strangers = [
        line("arrive", "0x1", ns=1, dev="lab0", len=751),
        line("deliver", "0x1", ns=1),
        line("arrive", "0x2", ns=1, dev="lxc12", len=752),
        line("deliver", "0x2", ns=1),
    ]
    assert journey([CLIENT, before(RELAY, *strangers), SERVER], "client", 700) == journey(
        [CLIENT, RELAY, SERVER], "client", 700
    )


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
    request, response = journey([client, bystander, server], "client", 700, 40001)
    assert list(by_place(request)) == ["client", "node1"]
    assert list(by_place(response)) == ["node1", "client"]
    assert by_place(response)["node1"] == ("socket", "nft_do_chain", "out lab0")
