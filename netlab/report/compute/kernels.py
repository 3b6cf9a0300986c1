"""What the hosts' kernels were booted with, and what they do about faults of the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.report.values import KernelFacts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netlab.model.proof import Proof

_OPTION = "mitigations="


def of_hosts(proofs: Iterable[Proof]) -> tuple[KernelFacts, ...]:
    """Return one a kind of kernel, with the hosts that have it; empty where no run recorded any."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, None]] = {}
    for place, facts in ((place, facts) for proof in proofs for place, facts in proof.facts.items()):
        if facts.kernel_arguments:
            key = facts.kernel_arguments, tuple(sorted(facts.vulnerabilities.items()))
            found.setdefault(key, {})[place] = None
    return tuple(_facts(tuple(hosts), arguments, dict(told)) for (arguments, told), hosts in found.items())


def _facts(hosts: tuple[str, ...], arguments: str, told: dict[str, str]) -> KernelFacts:
    return KernelFacts(
        hosts=hosts,
        arguments=arguments,
        mitigations=mitigations(arguments),
        vulnerabilities=told,
        vulnerable=tuple(name for name, text in told.items() if text.startswith("Vulnerable")),
    )


def mitigations(arguments: str) -> str:
    """Return what a command line says of all mitigations at once: ``off``, ``auto``, …; the last word counts."""
    said = [word.removeprefix(_OPTION) for word in arguments.split() if word.startswith(_OPTION)]
    return said[-1] if said else "auto"
