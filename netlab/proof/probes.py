"""What a kernel is asked to record about each packet: ftrace's dynamic events (fprobe and BTF, Linux 6.5 or newer).

Each probe yields the packet's identity (the address of its ``sk_buff``, which it keeps through devices, namespaces and
tunnels of one kernel), the network namespace, and what the hop's name needs. A function that a kernel lacks, or whose
module is not loaded, cannot be crossed there: that probe is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from netlab.results.model import HopKind

GROUP = "netlab"
_SKB = "skb=skb:x64"
_OF_SKB = "ns=skb->dev->nd_net.net->ns.inum:u32"
_OF_DEV = "ns=dev->nd_net.net->ns.inum:u32 dev=dev->name:string"
_RECEIVED = f"{_OF_SKB} dev=skb->dev->name:string len=skb->len:u32"


class Probe(NamedTuple):
    """A place in the kernel's code."""

    kind: HopKind
    where: str
    """A function, or with ``tracepoint`` the name of one."""
    fields: str
    tracepoint: bool = False


def _on_device(function: str) -> Probe:
    return Probe("driver", function, f"{_SKB} {_OF_DEV}")


def _on_handler(function: str) -> Probe:
    """Probe a device's receive handler, which gets a pointer to the pointer."""
    return Probe("driver", function, "skb=+0($arg1):x64")


def _on_packet(kind: HopKind, function: str) -> Probe:
    return Probe(kind, function, f"{_SKB} {_OF_SKB}")


PROBES: dict[str, Probe] = {
    "send": Probe("send", "__ip_queue_xmit", f"{_SKB} ns=sk->__sk_common.skc_net.net->ns.inum:u32 len=skb->len:u32"),
    "deliver": _on_packet("deliver", "tcp_v4_rcv"),
    "out": Probe("transmit", "net_dev_start_xmit", f"{_SKB} {_OF_DEV} len=skb->len:u32", tracepoint=True),
    "arrive": Probe("receive", "netif_receive_skb", f"{_SKB} {_RECEIVED}", tracepoint=True),
    "netif_rx": Probe("softirq", "netif_rx", f"{_SKB} {_RECEIVED}", tracepoint=True),
    "ip_rcv": Probe("receive", "ip_rcv", f"{_SKB} {_RECEIVED}"),
    "hook": Probe(
        "netfilter",
        "nf_hook_slow",
        f"{_SKB} hook=state->hook:u8 family=state->pf:u8 ns=state->net->ns.inum:u32",
    ),
    "conntrack": Probe("netfilter", "nf_conntrack_in", f"{_SKB} ns=state->net->ns.inum:u32"),
    "nft_do_chain": Probe("netfilter", "nft_do_chain", "skb=pkt->skb:x64 ns=pkt->state->net->ns.inum:u32"),
    "ipt_do_table": Probe("netfilter", "ipt_do_table", f"{_SKB} ns=state->net->ns.inum:u32"),
    "nat": Probe("nat", "nf_nat_manip_pkt", f"{_SKB} change=mtype:u8 ns=ct->ct_net.net->ns.inum:u32"),
    "ip_route_input": _on_packet("route", "ip_route_input_noref"),
    "ip_forward": _on_packet("route", "ip_forward"),
    "ipip_tunnel_xmit": Probe("tunnel", "ipip_tunnel_xmit", f"{_SKB} {_OF_DEV}"),
    "ipip_rcv": _on_packet("tunnel", "ipip_rcv"),
    "veth_xmit": _on_device("veth_xmit"),
    "netkit_xmit": _on_device("netkit_xmit"),
    "ipvlan_queue_xmit": _on_device("ipvlan_queue_xmit"),
    "ipvlan_handle_frame": _on_handler("ipvlan_handle_frame"),
    "ipvlan_l3_rcv": _on_packet("driver", "ipvlan_l3_rcv"),
    "ipvlan_nf_input": _on_packet("driver", "ipvlan_nf_input"),
    "macvlan_start_xmit": _on_device("macvlan_start_xmit"),
    "macvlan_handle_frame": _on_handler("macvlan_handle_frame"),
    "cls_bpf_classify": _on_packet("bpf", "cls_bpf_classify"),
    "redirect": _on_packet("bpf", "skb_do_redirect"),
}

EVENTS = {"irq/softirq_raise": "vec == 3", "irq/softirq_entry": "vec == 3", "napi/napi_poll": ""}
"""The kernel's own events: the softirq that polls devices (NET_RX), raised and run, and what each poll did."""


def definitions() -> dict[str, str]:
    """Return the probes as tracefs' dynamic_events takes them, by name."""
    return {
        name: f"{'t' if probe.tracepoint else 'f'}:{GROUP}/{name} {probe.where} {probe.fields}"
        for name, probe in PROBES.items()
    }
