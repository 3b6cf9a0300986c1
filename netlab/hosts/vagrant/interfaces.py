"""Which interface of a host is on the lab's network."""

from __future__ import annotations

from netlab.errors import HostUnsuitable

SCRIPT = "ip -oneline -4 address show"


def interface_of(name: str, address: str, text: str) -> str:
    """Return the interface that has the address, of what ``SCRIPT`` wrote; HostUnsuitable where none has it."""
    for line in text.splitlines():
        words = line.split()
        if len(words) > 3 and words[2] == "inet" and words[3].partition("/")[0] == address:
            return words[1].partition("@")[0]
    hint = "the box's Linux must let Vagrant configure a private network (docs/vagrant.md names boxes)"
    raise HostUnsuitable(f"{name} has no interface with the lab's address {address}", hint=hint)
