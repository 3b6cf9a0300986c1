"""What runs measured under one name: only what is equal is pooled, and what differs is listed.

A cell is compared with the baseline of its own rounds, so that two cells are equal only where their baselines are too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netlab.errors import ConfigError
from netlab.report.text.numbers import joined
from netlab.report.text.words import CONTROL_CPUS, PARALLEL
from netlab.report.values import Difference, MadeOf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from netlab.model.proof import HostFacts
    from netlab.model.run import Environment, ProfileInfo, Provenance, Run

SHOWN_DIGITS = 12
"""Of a SHA-256: as many tell two contents apart."""
NAMED = 6
"""Differences that a sentence names; the table has all."""
_Parts = dict[str, str]
"""What something is made of, by what a reader calls it."""


@dataclass(frozen=True)
class Configurations:
    """Of each run, by its id, and each of its profiles: the key of what is pooled, unique in a report."""

    keys: Mapping[tuple[str, str], str]
    runs: Mapping[str, tuple[int, ...]]
    """Key to the numbers of its runs, from 1, where there are several configurations of the profile."""

    def key(self, run_id: str, profile: str) -> str:
        """Return the key of what the run measured as ``profile``."""
        return self.keys.get((run_id, profile), profile)

    def marked(self, key: str, profile: ProfileInfo) -> ProfileInfo:
        """Say in the profile's label which runs it is of, where others measured something else under its name."""
        if key not in self.runs:
            return profile
        runs, label = run_numbers(self.runs[key]), profile.label
        return profile.model_copy(
            update={"label": f"{label[:-1]}, {runs})" if label[-1:] == ")" else f"{label} ({runs})"}
        )


def run_numbers(numbers: Sequence[int]) -> str:
    """Write ``run 2`` or ``runs 1, 3``."""
    return f"run{'s' if len(numbers) > 1 else ''} {joined(map(str, numbers))}"


def refuse_twins(runs: Sequence[Run]) -> None:
    """Raise ConfigError where a run is there twice: its rounds would count as others, and make intervals narrower."""
    twice = [run_id for run_id, count in Counter(run.header.run_id for run in runs).items() if count > 1]
    if twice:
        raise ConfigError(f"run {twice[0]} is named twice", hint="name each run once")


def tell_apart(runs: Sequence[Run]) -> Configurations:
    """Group the runs of each profile by what they say that it was made of."""
    groups: dict[str, dict[object, list[int]]] = {}
    for number, run in enumerate(runs, 1):
        for name in _names(run):
            groups.setdefault(name, {}).setdefault(_identity(run, name), []).append(number)
    keys: dict[tuple[str, str], str] = {}
    several: dict[str, tuple[int, ...]] = {}
    for name, found in groups.items():
        for numbers in found.values():
            key = f"{name}, {run_numbers(numbers)}" if len(found) > 1 else name
            keys |= {(runs[number - 1].header.run_id, name): key for number in numbers}
            several |= {key: tuple(numbers)} if len(found) > 1 else {}
    return Configurations(keys, several)


def differences(runs: Sequence[Run]) -> tuple[Difference, ...]:
    """List all that the runs do not say alike of a profile that several of them have."""
    found: dict[tuple[str, tuple[str | None, ...]], list[str]] = {}
    for name in dict.fromkeys(name for run in runs for name in _names(run)):
        parts = [_parts(run, name) if name in _names(run) else None for run in runs]
        for what in dict.fromkeys(what for one in parts for what in one or {}):
            values = tuple(one.get(what) if one is not None else None for one in parts)
            known = {one.get(what) for one in parts if one is not None}
            if len(known) > 1:
                found.setdefault((what, values), []).append(name)
    return tuple(Difference(what=what, profiles=tuple(names), values=values) for (what, values), names in found.items())


def warnings(runs: Sequence[Run], found: Sequence[Difference]) -> Iterator[str]:
    """Say that rows were kept apart, or that nobody knows whether they should have been."""
    if found:
        whats = list(dict.fromkeys(one.what for one in found))
        more = f", and {len(whats) - NAMED} more" if len(whats) > NAMED else ""
        yield (
            f"The runs were not made of the same things: {joined(whats[:NAMED])}{more}. Only equals are pooled; rows "
            "that are not of all runs name theirs."
        )
    silent = [at for at, run in enumerate(runs, 1) if not all(one.provenance for one in run.header.profiles)]
    if len(runs) > 1 and silent:
        yield (
            f"What profiles were made of is not recorded in {run_numbers(silent)}, by an earlier netlab: whether such "
            "runs measured the same under one name is not known."
        )


def made_of(profiles: Mapping[str, ProfileInfo]) -> tuple[MadeOf, ...]:
    """Return what each profile was made of, where a run recorded it."""
    return tuple(
        MadeOf(
            label=profile.label,
            artifacts={name: one.version for name, one in profile.provenance.artifacts.items()},
            digests=_digests(profile.provenance),
        )
        for profile in profiles.values()
        if profile.provenance
    )


def _names(run: Run) -> list[str]:
    return list(dict.fromkeys([*(one.name for one in run.header.profiles), *(one.profile for one in run.samples)]))


def _identity(run: Run, name: str) -> object:
    return tuple(tuple(sorted(_parts(run, one).items())) for one in (name, run.header.baseline_profile))


def _parts(run: Run, name: str) -> _Parts:
    environment = run.header.environment
    info = next((one for one in run.header.profiles if one.name == name), None)
    facts = next((proof.facts for proof in run.proofs if proof.profile == name), {})
    return {
        "netlab": environment.netlab_version,
        "image": _short(environment.image_digest or environment.image_key),
        **{what: str(count) for what, count in _counts(environment).items() if count is not None},
        **(_digests(info.provenance) if info and info.provenance else {}),
        **_of_kernels(facts),
    }


def _counts(environment: Environment) -> dict[str, int | None]:
    return {CONTROL_CPUS: environment.control_cpus, PARALLEL: environment.parallel_fleets}


def _digests(made: Provenance) -> _Parts:
    artifacts = {name: f"{one.version} ({_short(one.digest)})" for name, one in made.artifacts.items()}
    return {**{name: _short(digest) for name, digest in made.digests.items()}, **artifacts}


def _short(digest: str) -> str:
    return digest[:SHOWN_DIGITS]


def _of_kernels(facts: Mapping[str, HostFacts]) -> _Parts:
    """Write what hosts were booted with, and what that does about faults of the CPU; of several kernels, all of it."""
    found: dict[str, set[str]] = {}
    for host in facts.values():
        told = {f"CPU vulnerability {name}": text for name, text in host.vulnerabilities.items()}
        for what, text in {"kernel command line": host.kernel_arguments, **told}.items():
            found.setdefault(what, set()).add(text)
    return {what: joined(sorted(texts - {""})) for what, texts in found.items() if texts - {""}}
