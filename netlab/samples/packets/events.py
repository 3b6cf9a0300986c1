"""ftrace's text → events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from netlab.errors import ResultsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LINE = re.compile(r"^\s*.+-\d+\s+\[(?P<cpu>\d+)\]\s+\S+\s+\d+\.\d+: (?P<event>\w+): (?P<rest>.*)$")
_LOST = re.compile(r"^CPU:\d+ \[LOST (?P<count>\d+) EVENTS\]$")
_FIELD = re.compile(r'(\w+)=("[^"]*"|\S+)')
_WORDS = re.compile(r"\{(?:0x[0-9a-f]{1,8},)*0x[0-9a-f]{1,8}\}", re.ASCII)


class Event(NamedTuple):
    """One line of a kernel's record."""

    cpu: int
    name: str
    fields: Mapping[str, str]

    @property
    def packet(self) -> str:
        """Address of the packet's ``sk_buff``; empty for an event that is about none."""
        return self.fields.get("skb", "")

    @property
    def length(self) -> int:
        """Bytes of the packet as this event counts them, -1 where it does not say."""
        text = self.fields.get("len", "")
        return int(text) if text.isdecimal() and text.isascii() else -1

    @property
    def namespace(self) -> str:
        """Inode number of the network namespace; empty where the event does not say."""
        return self.fields.get("ns", "")

    def content(self, field: str) -> bytes:
        """Return the packet's bytes in a field of 32-bit words; empty where there are none.

        The kernel prints each word as the processor reads it: all that netlab's hosts run on are little-endian.
        """
        text = self.fields.get(field, "")
        if not _WORDS.fullmatch(text):
            return b""
        return b"".join(int(word, 16).to_bytes(4, "little") for word in text[1:-1].split(","))

    def number(self, field: str) -> int | None:
        """Return a field that the kernel prints in base 16; None where there is none."""
        try:
            return int(self.fields.get(field, ""), 16)
        except ValueError:
            return None


def parse_trace(text: str) -> list[Event]:
    """Read ftrace's text; ResultsError for a line that is no event, and where the kernel lost some.

    What a packet has not crossed is a part of a proof, so that nothing may be missing.
    """
    events: list[Event] = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.match(line)
        if lost := _LOST.match(line):
            raise ResultsError(
                f"the kernel lost {lost['count']} events of the record, which proves nothing without them",
                hint="record again when the hosts are less busy: netlab prove",
            )
        if match is None:
            raise ResultsError(f"the record has a line that is not an event: {line[:80]!r}")
        fields = {name: value.strip('"') for name, value in _FIELD.findall(match["rest"])}
        events.append(Event(int(match["cpu"]), match["event"], fields))
    return _with_namespaces(events)


def _with_namespaces(events: Sequence[Event]) -> list[Event]:
    """Give events that know only the address of their network namespace its inode number, which others know."""
    numbers = {event.fields["net"]: event.namespace for event in events if event.namespace and "net" in event.fields}
    return [
        event._replace(fields={**event.fields, "ns": numbers[event.fields["net"]]})
        if not event.namespace and event.fields.get("net") in numbers
        else event
        for event in events
    ]
