"""One packet in one kernel.

A packet keeps its ``sk_buff`` from the sender's TCP through devices, namespaces and tunnels to the receiver's TCP, as
long as it stays in one kernel; so its events are those with the same address between the first and the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netlab.samples.packets.hops import hops
from netlab.samples.packets.segments import has_bytes, segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netlab.model.proof import Hop
    from netlab.samples.packets.events import Event
    from netlab.samples.packets.kernels import Kernel
    from netlab.samples.packets.segments import Segment


class Trip(NamedTuple):
    """What one packet did in one kernel."""

    hops: tuple[Hop, ...]
    end: int
    """Index of its last event."""
    namespace: str
    """Where that was."""
    received: Segment | None
    """As its receiver has it: a NAT on the way may have changed its ports. None where it came to no socket."""

    @property
    def delivered(self) -> bool:
        """Whether it came to a socket."""
        return bool(self.hops) and self.hops[-1].kind == "deliver"


def follow(kernel: Kernel, start: int) -> Trip:
    """Follow the packet of the event ``start`` to its last event in this kernel."""
    chosen = list(_life(kernel, start))
    events = [kernel.events[index] for index in chosen]
    last = events[-1]
    return Trip(
        hops=tuple(hops(kernel, events)),
        end=chosen[-1],
        namespace=next((event.namespace for event in reversed(events) if event.namespace), ""),
        received=segment(last) if last.name == "deliver" else None,
    )


def _life(kernel: Kernel, start: int) -> Iterator[int]:
    """Yield the indices of a packet's events; between them, the softirqs that its own CPU raised."""
    first = kernel.events[start]
    packet, cpu, raised, own = first.packet, first.cpu, list[int](), segment(first)
    for index in range(start, len(kernel.events)):
        event = kernel.events[index]
        if event.packet == packet:
            if index > start and (event.name == "send" or _is_another(event, own)):
                return  # the buffer is another packet's now
            yield from raised
            yield index
            raised, cpu = [], event.cpu
            if event.name == "deliver" or kernel.leaves(event):
                return
        elif event.name == "softirq_raise" and event.cpu == cpu:
            raised.append(index)


def _is_another(event: Event, own: Segment | None) -> bool:
    """Whether an event's bytes are those of another packet; what a tunnel hides is taken for the same."""
    found = segment(event) if own is not None and has_bytes(event) else None
    return found is not None and own is not None and found.sequence != own.sequence
