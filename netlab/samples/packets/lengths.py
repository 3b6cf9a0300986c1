"""Packets of recordings from before the kernel handed over their bytes: told from others by length and time.

A packet that another machine sent came in on the lab's interface, and is as long as when it was sent, and one or two IP
headers more. Requests were sent one after the other, each longer than the one before; so in each kernel a packet of one
of them lies between the request before it (or its own) and the one after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netlab.model.host import LAB_INTERFACE as LAB
from netlab.samples.packets.segments import IP_HEADER, has_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlab.samples.packets.events import Event
    from netlab.samples.packets.kernels import Kernel

USUAL_TCP_HEADER = 32
"""Bytes, with the option of time stamps that Linux sends."""


class Sent(NamedTuple):
    """One request, as its sender tells of it."""

    origin: str
    """The place that sent it."""
    bytes: int
    """Its length, without headers."""
    port: int = 0
    """TCP port it was sent from; 0 where nobody knows."""


def came_in(kernel: Kernel, event: Event, length: int) -> bool:
    """Whether a packet of ``length`` bytes, header and data of TCP, may have come from another machine here."""
    return kernel.device(event) == LAB and event.length - length in (IP_HEADER, 2 * IP_HEADER)


def span(kernel: Kernel, requests: Sequence[Sent], own: int) -> range:
    """Return which events can be those of the request ``own``, or of its response, in a kernel that did not send it."""
    if any(event.name == "arrive" and has_bytes(event) for event in kernel.events):
        return range(len(kernel.events))
    before = (at for sent in requests[: own + 1] for at in _sights(kernel, sent))
    after = [at for sent in requests[own + 1 :] for at in _sights(kernel, sent)]
    return range(max(before, default=0), min(after, default=len(kernel.events)))


def _sights(kernel: Kernel, sent: Sent) -> Iterator[int]:
    """Yield where a request is first seen in a kernel, if at all."""
    length = sent.bytes + USUAL_TCP_HEADER
    for index, event in enumerate(kernel.events):
        started = event.name == "send" and event.length == length and kernel.place(event, "") == sent.origin
        if started or (event.name == "arrive" and came_in(kernel, event, length)):
            yield index
            return
