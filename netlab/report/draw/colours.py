"""Colours that mean the same in every picture of the report.

Okabe & Ito's and Tol's sets, told apart by every common kind of colour vision; no meaning rests on them alone.
"""

from __future__ import annotations

BLUE, YELLOW, ORANGE = "#3b7dd8", "#e69f00", "#d55e00"
SERIES = ("#3b7dd8", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#7a5195", "#8a8f98", "#b8a100", "#882255")
CPU = {
    "user": "#56b4e9",
    "nice": "#b3dcf5",
    "system": "#3b7dd8",
    "softirq": "#d55e00",
    "irq": "#f0a36b",
    "steal": "#cc79a7",
    "iowait": "#8a8f98",
}
GROUPS = {  # what every request costs in blue and grey, what networks add in strong colours
    "user": "#c9d3e0",
    "epoll": "#b4c7e0",
    "socket": "#9db8dd",
    "tcp": "#7fa3d6",
    "ip": "#5f8ccb",
    "device": "#4775b8",
    "routing": "#009e73",
    "netfilter": "#d55e00",
    "softirq": "#e69f00",
    "veth": "#cc79a7",
    "ipip": "#882255",
    "vxlan": "#882255",
    "ipvlan": "#7a5195",
    "macvlan": "#aa4499",
    "netkit": "#44aa99",
    "bridge": "#b07a3f",
    "bpf": "#b8a100",
}
OTHER_GROUP = "#a5a9b0"
_KINDS = {
    "send": "socket",
    "deliver": "socket",
    "transmit": "device",
    "receive": "device",
    "softirq": "softirq",
    "netfilter": "netfilter",
    "nat": "netfilter",
    "route": "routing",
    "tunnel": "ipip",
    "bpf": "bpf",
}


def of_hop(kind: str, what: str) -> str:
    """Colour of the subsystem that a hop belongs to; a driver is named by its device (``veth_xmit``)."""
    group = _KINDS.get(kind) or what.partition("_")[0]
    return GROUPS.get(group, OTHER_GROUP)


def contrast(colour: str) -> str:
    """Black or white, whichever can be read on ``colour`` (WCAG's relative luminance)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 else "#ffffff"
