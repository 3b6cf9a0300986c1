"""Samples of failures or of other hosts: which were taken again, and which are in no number of the report.

The rule is in docs/measuring.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netlab.report.text.numbers import counted, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlab.model.run import Run
    from netlab.model.sample import RefusedHotSpots, RefusedSample
    from netlab.report.compute.configurations import Configurations


class _Place(NamedTuple):
    """What a run has one sample of, at most."""

    profile: str
    path: str
    keepalive: bool
    round: int
    control: bool

    @property
    def name(self) -> str:
        """For humans."""
        return f"{_cell(self)}{' (A/A control)' if self.control else ''} in round {self.round}"


def sentences(runs: Sequence[Run]) -> Iterator[str]:
    """Say what was refused in the runs and what follows; one sentence for all samples that fared alike."""
    again, disturbed, out, alone = [], [], [], []
    for number, run in enumerate(runs, 1):
        of = _of_run(number, runs)
        retaken, lost = _by_fate(run)
        base = run.header.baseline_profile, run.header.baseline_path
        again += [f"{place.name}{of} ({one.reason})" for place, one in retaken.items() if not one.gate]
        disturbed += [f"{place.name}{of} ({one.reason})" for place, one in retaken.items() if one.gate]
        out += [f"{place.name}{of} ({one.reason})" for place, one in lost.items()]
        alone += [f"{place.name}{of}" for place in lost if (place.profile, place.path) == base and not place.control]
    if again:
        yield f"Taken again, because the first sample measured failures: {joined(again)}."
    if disturbed:
        samples = sum(len(run.samples) + len(run.controls) for run in runs)
        yield (
            "Taken again, because of what the machine did during the first sample (docs/gates.md), "
            f"{len(disturbed)} of {counted(samples, 'sample')}: {joined(disturbed)}."
        )
    if out:
        yield f"Left out of every number, because the sample cannot be used (docs/measuring.md): {joined(out)}."
    if alone:
        yield f"The baseline is left out, and so no cell of the same round and load is compared: {joined(alone)}."


def profiles(runs: Sequence[Run]) -> Iterator[str]:
    """Say which of the profiler's files are in no share, and why."""
    for number, run in enumerate(runs, 1):
        for one in run.refused_hotspots:
            yield f"The profile of {_cell(one)}{_of_run(number, runs)} cannot be used: {one.reason}."


def _of_run(number: int, runs: Sequence[Run]) -> str:
    return f" of run {number}" if len(runs) > 1 else ""


def _cell(one: _Place | RefusedHotSpots) -> str:
    return f"{one.profile}/{one.path}{'' if one.keepalive else ' without keepalive'}"


def reasons(runs: Sequence[Run], told: Configurations) -> dict[tuple[str, str], str]:
    """Return why a configuration's path has no number, by its key and the path, where all its samples were refused."""
    measured = {(told.key(run.header.run_id, one.profile), one.path) for run in runs for one in run.samples}
    return {
        place: f"no sample can be used: {one.reason}"
        for run in runs
        for one in run.refused
        if (place := (told.key(run.header.run_id, one.profile), one.path)) not in measured
    }


def _by_fate(run: Run) -> tuple[dict[_Place, RefusedSample], dict[_Place, RefusedSample]]:
    """Return what was taken again with success, and what is lost, each with the last refusal."""
    taken = (*run.samples, *run.controls)
    measured = {_Place(one.profile, one.path, one.load.keepalive, one.round, one.control) for one in taken}
    last = {_Place(one.profile, one.path, one.keepalive, one.round, one.control): one for one in run.refused}
    retaken = {place: one for place, one in last.items() if place in measured}
    return retaken, {place: one for place, one in last.items() if place not in measured}
