"""What ``vagrant --machine-readable`` writes: lines of time, machine, kind and data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMA = "%!(VAGRANT_COMMA)"


class Line(NamedTuple):
    """One line of the output."""

    machine: str
    """Name of the machine that it is about; empty where it is about none."""
    kind: str
    """``state``, ``ui``, ``error-exit``, …"""
    data: tuple[str, ...]


def parse(text: str) -> Iterator[Line]:
    """Yield every line that is in the format; warnings of Ruby and of libraries stand between them, and are none."""
    for line in text.splitlines():
        time, *fields = line.split(",")
        if time.isdecimal() and len(fields) >= 2:
            machine, kind, *data = (_plain(field) for field in fields)
            yield Line(machine, kind, tuple(data))


def states(text: str) -> dict[str, str]:
    """Return the state of each machine by its name, from ``vagrant status``: ``running``, ``not_created``."""
    return {line.machine: line.data[0] for line in parse(text) if line.kind == "state" and line.machine and line.data}


def boxes(text: str) -> set[tuple[str, str]]:
    """Return name and provider of each box, from ``vagrant box list``."""
    found, name = set(), ""
    for line in parse(text):
        if line.kind == "box-name" and line.data:
            name = line.data[0]
        if line.kind == "box-provider" and line.data and name:
            found.add((name, line.data[0]))
    return found


def plugins(text: str) -> dict[str, str]:
    """Return the version of each plugin by its name, from ``vagrant plugin list``."""
    found = {}
    for line in parse(text):
        if line.kind == "plugin-version" and line.machine and line.data:
            found[line.machine] = line.data[0].partition(_COMMA)[0].partition(",")[0].strip()
    return found


def snapshots(text: str) -> dict[str, set[str]]:
    """Return the names of each machine's snapshots, from ``vagrant snapshot list``."""
    found: dict[str, set[str]] = {}
    for line in parse(text):
        if line.kind == "ui" and len(line.data) > 1 and line.machine and line.data[0] == "detail":
            found.setdefault(line.machine, set()).add(line.data[1].strip())
    return found


def failure(text: str) -> str | None:
    """Return what Vagrant said when it failed, on one line; None where it said nothing of it."""
    errors = [line for line in parse(text) if line.kind == "error-exit" and len(line.data) > 1]
    return " ".join(errors[-1].data[1].split()) if errors else None


def failed_machines(message: str) -> list[str]:
    """Return the machines that a failure of several at the same time names."""
    return re.findall(r"while executing the action on the '([^']+)'", message)


def tasks(text: str) -> Iterator[tuple[str, str]]:
    """Yield machine and what happens to it, for those who wait."""
    for line in parse(text):
        if line.kind == "ui" and len(line.data) > 1 and line.machine and line.data[0] in {"info", "output"}:
            yield line.machine, line.data[1].removeprefix(f"==> {line.machine}:").strip()


def _plain(field: str) -> str:
    return field.replace(_COMMA, ",").replace("\\n", "\n").replace("\\r", "\r")
