"""Hosts that are entered over SSH from without, and all that there is to see of them."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlab.model.host import Host

STATE = Path(__file__).with_name("host-state")


class Entered:
    """Hosts as a configuration of ssh's names them."""

    def __init__(self, hosts: Sequence[Host], ssh_config: Path) -> None:
        self.hosts = hosts
        self.ssh_config = ssh_config

    def run(self, host: Host, command: str, stdin: str = "") -> str:
        words = ["ssh", "-F", str(self.ssh_config), host.name, command]
        done = subprocess.run(words, input=stdin, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def everywhere(self, command: str, stdin: str = "") -> dict[str, str]:
        with ThreadPoolExecutor() as pool:
            answers = pool.map(lambda host: self.run(host, command, stdin), self.hosts)
            return dict(zip((host.name for host in self.hosts), answers, strict=True))

    def state(self) -> dict[str, set[str]]:
        """All that there is to see of each host, one line each."""
        become = "" if self.hosts[0].user == "root" else "sudo "
        said = self.everywhere(f"{become}python3 -IS -", STATE.read_text())
        return {host: set(lines(json.loads(text))) for host, text in said.items()}


def lines(value: Any, place: str = "") -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from lines(inner, f"{place}/{key}")
    elif isinstance(value, list) and not place.startswith("/files") and value:
        for inner in value:
            yield f"{place}: {inner}"
    else:
        yield f"{place}: {value}"


def difference(before: dict[str, set[str]], after: dict[str, set[str]]) -> list[str]:
    gone = [f"{host} - {line}" for host in before for line in sorted(before[host] - after[host])]
    return gone + [f"{host} + {line}" for host in before for line in sorted(after[host] - before[host])]
