from __future__ import annotations

import pytest

from netlab.errors import ConfigError, ResultsError
from netlab.report.compute.compare import compare
from netlab.spec.report import ReportSpec
from tests import factories

BASE = factories.BASELINE
POD = ("calico-ipip", "pod-ip")
LOCAL = ("calico-ipip", "nodeport-local")
NOISE = (1.0, 1.001, 0.999, 1.0005, 0.9995)
SPEC = ReportSpec()


def run(rates, run_id, **changes):
    samples = [
        factories.sample(cell, round_=at, rate=rate * noise)
        for at, noise in enumerate(NOISE, 1)
        for cell, rate in rates.items()
    ]
    return factories.run(samples=samples, cells=list(rates), run_id=run_id, **changes)


BEFORE = run({BASE: 10_000, POD: 9000, LOCAL: 8000}, "old")
AFTER = run({BASE: 10_001, POD: 8700, LOCAL: 8400}, "new")


def test_what_became_slower_comes_first():
    found = compare(BEFORE, AFTER, SPEC)
    assert [(cell.name.partition(" (")[0], cell.verdict) for cell in found.cells] == [
        ("calico-ipip", "lower"),
        ("calico-ipip", "higher"),
        ("baseline-vm · host", "no difference at this precision"),
    ]
    slower = found.cells[0]
    assert slower.percent == pytest.approx(100 * (8700 / 9000 - 1))
    assert slower.low_percent < slower.percent < slower.high_percent < 0
    assert (slower.before, slower.after) == pytest.approx((9000, 8700), rel=1e-3)
    assert slower.rounds == (5, 5)
    assert (found.measure, [one.run_id for one in found.runs]) == ("requests/s", ["old", "new"])


def test_the_other_way_round_is_the_reciprocal():
    there, back = compare(BEFORE, AFTER, SPEC), compare(AFTER, BEFORE, SPEC)
    down = next(cell for cell in there.cells if cell.verdict == "lower")
    up = next(cell for cell in back.cells if cell.name == down.name)
    assert (1 + down.percent / 100) * (1 + up.percent / 100) == pytest.approx(1)
    assert (1 + down.low_percent / 100) * (1 + up.high_percent / 100) == pytest.approx(1)


def test_the_same_environment_made_of_other_things_is_what_is_compared():
    made = [
        run({BASE: 10_000, POD: 9000}, name, profiles=factories.made(calico_ipip=of))
        for name, of in (("old", factories.made_of("aa")), ("new", factories.made_of("bb")))
    ]
    found = compare(*made, SPEC)
    assert found.environment == {}
    assert [(one.what, one.profiles, one.values) for one in found.differences] == [
        ("profile", ("calico-ipip",), ("aa", "bb"))
    ]


def test_other_environments_are_refused_and_what_differs_is_said():
    other = run({BASE: 1000, POD: 890}, "new", environment=factories.environment(guest_kernel="6.1"))
    with pytest.raises(ConfigError, match=r"guest_kernel: 6.12.38\S* / 6.1\)") as caught:
        compare(BEFORE, other, SPEC)
    assert "--anyway" in caught.value.hint


def test_of_other_environments_only_what_each_loses_is_compared():
    other = run({BASE: 1000, POD: 890}, "new", environment=factories.environment(guest_kernel="6.1"))
    found = compare(BEFORE, other, SPEC, anyway=True)
    (cell,) = found.cells
    assert "own baseline" in found.measure
    assert (cell.before, cell.after) == pytest.approx((0.9, 0.89))
    assert cell.verdict == "lower"
    assert found.environment["guest_kernel"][1] == "6.1"
    assert [name.partition(" (")[2] for name in found.alone] == ["data-path replica) · nodeport-local"]


def test_too_few_rounds_cannot_tell():
    short = AFTER.model_copy(update={"samples": tuple(one for one in AFTER.samples if one.round < 3)})
    assert {cell.verdict for cell in compare(BEFORE, short, SPEC).cells} == {"cannot tell yet"}


def test_the_margin_is_the_labs():
    near = run({BASE: 10_000, POD: 9010}, "near")
    verdicts = [
        {cell.name: cell.verdict for cell in compare(BEFORE, near, ReportSpec(margin_percent=margin)).cells}
        for margin in (1.0, 0.05)
    ]
    assert [said["calico-ipip (data-path replica) · pod-ip"] for said in verdicts] == [
        "no difference at this precision",
        "cannot tell yet",
    ]


def test_a_run_is_not_compared_with_itself():
    with pytest.raises(ConfigError, match="old"):
        compare(BEFORE, BEFORE, SPEC)


def test_nothing_in_common_is_nothing_to_compare():
    with pytest.raises(ResultsError, match="no profile, path and load in common"):
        compare(BEFORE, run({("ipvlan-l2", "pod-ip"): 100}, "new"), SPEC)
