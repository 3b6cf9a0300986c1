"""The A/A control: the baseline's second sample of each round, compared with its first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.report.compute import looks
from netlab.report.compute.cells import Comparing, Taken, builds_by_round, by_round, change_of
from netlab.report.compute.environments import base
from netlab.report.text import labels, words
from netlab.report.values import Control
from netlab.statistics.ratio import ratio_by_round

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlab.model.lab import Load
    from netlab.model.run import Run
    from netlab.model.sample import Sample
    from netlab.report.compute.configurations import Configurations
    from netlab.statistics.ratio import Ratio

    _Key = tuple[str, Load]
BASE = "itself, same round"


def build(runs: Sequence[Run], told: Configurations, margin_percent: float) -> tuple[Control, ...]:
    """Compare each baseline of the runs with itself, by load; one row where the runs measured one configuration."""
    ratios = {key: _ratio(key, runs, told) for key in _keys(runs, told)}
    comparing = Comparing(
        base=BASE,
        comparisons=sum(one.error is not None for one in ratios.values()),
        margin_percent=margin_percent,
        looks=looks.paid([run.header for run in runs]),
    )
    own = all(run.header.control == "block" for run in runs if run.controls)
    loads = {load for _, load in ratios}
    found = []
    for (name, load), ratio in ratios.items():
        title = f"{name}{labels.load_suffix(load, loads)}"
        change = change_of(ratio, comparing)
        text = words.control(title, change)
        found.append(Control(name=title, load=load, own_blocks=own, change=change, text=text))
    return tuple(found)


def _keys(runs: Sequence[Run], told: Configurations) -> dict[_Key, None]:
    return {(_name(run, told), one.load): None for run in runs for one in run.controls}


def _ratio(key: _Key, runs: Sequence[Run], told: Configurations) -> Ratio:
    mine = [run for run in runs if _name(run, told) == key[0]]
    again = [Taken(run.header.run_id, one) for run in mine for one in run.controls if one.load == key[1]]
    first = (Taken(run.header.run_id, one) for run in mine for one in run.samples if _is_base(run, one, key[1]))
    return ratio_by_round(by_round(again), by_round(first), builds_by_round(again))


def _is_base(run: Run, sample: Sample, load: Load) -> bool:
    return (sample.profile, sample.path, sample.load) == (run.header.baseline_profile, run.header.baseline_path, load)


def _name(run: Run, told: Configurations) -> str:
    """Name the baseline's cell, with its runs where others measured another configuration of it."""
    key = told.key(run.header.run_id, run.header.baseline_profile)
    return base(run.header) + key.removeprefix(run.header.baseline_profile)
