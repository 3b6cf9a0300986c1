"""One kernel's record, and what the network namespaces and devices in it are called."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from netlab.model.host import LAB_INTERFACE as LAB
from netlab.model.proof import WIRE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlab.samples.packets.events import Event

_VETH = re.compile(r"^veth[0-9a-f]{8}$")


class Kernel(NamedTuple):
    """One kernel's record, and how to read it."""

    events: Sequence[Event]
    places: Mapping[str, str]
    """Inode number of each network namespace → what it is called."""
    devices: Mapping[tuple[str, str], str] = MappingProxyType({})
    """Inode number of the namespace and name of the device → what a hop calls it: its kind, where it has one."""
    alone: bool = True
    """Whether it is the kernel of all hosts; else a packet that leaves on the lab's interface is gone from it."""

    def place(self, event: Event, default: str) -> str:
        """Name the namespace of an event; one that is nobody's is the wire between the hosts."""
        return self.places.get(event.namespace, WIRE) if event.namespace else default

    def device(self, event: Event, default: str = "") -> str:
        """Name the device of an event; one that nobody has described keeps its name."""
        if "dev" not in event.fields:
            return default
        name = event.fields["dev"]
        return self.devices.get((event.namespace, name)) or _VETH.sub("veth", name)

    def leaves(self, event: Event) -> bool:
        """Whether a packet goes to another kernel with this event."""
        return not self.alone and event.name == "out" and self.device(event) == LAB
