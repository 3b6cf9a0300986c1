"""What a run finds of itself after a round is what its report will say."""

from __future__ import annotations

import pytest

from netlab.measure.looks import Look, Rates
from netlab.report.compute.build import build_report
from scripts import intervals
from tests import factories

HEADER = factories.header(precision_percent=1.0)


def rates(samples):
    found = Rates(HEADER)
    for sample in samples:
        found.add(sample)
    return found


def reported(run):
    changes = {cell.name: cell.change for cell in build_report([run]).cells if cell.change and cell.change.low_percent}
    return max((one.high_percent - one.low_percent) / 2 for one in changes.values())


@pytest.mark.parametrize("rounds", [3, 4, 5])
def test_a_look_is_the_widest_interval_of_the_report_on_these_rounds(rounds):
    look = rates(factories.run().samples).look(rounds)
    upto = [one for one in factories.run().samples if one.round <= rounds]
    assert look.half_width_percent == pytest.approx(reported(factories.run(samples=upto, precision_percent=1.0)))
    assert look.cell.partition("/")[0] in {"calico-ipip", "ipvlan-l2"}


def test_two_rounds_are_no_precision():
    look = rates(factories.run(rounds=2).samples).look(2)
    assert (look.half_width_percent, look.within(50.0), look.rounds_for(1.0)) == (None, False, None)


def test_a_cell_that_lacks_rounds_holds_up_and_one_without_any_sample_does_not():
    samples = [one for one in factories.run().samples if one.profile != "ipvlan-l2"]
    assert rates(samples).look(5).half_width_percent is not None
    late = [*samples, factories.sample(("ipvlan-l2", "pod-ip"), round_=5)]
    look = rates(late).look(5)
    assert (look.cell, look.half_width_percent) == ("ipvlan-l2/pod-ip", None)


def test_controls_are_in_no_comparison():
    samples = factories.run().samples
    wild = [factories.sample(round_=at, rate=10.0 * at, control=True) for at in range(1, 6)]
    assert rates([*samples, *wild]).look(5) == rates(samples).look(5)


def test_a_baseline_alone_is_precise_at_once():
    look = rates([one for one in factories.run().samples if one.path == "host"]).look(3)
    assert (look, look.within(0.001)) == (Look(3), True)


def test_it_says_how_many_rounds_it_would_take():
    look = rates(factories.run().samples).look(5)
    assert look.rounds_for(look.half_width_percent * 1.001) <= 5
    assert look.rounds_for(look.half_width_percent / 4) > 20


def test_the_simulation_stops_where_a_run_does():
    """Both with the samples of one run; so what scripts/intervals.py shows is true of runs."""
    import numpy as np  # noqa: PLC0415 - only here

    logs = intervals.sample(np.random.default_rng(5), 30, (0.004, 0.004, 0.008))
    cells = [factories.BASELINE, ("calico-ipip", "pod-ip"), ("ipvlan-l2", "pod-ip")]
    found = Rates(HEADER)
    for cell, row in zip(cells, logs, strict=True):
        for at, log in enumerate(row, 1):
            wrk = factories.sample().wrk.model_copy(update={"requests": round(1e9 * np.exp(log)), "duration_us": 10**9})
            found.add(factories.sample(cell, round_=at).model_copy(update={"wrk": wrk}))
    stop = intervals.ended(logs, 2 + intervals.LOOKS)
    assert 3 < stop < 30
    assert [found.look(at).within(intervals.PRECISION_PERCENT) for at in (stop - 1, stop)] == [False, True]
