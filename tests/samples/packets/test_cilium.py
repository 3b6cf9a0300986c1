"""Two recordings of the real Cilium (1.17.0-dev on Kubernetes 1.20.2, DSR, TCX), each of three kernels: data/cilium-*.

They were made before the kernel handed over packets' bytes. Kubelets ask the same app for the same page meanwhile, so
that strangers' packets of the same length are in them already.
"""

import gzip
import json
import shutil
from pathlib import Path

import pytest

from netlab.provision.promise import by_place
from netlab.samples.evidence import read_proof
from netlab.samples.packets.segments import Segment
from tests.samples.packets.made import flow, line, with_bytes

DATA = Path(__file__).parents[1] / "data"
PATHS = ("pod-ip", "nodeport-local", "nodeport-remote", "clusterip", "pod-to-pod")

CLIENT, BACK = ("socket", "POSTROUTING", "out lab0"), ("in lab0", "socket")
POD, IN_POD = ("socket", "POSTROUTING", "out veth", "veth_xmit"), ("in veth", "socket")
IN, OUT, THROUGH = ("in lab0", "redirect"), ("in veth", "redirect", "out lab0"), ("in lab0", "redirect", "out lab0")
NEAR = {"client": CLIENT, "node1": IN, "node1/app": IN_POD}, {"node1/app": POD, "node1": OUT, "client": BACK}
PODS = (
    {"node2/client": POD, "node2": OUT, "node1": IN, "node1/app": IN_POD},
    {"node1/app": POD, "node1": OUT, "node2": IN, "node2/client": IN_POD},
)
HOPS = {
    "pod-ip": NEAR,
    "nodeport-local": NEAR,
    # direct server return: node2, which the request crossed, has no part in the answer
    "nodeport-remote": ({"client": CLIENT, "node2": THROUGH, "node1": IN, "node1/app": IN_POD}, NEAR[1]),
    "clusterip": PODS,
    "pod-to-pod": PODS,
}
"""Read line by line from the records."""

BEGINS = {
    "cilium-1": {
        "client": ((209, 223), (272, 286), (331, 345), (), ()),
        "node1": ((356, 373), (457, 475), (540, 558), (940, 957), (1282, 1297)),
        "node2": ((), (), (311, 0), (915, 936), (2001, 2023)),
    },
    "cilium-2": {
        "client": ((211, 225), (274, 288), (333, 347), (), ()),
        "node1": ((923, 943), (1016, 1036), (1118, 1135), (1309, 1324), (1853, 1980)),
        "node2": ((), (), (95, 0), (696, 717), (1507, 2065)),
    },
}
"""In which line of each kernel's record a path's request and its response begin; 0 where it does not come by."""


def hops_of(folder):
    found = read_proof(folder, "cilium").paths
    assert [trace.path for trace in found] == list(PATHS)
    return {trace.path: (by_place(trace.request), by_place(trace.response)) for trace in found}


def in_order(found):
    return {path: tuple(list(way.items()) for way in ways) for path, ways in found.items()}


def connection(at):
    """Request and response of a path. (A NAT in between may change ports, which is left out here.)"""
    return flow(0x1000 * (at + 1), 0x9000 * (at + 1), port=40001 + at, asked=700 + 64 * at)


def with_packets_bytes(name, folder):
    """The recording as if it had been made today."""
    shutil.copytree(DATA / name, folder)
    told = json.loads((folder / "requests.json").read_bytes())
    for at, request in enumerate(told["requests"]):
        request["port"] = 40001 + at
    (folder / "requests.json").write_text(json.dumps(told))
    for host, begins in BEGINS[name].items():
        ours = {
            number: segment
            for at, lines in enumerate(begins)
            for number, segment in zip(lines, connection(at), strict=False)
            if number
        }
        record = folder / f"{host}.trace.gz"
        record.write_bytes(gzip.compress(with_bytes(gzip.decompress(record.read_bytes()).decode(), ours).encode()))
    return folder


@pytest.mark.parametrize("name", BEGINS)
def test_what_an_agent_of_the_real_product_does_with_packets(name):
    assert in_order(hops_of(DATA / name)) == in_order(HOPS)


@pytest.mark.parametrize("name", BEGINS)
def test_the_same_by_the_packets_bytes(name, tmp_path):
    assert in_order(hops_of(with_packets_bytes(name, tmp_path / name))) == in_order(HOPS)


@pytest.mark.parametrize("name", BEGINS)
def test_strangers_packets_of_the_same_length_change_nothing(name, tmp_path):
    """Before each request and each response come doubles of all lengths in every kernel: sent, received, passed on."""
    folder = with_packets_bytes(name, tmp_path / name)
    for host, begins in BEGINS[name].items():
        record = folder / f"{host}.trace.gz"
        lines = gzip.decompress(record.read_bytes()).decode().splitlines()
        for number in sorted({1, *(number for pair in begins for number in pair if number)}, reverse=True):
            lines[number - 1 : number - 1] = strangers(host)
        record.write_bytes(gzip.compress("\n".join(lines).encode()))
    assert in_order(hops_of(folder)) == in_order(HOPS)


def strangers(host):
    own = 4026531840
    app = {"node1": 4026532408, "node2": 4026532414}.get(host, own)
    lines = []
    for number, (asked, port) in enumerate([(700 + 64 * at, 41000 + at) for at in range(5)]):
        there = Segment(port, 80, 0x61000000 + number, 77, asked)
        back = Segment(80, port, 0x71000000 + number, 0x61000000 + number + asked, 1162)
        for segment, skb in ((there, f"0xaa{number}"), (back, f"0xbb{number}")):
            lines += [
                line("arrive", skb, segment=segment, ns=own, dev="lab0"),
                line("deliver", skb, segment=segment, ns=own, dev="lab0"),
                line("arrive", f"{skb}0", segment=segment, ns=own, dev="lab0"),
                line("out", f"{skb}0", ns=own, dev="lab0", len=5),
                line("send", f"{skb}1", segment=segment, ns=app),
                line("out", f"{skb}1", ns=app, dev="eth0", len=5),
            ]
    return lines
