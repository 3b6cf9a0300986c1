"""Proofs of the shape that the kernel's record has, written as people would note them down."""

from __future__ import annotations

from netlab.model.proof import DeviceFacts, Hop, HostFacts, PathTrace, Proof

_KINDS = {
    "DNAT": "nat",
    "SNAT": "nat",
    "ip_route_input": "route",
    "ip_forward": "route",
    "ipip_tunnel_xmit": "tunnel",
    "ipip_rcv": "tunnel",
    "cls_bpf_classify": "bpf",
    "redirect": "bpf",
    "raise NET_RX": "softirq",
}
_HOOKS = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")
_LEAVE = "out lab0, veth_xmit, raise NET_RX"
_WIRE = "wire: in lab0, out lab0, veth_xmit, raise NET_RX"
_TO_POD = "out veth, veth_xmit, raise NET_RX"
_FROM_POD = "node1/app: socket, out veth, veth_xmit, raise NET_RX"
_NAT_OUT = "ip_route_input, ip_forward, FORWARD, POSTROUTING, SNAT"

_TO_CLIENT = f"{_LEAVE} · {_WIRE} · client: in lab0, ip_route_input, socket"
_TO_NODE1 = f"client: socket, {_LEAVE} · {_WIRE} · node1: in lab0"
_IN_POD = "node1/app: in veth, ip_route_input, socket"
_INTO_TUNNEL = "out ipip, ipip_tunnel_xmit, OUTPUT, POSTROUTING"
_OUT_OF_TUNNEL = "PREROUTING, ip_route_input, INPUT, ipip_rcv"
_THROUGH = "PREROUTING, ip_route_input, ip_forward, FORWARD, POSTROUTING"
_NODEPORT = f"PREROUTING, DNAT, {_NAT_OUT}"
_TO_NODE2 = f"client: socket, {_LEAVE} · {_WIRE} · node2: in lab0"
_DECAPSULATED = f"node1: in lab0, {_OUT_OF_TUNNEL}, in ipip, {_THROUGH}"
_ENCAPSULATED = f"node1: in veth, {_THROUGH}, {_INTO_TUNNEL}"
_BACK_ON_NODE2 = f"node2: in lab0, {_OUT_OF_TUNNEL}, in ipip, {_THROUGH}"
_FROM_SENDER = f"node2/sender: socket, out veth, veth_xmit, raise NET_RX · node2: in veth, {_THROUGH}"
_IN_SENDER = "node2/sender: in veth, ip_route_input, socket"

WAYS = {  # (profile, path): request, response
    ("baseline-vm", "host"): (f"{_TO_NODE1}, ip_route_input, socket", f"node1: socket, {_TO_CLIENT}"),
    ("calico-ipip", "pod-ip"): (
        f"{_TO_NODE1}, {_THROUGH}, {_TO_POD} · {_IN_POD}",
        f"{_FROM_POD} · node1: in veth, {_THROUGH}, {_TO_CLIENT}",
    ),
    ("calico-ipip", "nodeport-local"): (
        f"{_TO_NODE1}, {_NODEPORT}, {_TO_POD} · {_IN_POD}",
        f"{_FROM_POD} · node1: in veth, {_THROUGH}, {_TO_CLIENT}",
    ),
    ("calico-ipip", "nodeport-remote"): (
        f"{_TO_NODE2}, {_NODEPORT}, {_INTO_TUNNEL}, {_LEAVE} · {_WIRE} · {_DECAPSULATED}, {_TO_POD} · {_IN_POD}",
        f"{_FROM_POD} · {_ENCAPSULATED}, {_LEAVE} · {_WIRE} · {_BACK_ON_NODE2}, {_TO_CLIENT}",
    ),
    ("ipvlan-l2", "pod-ip"): (
        f"{_TO_NODE1}, ipvlan_handle_frame · node1/app: in ipvlan, socket",
        f"node1/app: socket, out ipvlan, ipvlan_queue_xmit · node1: {_TO_CLIENT}",
    ),
    ("calico-ipip", "pod-to-pod"): (
        f"{_FROM_SENDER}, {_INTO_TUNNEL}, {_LEAVE} · {_WIRE} · {_DECAPSULATED}, {_TO_POD} · {_IN_POD}",
        f"{_FROM_POD} · {_ENCAPSULATED}, {_LEAVE} · {_WIRE} · {_BACK_ON_NODE2}, {_TO_POD} · {_IN_SENDER}",
    ),
    ("ipvlan-l2", "nodeport-local"): (
        f"{_TO_NODE1}, {_NODEPORT}, out ipvlan, ipvlan_queue_xmit · node1/app: in ipvlan, ip_route_input, socket",
        f"node1/app: socket, out ipvlan, ipvlan_queue_xmit · node1: in ipvlan, {_THROUGH}, {_TO_CLIENT}",
    ),
    ("macvlan", "pod-ip"): (
        f"{_TO_NODE1}, macvlan_handle_frame, raise NET_RX · node1/app: in macvlan, ip_route_input, socket",
        f"node1/app: socket, out macvlan, macvlan_start_xmit · node1: {_TO_CLIENT}",
    ),
    ("cilium", "nodeport-local"): (
        f"{_TO_NODE1}, cls_bpf_classify, redirect · {_IN_POD}",
        f"{_FROM_POD} · node1: in veth, cls_bpf_classify, redirect, {_TO_CLIENT}",
    ),
}
_OFFLOADS = ("tx-checksumming", "scatter-gather", "tcp-segmentation-offload", "generic-receive-offload")


def trace(path: str, request: str, response: str) -> PathTrace:
    """Both ways, each ``place: hop, hop · place: hop``."""
    return PathTrace(path=path, request=hops(request), response=hops(response))


def hops(way: str) -> tuple[Hop, ...]:
    stays = [stay.partition(": ") for stay in way.split(" · ")]
    flat = [(place, what) for place, _, whats in stays for what in whats.split(", ")]
    last = len(flat) - 1
    return tuple(Hop(place=place, what=what, kind=kind(what, at, last)) for at, (place, what) in enumerate(flat))


def kind(what: str, at: int, last: int) -> str:
    if what == "socket":
        return "send" if at == 0 else "deliver" if at == last else "receive"
    if what.startswith(("in ", "out ")):
        return "receive" if what.startswith("in ") else "transmit"
    return "netfilter" if what in _HOOKS else _KINDS.get(what, "driver")


def device(name: str, made_of: str = "veth", **changes) -> DeviceFacts:
    values = {"mtu": 1500, "qdisc": "noqueue", "offloads": _OFFLOADS, "rps": False}
    return DeviceFacts(name=name, kind=made_of, **{**values, **changes})


def facts(profile: str) -> dict[str, HostFacts]:
    bare = HostFacts(devices=(device("lab0"),), settings={"iptables rules": "0", "conntrack entries": "0"})
    if profile == "baseline-vm":
        return {"client": bare, "node1": bare, "node2": bare}
    slower = device("lab0", offloads=_OFFLOADS[:3])
    tunnel = device("tunl0", "ipip", mtu=1480, offloads=())
    node = HostFacts(
        devices=(slower, device("veth", mtu=1480), tunnel),
        settings={"iptables rules": "23", "conntrack entries": "4", "ip_forward": "1"},
    )
    pod = HostFacts(devices=(device("eth0", mtu=1480),), settings={})
    return {"client": bare, "node1": node, "node1/app": pod, "node2": node}


def proof(profile: str) -> Proof:
    traces = tuple(trace(path, *ways) for (name, path), ways in WAYS.items() if name == profile)
    return Proof(profile=profile, paths=traces, facts=facts(profile))


def proofs() -> tuple[Proof, ...]:
    return tuple(proof(profile) for profile in dict.fromkeys(profile for profile, _ in WAYS))
