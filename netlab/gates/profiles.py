"""Whether the hosts were alike under all profiles of a run: pure, on what their proofs recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netlab.errors import ConfigError
from netlab.gates.rules import KERNEL, MTU
from netlab.model.host import LAB_INTERFACE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from netlab.gates.gate import Gate
    from netlab.model.proof import HostFacts

    Facts = Mapping[str, Mapping[str, HostFacts]]
    """By profile, and in each by host."""


class Unlike(NamedTuple):
    """A host that was not the same under all profiles."""

    gate: Gate
    host: str
    values: Mapping[str, str]
    """By profile; those of which it is not known are left out."""

    @property
    def text(self) -> str:
        """Write ``node1 (6.1 under baseline-vm; 6.12 under cilium)``: of a command line, the words that differ."""
        common = set.intersection(*(set(value.split()) for value in self.values.values()))
        of: dict[str, list[str]] = {}
        for profile, value in self.values.items():
            words = [word for word in value.split() if word not in common]
            of.setdefault(" ".join(words) or "nothing more", []).append(profile)
        parts = (f"{value} under {', '.join(names)}" for value, names in of.items())
        return f"{self.host} ({'; '.join(parts)})"


def unlike(facts: Facts) -> Iterator[Unlike]:
    """Yield each host with what differs; pods are the profiles' own matter."""
    hosts = dict.fromkeys(place for found in facts.values() for place in found if "/" not in place)
    for gate, read in _READ.items():
        for host in hosts:
            values = {profile: read(found[host]) for profile, found in facts.items() if host in found}
            known = {profile: value for profile, value in values.items() if value}
            if len(set(known.values())) > 1:
                yield Unlike(gate, host, known)


def refuse_unlike(facts: Facts) -> None:
    """Raise ConfigError where hosts are not alike under all profiles."""
    for gate in _READ:
        found = [one for one in unlike(facts) if one.gate is gate]
        if found:
            raise ConfigError(f"{gate.says}: {', '.join(one.text for one in found)}", hint=gate.then)


def _kernel(facts: HostFacts) -> str:
    return " ".join(filter(None, (facts.settings.get("kernel", ""), facts.kernel_arguments)))


def _mtu(facts: HostFacts) -> str:
    return next((str(device.mtu) for device in facts.devices if device.name == LAB_INTERFACE and device.mtu), "")


_READ: dict[Gate, Callable[[HostFacts], str]] = {KERNEL: _kernel, MTU: _mtu}
