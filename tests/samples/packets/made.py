"""Lines of a kernel's record, made up where the real thing is rare, and bytes of packets as the kernel prints them."""

from __future__ import annotations

import re
import struct

from netlab.samples.packets.events import parse_trace
from netlab.samples.packets.journeys import journeys
from netlab.samples.packets.kernels import Kernel
from netlab.samples.packets.lengths import Sent
from netlab.samples.packets.segments import Segment

TCP_HEADER = 32
"""Bytes, with the option of time stamps."""
_READ = {"ip": 68, "tcp": 16}


def tcp(segment: Segment) -> bytes:
    """Its header."""
    flags = 0x18 if segment.payload else 0x10
    numbers = (segment.source, segment.destination, segment.sequence, segment.acknowledged or 0)
    return struct.pack("!HHIIBBHHH", *numbers, TCP_HEADER // 4 << 4, flags, 501, 0, 0) + bytes(TCP_HEADER - 20)


def ip(content: bytes, length: int, protocol: int = 6, options: bytes = b"") -> bytes:
    """A packet whose content is ``length`` bytes long and begins with ``content``."""
    header = 20 + len(options)
    start = struct.pack("!BBHHHBBH", 0x40 | header // 4, 0, header + length, 7, 0x4000, 64, protocol, 0)
    return start + bytes([10, 10, 0, 10, 10, 10, 0, 11]) + options + content


def packet(segment: Segment, *, options: bytes = b"", tunnels: int = 0) -> bytes:
    """A segment from its network header on."""
    length = TCP_HEADER + (segment.payload or 0)
    made = ip(tcp(segment), length, options=options)
    for depth in range(tunnels):
        made = ip(made, 20 + len(options) + length + 20 * depth, protocol=4)
    return made


def words(content: bytes, field: str) -> str:
    """Bytes as the kernel prints them, as many as the probe reads."""
    padded = content[: _READ[field]].ljust(_READ[field], b"\0")
    return "{" + ",".join(f"{number:#x}" for (number,) in struct.iter_unpack("<I", padded)) + "}"


def line(name: str, skb: str, cpu: int = 0, segment: Segment | None = None, **fields: object) -> str:
    """One event; with a ``segment``, its bytes and its length too."""
    if segment is not None:
        fields = fields | content_of(name, segment, tunnels=int(str(fields.pop("tunnels", 0))))
    text = " ".join(f'{key}="{value}"' if key == "dev" else f"{key}={value}" for key, value in fields.items())
    return f"  nginx-7 [{cpu:03}] ..s1. 5.000001: {name}: (f+0x4/0x10) skb={skb} {text}"


def content_of(name: str, segment: Segment, *, tunnels: int = 0) -> dict[str, object]:
    """What an event of this name says of a segment."""
    length = TCP_HEADER + (segment.payload or 0)
    if name == "arrive":
        whole = packet(segment, tunnels=tunnels)
        return {"len": 20 * (1 + tunnels) + length, "ip": words(whole, "ip")}
    if name == "send":
        return {"len": length, "port": segment.source, "tcp": words(tcp(segment), "tcp")}
    return {"len": length, "tcp": words(tcp(segment), "tcp")} if name == "deliver" else {}


def kernel(places: dict[str, str], *lines: str, devices: dict[tuple[str, str], str] | None = None) -> Kernel:
    """One of several kernels."""
    return Kernel(parse_trace("\n".join(lines)), places, devices or {}, alone=False)


def journey(kernels: list[Kernel], origin: str, sent: int, port: int = 0):
    """Hops of a lone request, and of its response."""
    (found,) = journeys(kernels, [Sent(origin, sent, port)])
    return found


def flow(sequence: int, answer: int, *, port: int = 40001, asked: int = 700, answered: int = 1162):
    """Return a request and its response, as the client sees them."""
    request = Segment(port, 80, sequence, answer, asked)
    return request, Segment(80, port, answer, (sequence + asked) % (1 << 32), answered)


def with_bytes(text: str, ours: dict[int, Segment]) -> str:
    """Return a record from before bytes were handed over as if they had been.

    ``ours`` has the segments that begin in which line, counted from 1; every other that begins anywhere is a stranger's
    of the same length, in a connection of its own.
    """
    lines, buffers = text.splitlines(), dict[str, Segment]()
    for number, told in enumerate(lines, 1):
        found = re.search(r": (send|arrive|deliver): .*skb=(\w+)", told)
        if found is None:
            continue
        name, skb = found.groups()
        length = re.search(r"\blen=(\d+)", told)
        if number in ours:
            buffers[skb] = ours[number]
        elif name == "send" or (name == "arrive" and (skb not in buffers or 'dev="lab0"' in told)):
            header = TCP_HEADER if name == "send" else TCP_HEADER + 20
            payload = max(int(length[1]) - header, 0) if length else 0
            buffers[skb] = Segment(50000 + number % 9000, 80, 0x51000000 + 7919 * number, 1, payload)
        if segment := buffers.get(skb):
            added = {key: value for key, value in content_of(name, segment).items() if key in {"ip", "tcp"}}
            if name == "deliver":
                added["len"] = TCP_HEADER + (segment.payload or 0)
            lines[number - 1] = " ".join([told, *(f"{key}={value}" for key, value in added.items())])
    return "\n".join(lines) + "\n"
