"""What decides performance besides the path, as one table: a column per network, and only the rows that differ."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netlab.report.text.numbers import NONE, joined
from netlab.report.text.words import device_text, fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlab.model.proof import DeviceFacts
    from netlab.report.values import ProfileFacts

_VETH = re.compile(r"^veth[0-9a-f]{8}$")
ABSENT = "not there"
_FIELDS = {"kind": "made by", "mtu": "MTU, bytes", "qdisc": "qdisc", "rps": "RPS"}


@dataclass(frozen=True)
class Row:
    """One thing that networks do not have alike; ``values`` and ``differs`` (from the first network) in their order."""

    places: str
    what: str
    values: tuple[str, ...]
    differs: tuple[bool, ...]


_Line = tuple[str, tuple[str, ...]]
"""What, and a text per network; `NONE` where a network has no such place."""


def rows(facts: Sequence[ProfileFacts]) -> list[Row]:
    """Compare each place among the networks that have it; places of which the same is to be said share a row."""
    found: dict[_Line, list[str]] = {}
    for place in _places(facts):
        for line in (*_devices(place, facts), *_settings(place, facts)):
            found.setdefault(line, []).append(place)
    return [Row(joined(places), *line, differs=_differing(line[1])) for line, places in found.items()]


def _differing(values: Sequence[str]) -> tuple[bool, ...]:
    return tuple(NONE not in {value, values[0]} and value != values[0] for value in values)


def _places(facts: Sequence[ProfileFacts]) -> dict[str, None]:
    """In the order in which they are met; a pod is one more place."""
    return {place: None for one in facts for place in _of(one)}


def _of(facts: ProfileFacts) -> list[str]:
    return [*(row.place for row in facts.devices), *(row.place for row in facts.settings)]


def _there(place: str, one: ProfileFacts) -> bool:
    return place in _of(one)


def _settings(place: str, facts: Sequence[ProfileFacts]) -> Iterator[_Line]:
    known = [{row.name: fact(row.value) for row in one.settings if row.place == place} for one in facts]
    for name in {name: None for settings in known for name in settings}:
        texts = [
            settings.get(name, NONE) if _there(place, one) else None for settings, one in zip(known, facts, strict=True)
        ]
        yield from _line(name, texts)


def _devices(place: str, facts: Sequence[ProfileFacts]) -> Iterator[_Line]:
    known = [{_called(row.device.name): row.device for row in one.devices if row.place == place} for one in facts]
    for name in {name: None for devices in known for name in devices}:
        here = [devices.get(name) for devices in known]
        everywhere = all(device or not _there(place, one) for device, one in zip(here, facts, strict=True))
        if not everywhere:
            texts = [
                _whole(device) if device else ABSENT if _there(place, one) else None
                for device, one in zip(here, facts, strict=True)
            ]
            yield from _line(name, texts)
        yield from _fields(name, here, everywhere=everywhere)


def _called(name: str) -> str:
    """Call a pod's veth the same in all networks: CNI plugins number them at random."""
    return _VETH.sub("veth of a pod", name)


def _fields(name: str, here: Sequence[DeviceFacts | None], *, everywhere: bool) -> Iterator[_Line]:
    for field, said in _FIELDS.items() if everywhere else ():
        yield from _line(f"{name}: {said}", [device_text(device, field) if device else None for device in here])
    yield from _line(f"{name}: offloads", _offloads(here))


def _offloads(here: Sequence[DeviceFacts | None]) -> list[str | None]:
    """Say what each has and has not of the first's."""
    first = next((device for device in here if device), None)
    base = set(first.offloads) if first else set()
    return [_compared(device.offloads, base) if device else None for device in here]


def _compared(offloads: Sequence[str], base: set[str]) -> str:
    parts = {
        "without": sorted(base - set(offloads)),
        "with": [name for name in offloads if name not in base],
    }
    return "; ".join(f"{word} {joined(names)}" for word, names in parts.items() if names) or f"{len(base)} are on"


def _whole(device: DeviceFacts) -> str:
    parts = [device.kind, f"MTU {device_text(device, 'mtu')}", device.qdisc, "RPS on" if device.rps else ""]
    return joined(part for part in parts if part)


def _line(what: str, texts: Sequence[str | None]) -> Iterator[_Line]:
    """Where the networks that have this place are not all alike."""
    if len({text for text in texts if text is not None}) > 1:
        yield what, tuple(NONE if text is None else text for text in texts)
