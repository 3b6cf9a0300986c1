"""The payload on its way to hosts that no disk can be attached to: over SSH to one, from there to the others.

What is there already is asked by its digest, so a second delivery sends nothing, and one that was interrupted continues
where it was. The program that does this on the hosts is ``receive-payload`` of the role ``payload``.
"""

from __future__ import annotations

import base64
import contextlib
import re
import time
from typing import TYPE_CHECKING, Any

from netlab import assets, proc, signals
from netlab.artifacts.payload import content_of
from netlab.errors import HostUnsuitable, MachineError, MachineSilent
from netlab.excerpt import last_line
from netlab.hosts.kubeadm import MEMBERS, PAYLOAD
from netlab.progress import size
from netlab.samples.machine import parse_answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from netlab.hosts.remote import RemoteHosts
    from netlab.model.host import Host

PLACE = PAYLOAD
"""On each host of a cluster."""
LOOK_TIMEOUT_S = 600.0
"""Of reading a payload that is there, on a slow disk."""
SLOWEST = 32 << 10
"""Bytes per second: what comes more slowly has stopped."""
SERVE_TIMEOUT_S = 60.0
ATTEMPTS = 2
"""A part that came in an earlier attempt may be damaged; then all of it is sent once more."""

Answers = dict[str, str]


def facts(payload: Path | None) -> dict[str, Any]:
    """Return what the playbooks are told of a payload that is delivered."""
    return {"payload_disk_file": PLACE} if payload else {}


class Delivery:
    """One payload, and the hosts that are to have it."""

    def __init__(self, remote: RemoteHosts, payload: Path) -> None:
        """ArtifactMissing where the payload is not in the cache as it was made."""
        self._remote = remote
        self._hosts = [host for host in remote.hosts if host.part in MEMBERS]
        self._content = content_of(payload)
        self._timeout_s = LOOK_TIMEOUT_S + self._content.size / SLOWEST

    def deliver(self) -> None:
        """Have the payload on every host of the cluster; MachineError naming the host where it did not arrive."""
        said = self._ask(self._hosts, "look")
        missing = [host for host in self._hosts if said[host.name].get("there") != "yes"]
        if not missing:
            return
        for host in missing:
            self._refuse_full(host, said[host.name])
        names = ", ".join(host.name for host in missing)
        with self._remote.progress.step(f"send the payload ({size(self._content.size)}) to {names}"):
            self._spread([host for host in self._hosts if host not in missing], missing)

    def _spread(self, holders: Sequence[Host], missing: Sequence[Host]) -> None:
        """Send it to one host, unless one has it, and from there to the others; where that fails, to these too."""
        if not holders:
            first, *missing = missing
            self._send(first)
            holders = [first]
        for host in self._not_shared(holders[0], missing):
            self._send(host)

    def _send(self, host: Host) -> None:
        self._remote.progress.task(host.name, "receive the payload from this machine")
        for _ in range(ATTEMPTS):
            answer = self._sent(host)
            if answer.get("received") == "yes":
                return
        problem = answer.get("problem", "it says nothing about it")
        raise MachineError(f"{host.name} did not receive the payload: {problem}", hint=_CONTINUES)

    def _sent(self, host: Host) -> Answers:
        """Send what is missing once; what the host says then."""
        offset = int(self._ask([host], "look")[host.name].get("partial", "0"))
        words = self._remote.command(host, *self._program("take", offset))
        with self._content.place.open("rb", buffering=0) as file:
            file.seek(offset)
            done = proc.run(words, file=file, timeout=self._timeout_s, check=False, error=MachineSilent)
        if done.exit_code:
            why = last_line(done.stderr, f"exit code {done.exit_code}")
            raise MachineError(f"{host.name} was lost while it received the payload: {why}", hint=_CONTINUES)
        return parse_answers(done.stdout)

    def _not_shared(self, holder: Host, others: Sequence[Host]) -> list[Host]:
        """Have the others fetch it from the holder, by HTTP on the lab's network; return those that could not."""
        if not others:
            return []
        with self._served(holder, others) as url:
            if url is None:
                return list(others)
            for host in others:
                self._remote.progress.task(host.name, f"receive the payload from {holder.name}")
            said = self._ask(others, "fetch", url)
        return [host for host in others if said[host.name].get("received") != "yes"]

    @contextlib.contextmanager
    def _served(self, holder: Host, others: Sequence[Host]) -> Iterator[str | None]:
        """Have the holder give the payload to the others for as long as this lasts; its URL, if there is one."""
        log = self._remote.lab.logs / "payload.log"
        log.write_bytes(b"")
        words = self._program("serve", holder.lab_address, *(host.lab_address for host in others))
        with contextlib.ExitStack() as stack:
            with signals.held():
                child = proc.spawn(self._remote.command(holder, *words), log=log, held=True)
                stack.callback(child.stop)
            port = _port(child, log)
            yield f"http://{holder.lab_address}:{port}/{self._content.sha256}" if port else None

    def _ask(self, hosts: Sequence[Host], verb: str, *words: object) -> dict[str, Answers]:
        some = self._remote.only(hosts, timeout_s=self._timeout_s)
        said = some.ask(" ".join(self._program(verb, *words)), "the payload's program failed")
        return {name: parse_answers(text) for name, text in said.items()}

    def _program(self, verb: str, *words: object) -> list[str]:
        """Return the words that run the program on a host, for any shell."""
        text = (assets.roles() / "payload" / "files" / "receive-payload").read_bytes()
        source = f"'import base64;exec(base64.b64decode(\"{base64.b64encode(text).decode()}\"))'"
        told = [PLACE, verb, self._content.sha256, *([] if verb == "serve" else [self._content.size]), *words]
        return ["python3", "-IS", "-c", source, *map(str, told)]

    def _refuse_full(self, host: Host, said: Answers) -> None:
        needed, free = self._content.size - int(said.get("partial", "0")), int(said.get("free", "0"))
        if free < needed:
            message = f"{host.name} has {size(free)} left in /var/lib/netlab, but the payload needs {size(needed)}"
            raise HostUnsuitable(message, hint=f"free {size(needed - free)} there")


def _port(child: proc.Child, log: Path) -> int | None:
    """Wait until the server says where it listens; None where it does not."""
    deadline = time.monotonic() + SERVE_TIMEOUT_S
    while time.monotonic() < deadline:
        ended = child.wait(0.2) is not None
        if found := re.search(r"^port=([0-9]{1,5})$", log.read_text(encoding="utf-8", errors="replace"), re.MULTILINE):
            return int(found[1])
        if ended:
            break
    return None


_CONTINUES = "run the command again: what has come of it is kept"
