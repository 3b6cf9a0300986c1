"""The rules that can be looked at before a run: on the machine under the lab, and on hosts that are a profile.

Hosts are asked twice: for two seconds of doing nothing, and for one sample along each path, as a run takes them.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netlab import proc
from netlab.errors import MachineError, UnusableSample
from netlab.gates import before
from netlab.gates.readings import of_samples
from netlab.gates.rules import ERRORS, GATES
from netlab.hosts.remote import RemoteHosts
from netlab.measure.block import play
from netlab.measure.plan import Target
from netlab.model.check import Looked
from netlab.samples.look import SECONDS, parse_look, script
from netlab.samples.sample import parse_sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from netlab.gates.before import Look
    from netlab.gates.gate import Gate
    from netlab.gates.readings import Reading
    from netlab.model.host import Host
    from netlab.model.profile import Profile
    from netlab.model.sample import Sample
    from netlab.provision.session import Session

TIMEOUT_S = 120.0
"""Of one look: on an emulated host, more than its two seconds pass."""


class Found(NamedTuple):
    """A reading, and the path that it is of; empty where it is of none."""

    reading: Reading
    path: str = ""

    @property
    def text(self) -> str:
        """Write ``pod-ip: 14.2 % on node1``."""
        return f"{self.path}: {self.reading.text}" if self.path else self.reading.text


def of_machine() -> list[Looked]:
    """Look at the machine under the lab, which matters on the real clock alone."""
    started = time.time()
    done = proc.run(["sh", "-s"], input=script(), timeout=TIMEOUT_S, error=MachineError)
    return _checks(Found(one) for one in before.of_machine(parse_look(done.stdout, (started, time.time()))))


def of_hosts(session: Session, profile: Profile) -> list[Looked]:
    """Look at hosts that are the profile; BenchmarkFailed or AnsibleFailed where no sample can be taken."""
    provider, clock = session.provider, session.provider.clock
    with session.progress.step(f"look at the hosts for {SECONDS} s"):
        looks = _looks(session)
    found = [Found(one) for names, look in looks.items() for one in before.of_host(look, names, clock)]
    if clock == "real":
        found += [Found(one) for one in before.of_clocks({", ".join(names): look for names, look in looks.items()})]
    with session.progress.step("take one sample of each path"):
        samples, unusable = _samples(session, profile)
    environment = provider.environment()
    found += [
        Found(one, sample.path)
        for sample in samples
        for one in of_samples([sample], environment)
        if not (unusable and one.gate is ERRORS)
    ]
    if clock == "real":
        links = [look.link_mbit for look in looks.values() if look.link_mbit]
        found += [Found(one) for one in before.of_link(samples, links)]
    return [*_checks(found), *unusable]


def _looks(session: Session) -> Mapping[tuple[str, ...], Look]:
    """Look at each kernel through the first of its hosts, one after the other: to ask one is work for the others."""
    hosts = {host.name: host for host in session.provider.hosts()}
    return {names: _look(session, hosts[names[0]]) for names in session.provider.kernels()}


def _look(session: Session, host: Host) -> Look:
    remote = RemoteHosts(session.lab, [host], session.progress, timeout_s=TIMEOUT_S)
    started = time.time()
    answers = remote.ask(script(host.interface), "it does not say how busy it is")
    return parse_look(answers[host.name], (started, time.time()))


def _samples(session: Session, profile: Profile) -> tuple[list[Sample], list[Looked]]:
    """Take a sample along each path, and say which cannot be used."""
    keepalive = profile.keeps_alive(session.spec.load)
    targets = [Target(path=path, keepalive=keepalive) for path in profile.info(session.spec.paths).paths]
    samples, unusable = [], []
    with tempfile.TemporaryDirectory(prefix="netlab-") as folder:
        play(session, "bench", profile, targets, {"benchmark_dest": folder, "netlab_settle_s": 0})
        for target in targets:
            raw = (Path(folder) / target.raw).read_bytes()
            try:
                samples.append(parse_sample(raw, profile=profile.name, round_=1, position=0))
            except UnusableSample as error:
                unusable.append(_unusable(f"{target.path}: {error.message}"))
    return samples, unusable


def _unusable(message: str) -> Looked:
    return Looked(name=ERRORS.name, ok=False, message=message, hint=ERRORS.then, unit=ERRORS.unit, limit=ERRORS.limit)


def _checks(found: Iterable[Found]) -> list[Looked]:
    """Return one check per rule: all that is beyond its limit, or else the value that is nearest to it."""
    by_gate: dict[Gate, list[Found]] = {}
    for one in found:
        by_gate.setdefault(one.reading.gate, []).append(one)
    return [_check(gate, by_gate[gate]) for gate in GATES if gate in by_gate]


def _check(gate: Gate, found: Sequence[Found]) -> Looked:
    worst = gate.worst_first(found, lambda one: one.reading.value)
    broken = [one for one in worst if one.reading.broken]
    shown = "; ".join(one.text for one in broken or worst[:1])
    return Looked(
        name=gate.name,
        ok=not broken,
        message=f"{gate.says + ': ' if broken else ''}{shown} (limit: {gate.limit_text})",
        hint=gate.then if broken else None,
        value=worst[0].reading.value,
        unit=gate.unit,
        limit=gate.limit,
    )
