"""What ``vagrant ssh-config`` writes: where each machine answers, and by which key it is entered."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from netlab.errors import MachineError
from netlab.model.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping


class Login(Frozen):
    """How a machine is entered."""

    name: str
    address: str
    port: int
    user: str
    key: Path


def parse(text: str) -> dict[str, Login]:
    """Return each machine's login by its name; MachineError where a part of one is missing or makes no sense."""
    stanzas: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.strip().partition(" ")
        if key == "Host":
            current = stanzas.setdefault(_word(value), {})
        elif key:
            current.setdefault(key, _word(value))  # of several keys the first counts, as ssh does it
    return {name: _login(name, options) for name, options in stanzas.items() if name}


def of(logins: Mapping[str, Login], name: str) -> Login:
    """Return a machine's login; MachineError where Vagrant named none."""
    if name not in logins:
        raise MachineError(f"Vagrant does not say how {name} is entered", hint="'vagrant status' shows whether it runs")
    return logins[name]


def _login(name: str, options: dict[str, str]) -> Login:
    try:
        port = _port(options["Port"])
        key = Path(options["IdentityFile"])
        return Login(name=name, address=options["HostName"], port=port, user=options["User"], key=key)
    except KeyError as error:
        raise MachineError(f"Vagrant does not say how {name} is entered: {error.args[0]} is missing") from None
    except ValueError as error:
        raise MachineError(f"Vagrant does not say how {name} is entered: {error}") from None


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65_536:
        raise ValueError(f"{port} is no port")
    return port


def _word(value: str) -> str:
    """Return a value without its quotes; a path with spaces has some."""
    try:
        words = shlex.split(value)
    except ValueError:
        return value.strip()
    return words[0] if words else ""
