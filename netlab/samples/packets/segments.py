"""Bytes of a packet, as a probe hands them over → the TCP segment in it.

What tells a packet from all others on its whole way is TCP's sequence number: no NAT and no tunnel changes it, and
another connection's begins anywhere in 4 294 967 296. IPv4 (RFC 791), IPv4 in IPv4 (RFC 2003) and TCP (RFC 9293) are
read; what stands behind another encapsulation (VXLAN, WireGuard) is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from netlab.samples.packets.events import Event

IP_HEADER = 20
"""Bytes, without options."""
LEAST_RESPONSE = 100
"""Bytes of a segment that is more than an acknowledgement, where no event says how much of it is data."""
_TCP_READ = 14
"""Bytes of TCP's header up to the length and the flags."""
_VERSION, _TCP, _IP_IN_IP, _FRAGMENT = 4, 6, 4, 0x1FFF
_SEQUENCES = 1 << 32


class Segment(NamedTuple):
    """What of a TCP segment says whose it is, in the byte order of people."""

    source: int
    """Port."""
    destination: int
    """Port."""
    sequence: int
    """Of its first byte of data."""
    acknowledged: int | None = None
    """The sequence number that its sender wants next; None in recordings from before that was read, as the next."""
    payload: int | None = None
    """Bytes of data."""

    def has_data(self, length: int) -> bool:
        """Whether it is more than an acknowledgement; ``length`` is that of header and data, if no more is known."""
        return length >= LEAST_RESPONSE if self.payload is None else self.payload > 0

    def answers(self, request: Segment) -> bool:
        """Whether it is of the same connection's other direction and was sent by one who had all of the request."""
        if (self.source, self.destination) != (request.destination, request.source):
            return False
        if self.acknowledged is None or request.payload is None:
            return True
        return self.acknowledged == (request.sequence + request.payload) % _SEQUENCES


def segment(event: Event) -> Segment | None:
    """Read the segment that an event is about; None where it is none, or the event has no bytes of it."""
    if "ip" in event.fields:
        return from_ip(event.content("ip"))
    if "tcp" in event.fields:
        return from_tcp(event.content("tcp"), event.length)
    ports, sequence = event.number("ports"), event.number("seq")
    if ports is None or sequence is None or max(ports, sequence) >= _SEQUENCES or min(ports, sequence) < 0:
        return None
    source, destination, number = _split(ports.to_bytes(4, "little") + sequence.to_bytes(4, "little"))
    return Segment(source, destination, number)  # a recording from before packets' bytes were handed over


def has_bytes(event: Event) -> bool:
    """Whether the kernel handed over the packet's first bytes with this event."""
    return "ip" in event.fields or "tcp" in event.fields


def from_ip(packet: bytes) -> Segment | None:
    """Read a packet from its network header on; that of a tunnel over IPv4 is passed over."""
    if len(packet) < IP_HEADER or packet[0] >> 4 != _VERSION:
        return None
    header, total = (packet[0] & 0xF) * 4, int.from_bytes(packet[2:4], "big")
    if header < IP_HEADER or int.from_bytes(packet[6:8], "big") & _FRAGMENT:
        return None
    if packet[9] == _IP_IN_IP:
        return from_ip(packet[header:])
    return from_tcp(packet[header:], total - header) if packet[9] == _TCP else None


def from_tcp(content: bytes, length: int) -> Segment | None:
    """Read a segment of ``length`` bytes, header and data, of which ``content`` is the beginning."""
    if len(content) < _TCP_READ:
        return None
    payload = length - (content[12] >> 4) * 4
    if payload < 0:
        return None
    return Segment(*_split(content), int.from_bytes(content[8:12], "big"), payload)


def _split(content: bytes) -> tuple[int, int, int]:
    """Both ports and the sequence number, as the network has them."""
    return int.from_bytes(content[:2], "big"), int.from_bytes(content[2:4], "big"), int.from_bytes(content[4:8], "big")
