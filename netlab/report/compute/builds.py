"""Which build of the hosts a sample is of, where a report has several runs."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlab.model.run import Run
    from netlab.model.sample import Sample


def numbered(runs: Sequence[Run]) -> list[Run]:
    """Give every build a number that no other run's has, but for the first ones, which together count as one.

    Runs that were begun on the same snapshots have their first build in common. Where they have not, to take these for
    one claims less than the samples could say, and nothing that is wrong.
    """
    fresh = count(2)
    return [_renumbered(run, {build: next(fresh) for build in _later(run)}) for run in runs]


def _later(run: Run) -> list[int]:
    return sorted({sample.build for sample in (*run.samples, *run.controls)} - {1})


def _renumbered(run: Run, numbers: Mapping[int, int]) -> Run:
    if all(mine == given for mine, given in numbers.items()):
        return run
    return run.model_copy(
        update={"samples": _all(run.samples, numbers), "controls": _all(run.controls, numbers)},
    )


def _all(samples: Sequence[Sample], numbers: Mapping[int, int]) -> tuple[Sample, ...]:
    return tuple(one.model_copy(update={"build": numbers.get(one.build, one.build)}) for one in samples)
