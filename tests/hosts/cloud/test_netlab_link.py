"""The program that has a network which only routes look like an Ethernet: its parts, and in namespaces like Hetzner's.

Each host of those is on a wire of its own, at whose other end is the router. That one drops what comes from an address
that it does not know to be the host's, and knows which host has which pods.
"""

import os
import shlex
import socket
import struct
import sys
from types import ModuleType

import pytest

from netlab import assets
from tests.namespaces import run_apart

FILE = assets.cloud_program("netlab-link")
ROUTES = "Iface\tDestination\tGateway\neth0\t00000000\t01011FAC\neth0\t0000A8C0\t00000000\n"
ROUTER_MAC = "86:00:00:00:00:01"


def program() -> ModuleType:
    module = ModuleType("netlab_link")
    exec(compile(FILE.read_text(), str(FILE), "exec"), module.__dict__)
    return module


LINK = program()


def interfaces(folder, **kinds):
    for name, kind in kinds.items():
        (folder / name).mkdir()
        (folder / name / "type").write_text(f"{kind}\n")
    return folder


def test_the_interface_is_the_one_that_does_not_lead_out(tmp_path):
    assert LINK.interface(interfaces(tmp_path, lo=772, eth0=1, enp7s0=1), ROUTES) == "enp7s0"


@pytest.mark.parametrize(("others", "shown"), [({}, "none"), ({"ens10": 1, "ens11": 1}, "ens10 ens11")])
def test_where_it_is_not_one_nothing_is_guessed(tmp_path, others, shown):
    with pytest.raises(SystemExit, match=f"there are: {shown}"):
        LINK.interface(interfaces(tmp_path, lo=772, eth0=1, **others), ROUTES)


def reply(router, mac, operation=2):
    head = b"\0" * 12 + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, operation)
    return head + bytes.fromhex(mac.replace(":", "")) + socket.inet_aton(router) + b"\0" * 10


def test_only_the_routers_answer_counts():
    assert LINK.answer(reply("10.0.0.1", ROUTER_MAC), "10.0.0.1") == ROUTER_MAC
    assert LINK.answer(reply("10.0.0.2", ROUTER_MAC), "10.0.0.1") == ""
    assert LINK.answer(reply("10.0.0.1", ROUTER_MAC, operation=1), "10.0.0.1") == "", "that is a question"


def test_the_question_is_everybodys_and_says_who_asks():
    frame = LINK.question(bytes(range(6)), "10.10.0.11", "10.0.0.1")
    assert frame[:6] == b"\xff" * 6
    assert frame[28:32] == socket.inet_aton("10.10.0.11")
    assert frame[38:42] == socket.inet_aton("10.0.0.1")


def test_networkd_is_told_of_all_neighbours_and_hides_the_metadata():
    text = LINK.description(LINK.Link("enp7s0", "10.10.0.11/24", "10.0.0.1", 1450, ("10.10.0.10",)), ROUTER_MAC)
    assert f"[Neighbor]\nAddress=10.10.0.10\nLinkLayerAddress={ROUTER_MAC}\n" in text
    assert "Destination=169.254.169.254/32\nType=blackhole\n" in text
    assert "[Link]\nMTUBytes=1450\n" in text


TOOL = """#!/bin/sh
# In place of systemctl and networkctl: notes what it is told, and at last does what networkd's file says.
echo "$(basename $0) $*" >> /run/told
test "$1" = reconfigure || exit 0
sed -n 's/^MTUBytes=\\(.*\\)/link set dev lab mtu \\1/p' /etc/systemd/network/20-lab.network | ip -batch -
awk -F= '/^\\[/ {part = $1} part == "[Network]" && $1 == "Address" {print "address add", $2, "dev lab"}
  part == "[Neighbor]" && $1 == "Address" {who = $2}
  part == "[Neighbor]" && $1 == "LinkLayerAddress" {print "neigh replace", who, "dev lab lladdr", $2}
  ' /etc/systemd/network/20-lab.network | ip -batch -
"""
SERVE = """import socket
listener = socket.create_server(("10.244.0.2", 80))
open("/run/listens", "w").close()
while True:
    listener.accept()[0].sendall(b"x" * 5000)
"""
ASK = """import socket, sys
peer = socket.create_connection(("10.244.0.2", 80), timeout=3, source_address=(sys.argv[1], 0))
got = b""
while len(got) < 5000:
    got += peer.recv(5000)
print(len(got))
"""
SETUP = """set -eu
mount -t tmpfs none /run; mount -t tmpfs none /etc/systemd; mkdir -p /etc/systemd/network /run/netns
ip netns add router
ip netns exec router sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter'
host() {  # NAME ADDRESS PODS
    ip netns add $1
    ip link add lab netns $1 type veth peer name $1 netns router
    ip -n router link set dev $1 address ROUTER_MAC mtu 1450 up
    ip -n router address add 10.0.0.1/32 dev $1
    ip -n router route add $2/32 dev $1
    ip -n router route add $3 via $2 dev $1
    ip -n $1 link set dev lo up
    ip link add eth0 netns $1 type veth peer name out-$1 netns router
    ip -n router link set dev out-$1 up
    ip -n $1 link set dev eth0 up
    ip -n $1 address add 172.31.1.$4/24 dev eth0
    ip -n $1 route add default via 172.31.1.254
    ip -n $1 address add ${3%%.0/26}.2/32 dev lo
}
host client 10.10.0.10 10.244.9.0/26 1
host node1 10.10.0.11 10.244.0.0/26 2
host node2 10.10.0.12 10.244.1.0/26 3
ip netns exec client PYTHON PROGRAM 10.10.0.10/24 10.0.0.1 1450 10.10.0.11 10.10.0.12
ip netns exec node1 PYTHON PROGRAM 10.10.0.11/24 10.0.0.1 1450 10.10.0.10 10.10.0.12
ip netns exec node2 PYTHON PROGRAM 10.10.0.12/24 10.0.0.1 1450 10.10.0.10 10.10.0.11
ip -n client route add 10.244.0.0/26 via 10.10.0.11
ip -n node2 route add 10.244.0.0/26 via 10.10.0.11
ip -n node1 route add 10.244.1.0/26 via 10.10.0.12
ip netns exec node1 PYTHON -c "$SERVE" & server=$!
trap 'kill $server' EXIT
for _ in $(seq 100); do test -e /run/listens && break; sleep 0.1; done
"""


@pytest.fixture
def inside(tmp_path):
    """Run a script where three hosts have run the program, each on a wire of its own to the router."""
    for tool in ("systemctl", "networkctl"):
        (tmp_path / tool).write_text(TOOL)
        (tmp_path / tool).chmod(0o755)

    def run(script):
        words = {"PYTHON": shlex.quote(sys.executable), "PROGRAM": shlex.quote(str(FILE)), "ROUTER_MAC": ROUTER_MAC}
        text = SETUP + script
        for word, value in words.items():
            text = text.replace(word, value)
        env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "SERVE": SERVE, "ASK": ASK}
        return run_apart(text, kinds=("--net", "--mount", "--pid", "--fork", "--kill-child"), timeout=100, env=env)

    return run


@pytest.mark.real
def test_routes_through_other_hosts_work_where_only_the_router_is_a_neighbour(inside):
    done = inside("""
    ip netns exec client PYTHON -c "$ASK" 10.10.0.10   # a client asks a pod
    ip netns exec node2 PYTHON -c "$ASK" 10.244.1.2    # a pod asks a pod
    ip -n node1 -o link show lab | grep -c 'mtu 1450'
    ip netns exec node1 ip route get 169.254.169.254 2>&1 || true
    cat /run/told
    """)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:3] == ["5000", "5000", "1"], done.stderr
    assert "Invalid argument" in lines[3], "nobody on a host can read its user data"
    assert "systemctl mask --now hc-net-scan.service hc-net-ifup@lab.service" in lines


@pytest.mark.real
def test_the_router_must_know_which_host_has_which_pods(inside):
    done = inside("""
    ip -n router route del 10.244.1.0/26
    ip netns exec node2 PYTHON -c "$ASK" 10.244.1.2
    """)
    assert done.returncode != 0
    assert "TimeoutError" in done.stderr, "as Hetzner's does, it drops what comes from pods that it does not know"
