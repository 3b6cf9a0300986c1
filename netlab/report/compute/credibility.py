"""What each rule of docs/gates.md finds in the runs of a report: the worst value, and where it is beyond its limit."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from netlab.gates import rules
from netlab.gates.profiles import unlike
from netlab.gates.readings import Reading, flying, of_samples
from netlab.report.text.numbers import joined, number, percent, rounds_named
from netlab.report.values import GateResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from netlab.gates.gate import Gate
    from netlab.model.run import Run
    from netlab.model.sample import Sample
    from netlab.report.compute.cells import Source
    from netlab.report.values import Cell, Control

OFFENDERS = 8
"""As many as a sentence names, the worst first."""
NOT_RECORDED = "No run records it: 'netlab doctor --bench' looks before one."
NO_MEANING = "It means nothing on the virtual clock."
NO_FIGURE = {
    "report": "Nothing in this report can tell.",
    "sample": "No sample of these runs tells.",
    "profiles": "The runs recorded no proofs.",
}


class Found(NamedTuple):
    """A value of a rule, and what a warning names it as."""

    value: float
    name: str


def results(
    runs: Sequence[Run], sources: Sequence[Source], cells: Sequence[Cell], controls: Sequence[Control]
) -> tuple[GateResult, ...]:
    """Return one per rule, in the order of the documents."""
    environment = runs[0].header.environment
    found: dict[Gate, list[Found]] = {gate: [] for gate in rules.GATES}
    for source in sources:
        for reading in of_samples(source.samples, environment):
            found[reading.gate].append(Found(reading.value, _named(source, reading)))
    found[rules.SPREAD] += [
        Found(cell.rate.spread_percent, f"{cell.name} by {percent(cell.rate.spread_percent)}") for cell in cells
    ]
    found[rules.CONTROL] += list(_controls(controls))
    found[rules.ENVIRONMENT] += [Found(0, "")] * (len(runs) > 1)  # those of unlike ones are refused
    for gate, each in _of_profiles(runs).items():
        found[gate] += each
    again = Counter(one.gate for run in runs for one in run.refused)
    return tuple(_result(gate, found[gate], again[gate.name], environment.clock) for gate in rules.GATES)


def warnings(found: Iterable[GateResult]) -> Iterator[str]:
    """Yield one sentence or two per rule that is broken, whatever the number of cells."""
    yield from (one.text for one in found if one.outcome == "warning")


def _result(gate: Gate, found: Sequence[Found], again: int, clock: str) -> GateResult:
    ordered = gate.worst_first(found, lambda one: one.value)
    beyond = [one for one in ordered if gate.broken(one.value)]
    text = _warning(gate, beyond) if beyond else "" if found else _unseen(gate, clock)
    return GateResult(
        name=gate.name,
        measured=gate.measured,
        unit=gate.unit,
        limit=gate.limit,
        side=gate.side,
        outcome="warning" if beyond else "passed" if found else "not looked at",
        worst=ordered[0].value if ordered else None,
        where=tuple(one.name for one in beyond),
        taken_again=again,
        text=text,
    )


def _warning(gate: Gate, beyond: Sequence[Found]) -> str:
    if gate is rules.CONTROL:
        return " ".join(one.name for one in beyond)
    more = f"; and {number(len(beyond) - OFFENDERS)} more" if len(beyond) > OFFENDERS else ""
    named = "; ".join(one.name for one in beyond[:OFFENDERS])
    limit = f"; what counts is {gate.limit_text}" if gate.limit else ""
    return f"{gate.says}: {named}{more}{limit}. {gate.then}"


def _unseen(gate: Gate, clock: str) -> str:
    if clock not in gate.clocks:
        return NO_MEANING
    if gate is rules.ENVIRONMENT:
        return "There is one run."
    return NO_FIGURE.get(gate.when, NOT_RECORDED)


def _named(source: Source, reading: Reading) -> str:
    """Name the cell with its value, and with what that is made of where a reader would ask."""
    details = {rules.ERRORS: _kinds, rules.LITTLE: _most, rules.CLIENT: _most}.get(reading.gate)
    more = f" ({details(source.samples, reading.gate)})" if details and reading.broken else ""
    return f"{source.name} {reading.text}{more}"


def _kinds(samples: Sequence[Sample], _: Gate) -> str:
    failed = sum((Counter(sample.wrk.errors.model_dump()) for sample in samples), Counter())
    return joined(f"{count} {kind}" for kind, count in failed.items() if count)


def _most(samples: Sequence[Sample], gate: Gate) -> str:
    """Write how many were in flight in the sample that is furthest off: ``8.0 of 4 connections, rounds 1, 3``."""
    known = {sample.round: share for sample in samples if (share := flying(sample)) is not None}
    beyond = [round_ for round_, share in known.items() if gate.broken(share)]
    furthest = gate.worst_first(known.values(), float)[0]
    held = samples[0].load.connections
    return f"{furthest * held / 100:.1f} of {held} connections, {rounds_named(beyond)}"


def _controls(controls: Iterable[Control]) -> Iterator[Found]:
    for one in controls:
        if one.change.percent is not None and one.change.low_percent is not None:
            text = (
                f"{one.text} Both are the same thing. One report in twenty says so by chance; else something changes "
                "between samples of one round, and a network that differs by no more may differ by that alone."
            )
            told = one.change.verdict in {"lower", "higher"}
            yield Found(abs(one.change.percent) if told else 0.0, text)


def _of_profiles(runs: Sequence[Run]) -> Mapping[Gate, list[Found]]:
    """Compare what the proofs of each run say of its hosts; a run with one proof has nothing to compare."""
    found: dict[Gate, list[Found]] = {rules.KERNEL: [], rules.MTU: []}
    for run in runs:
        facts = {proof.profile: proof.facts for proof in run.proofs if proof.facts}
        if len(facts) > 1:
            differing = list(unlike(facts))
            for gate, each in found.items():
                mine = [one for one in differing if one.gate is gate]
                each.append(Found(len(mine), joined(one.text for one in mine)))
    return found
