"""What a kernel is asked to record about each packet: ftrace's dynamic events (kprobes and BTF, Linux 6.6 or newer).

Each probe yields the packet's identity: the address of its ``sk_buff``, which it keeps through devices, namespaces and
tunnels of one kernel. Where a packet is, is told by devices and hooks; what happens in between happens there. A
function that a kernel does not have, or whose module is not loaded, cannot be crossed there: that probe is left out.
Kprobes and not fprobes: to define one of those, the kernel compares all its symbols, three quarters of a second each on
an emulated host.

A host takes probes from nobody: it has its own copy of them, roles/benchmark/files/netlab/probes.json, which
``python -m netlab.samples.probes`` writes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from netlab import assets

if TYPE_CHECKING:
    from netlab.model.proof import HopKind

KERNEL = "6.6"
"""The first Linux whose probes read fields of their arguments by name, by what the kernel tells of its types (BTF)."""
GROUP = "netlab"
_ARG1 = "skb=$arg1:x64"
_SKB = "skb=skb:x64"
_NAMESPACE = "ns={0}->nd_net.net->ns.inum:u32 net={0}->nd_net.net:x64 dev={0}->name:string"
_ON_DEV = _NAMESPACE.format("dev")
_OF_SKB = _NAMESPACE.format("skb->dev")
_LENGTH = "len=skb->len:u32"
_TCP = "tcp=+0(skb->data):x32[4]"
"""The first 16 bytes of TCP's header, which is what ``data`` points to in TCP: which connection's packet it is."""
_IP = "ip=+0(skb->data):x32[17]"
"""The first 68 bytes of a packet that a device has received, whose ``data`` points to the network header: two of IPv4's
headers and what of TCP's says which connection's packet it is, with room for an option of eight bytes."""
_TCX = "tcx=skb->dev->{0}:x64 program=+0(skb->dev->{0}):x64"
"""The device's TCX hook, and the first program on it: ``struct bpf_mprog_entry`` begins with the list of them. tc's own
programs stand on the same hook but not in its list. What runs the list is inlined where the kernel receives and sends,
so that no probe can be set on it. Every Linux from 6.6 on with BTF has the field: BPF_SYSCALL selects NET_XGRESS."""
_NET = "net=+32({}):x64"
"""The namespace in a ``struct nf_hook_state``: after two bytes (hook, family) and the pointers in, out and sk."""


class Probe(NamedTuple):
    """A place in the kernel's code."""

    kind: HopKind
    where: str
    """A function, or with ``tracepoint`` the name of one."""
    fields: str = _ARG1
    tracepoint: bool = False


def _on_handler(function: str) -> Probe:
    """Probe a device's receive handler, which gets a pointer to the pointer."""
    return Probe("driver", function, "skb=+0($arg1):x64")


PROBES: dict[str, Probe] = {
    "send": Probe(
        "send",
        "__ip_queue_xmit",
        f"{_SKB} ns=sk->__sk_common.skc_net.net->ns.inum:u32 {_LENGTH} port=sk->__sk_common.skc_num:u16 {_TCP}",
    ),
    # only here does a packet that came through ipvlan's L3S mode belong to the pod
    "deliver": Probe("deliver", "tcp_v4_rcv", f"{_SKB} {_OF_SKB} {_LENGTH} {_TCP}"),
    "queue": Probe("bpf", "__dev_queue_xmit", f"{_SKB} {_OF_SKB} {_TCX.format('tcx_egress')}"),
    "out": Probe("transmit", "net_dev_start_xmit", f"{_SKB} {_ON_DEV} {_LENGTH}", tracepoint=True),
    "arrive": Probe(
        "receive",
        "netif_receive_skb",
        f"{_SKB} {_OF_SKB} {_LENGTH} {_IP} {_TCX.format('tcx_ingress')}",
        tracepoint=True,
    ),
    "netif_rx": Probe("softirq", "netif_rx", f"{_SKB} {_OF_SKB}", tracepoint=True),
    "ip_rcv": Probe("receive", "ip_rcv", f"{_SKB} {_ON_DEV}"),
    # a device that polls hands over a list, which ip_rcv does not see
    "ip_rcv_core": Probe("receive", "ip_rcv_core", f"{_SKB} {_OF_SKB}"),
    "hook": Probe("netfilter", "nf_hook_slow", f"{_ARG1} hook=+0($arg2):u8 family=+1($arg2):u8 {_NET.format('$arg2')}"),
    "conntrack": Probe("netfilter", "nf_conntrack_in", f"{_ARG1} {_NET.format('$arg2')}"),
    "nft_do_chain": Probe("netfilter", "nft_do_chain", f"skb=+0($arg1):x64 {_NET.format('+8($arg1)')}"),
    "ipt_do_table": Probe("netfilter", "ipt_do_table", "skb=$arg2:x64"),
    "nat": Probe("nat", "nf_nat_manip_pkt", f"{_ARG1} change=$arg3:u8"),
    "ip_route_input": Probe("route", "ip_route_input_noref"),
    "ip_forward": Probe("route", "ip_forward"),
    "ipip_tunnel_xmit": Probe("tunnel", "ipip_tunnel_xmit"),
    "ipip_rcv": Probe("tunnel", "ipip_rcv"),
    "veth_xmit": Probe("driver", "veth_xmit"),
    "netkit_xmit": Probe("driver", "netkit_xmit"),
    "ipvlan_queue_xmit": Probe("driver", "ipvlan_queue_xmit"),
    "ipvlan_handle_frame": _on_handler("ipvlan_handle_frame"),
    "ipvlan_l3_rcv": Probe("driver", "ipvlan_l3_rcv", "skb=$arg2:x64"),
    "ipvlan_nf_input": Probe("driver", "ipvlan_nf_input", "skb=$arg2:x64"),
    "macvlan_start_xmit": Probe("driver", "macvlan_start_xmit"),
    "macvlan_handle_frame": _on_handler("macvlan_handle_frame"),
    "cls_bpf_classify": Probe("bpf", "cls_bpf_classify"),
    "redirect": Probe("bpf", "skb_do_redirect"),
}

ESSENTIAL = ("send", "deliver", "out", "arrive")
"""The probes without which no packet can be followed. Where another is missing, no packet crosses what it names."""

EVENTS = {"irq/softirq_raise": "vec == 3", "irq/softirq_entry": "vec == 3", "napi/napi_poll": ""}
"""The kernel's own events: the softirq that polls devices (NET_RX), raised and run, and what each poll did."""


def definitions() -> dict[str, str]:
    """Return the probes as tracefs' dynamic_events takes them, by name."""
    return {
        name: f"{'t' if probe.tracepoint else 'p'}:{GROUP}/{name} {probe.where} {probe.fields}"
        for name, probe in PROBES.items()
    }


def file_text() -> str:
    """Return the text of the copy that hosts have."""
    return json.dumps({"probes": definitions(), "events": EVENTS}, indent=2) + "\n"


if __name__ == "__main__":
    (assets.roles() / "benchmark" / "files" / "netlab" / "probes.json").write_text(file_text(), encoding="utf-8")
