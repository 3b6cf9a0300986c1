from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.statistics.ratio import Ratio, paired_ratio, ratio_by_round

rates = st.floats(min_value=1, max_value=1e6)


def test_ratio_agrees_with_scipy():
    values, baseline = np.array([85.0, 86.1, 84.2, 85.5]), np.array([100.0, 101.0, 99.5, 100.2])
    found = paired_ratio(values, baseline)
    logs = np.log(values / baseline)
    low, high = scipy.stats.t.interval(0.95, 3, loc=logs.mean(), scale=scipy.stats.sem(logs))
    assert found.value == pytest.approx(scipy.stats.gmean(values / baseline))
    assert found.error == pytest.approx(scipy.stats.sem(logs))
    interval = found.interval(0.95)
    assert (interval.low, interval.high) == pytest.approx((np.exp(low), np.exp(high)))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(rates, rates), min_size=3, max_size=10))
def test_ratio_the_other_way_round_is_the_reciprocal(pairs):
    above, below = np.array(pairs).T
    ratios = paired_ratio(above, below), paired_ratio(below, above)
    assert ratios[0].value * ratios[1].value == pytest.approx(1)
    there, back = (ratio.interval(0.95) for ratio in ratios)
    assert there.low * back.high == pytest.approx(1)
    assert there.low <= there.value * (1 + 1e-9)
    assert there.value <= there.high * (1 + 1e-9)


def test_what_a_whole_round_has_in_common_does_not_count():
    noise = np.array([1, 0.5, 2, 0.7])
    found = paired_ratio(85 * noise, 100 * noise)
    assert found.value == pytest.approx(0.85)
    assert found.interval(0.95).width < 1e-6


@pytest.mark.parametrize("values", [[], [50], [50, 51]])
def test_too_few_rounds_have_no_interval(values):
    found = paired_ratio(values, [100] * len(values))
    assert (found.n, found.error, found.interval(0.95)) == (len(values), None, None)


def test_a_round_without_requests_cannot_be_compared():
    found = paired_ratio([0, 1, 1], [1, 1, 1])
    assert found == Ratio(3, None, None)
    assert found.interval(0.95) is None


def test_pairs_must_be_pairs():
    with pytest.raises(ValueError, match="paired"):
        paired_ratio([1, 2], [1])


def test_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    found = [paired_ratio(rng.lognormal(0, 0.02, 5), np.ones(5)).interval(0.95) for _ in range(600)]
    assert sum(one.contains(1) for one in found) / 600 == pytest.approx(0.95, abs=0.025)


def test_rounds_are_paired_by_their_names():
    found = ratio_by_round({1: 80.0, 2: 90.0, 4: 70.0, 5: 85.0}, {5: 100.0, 2: 100.0, 1: 100.0, 3: 1.0})
    assert found == paired_ratio([80.0, 90.0, 85.0], [100.0] * 3)
    assert ratio_by_round({1: 80.0}, {2: 100.0}) == paired_ratio([], [])


BUILDS = [1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_over_groups_it_is_scipys_interval_of_their_means():
    rng = np.random.default_rng(2)
    logs = np.repeat([0.0, 0.01, -0.02], 3) + rng.normal(0, 0.001, 9)
    found = paired_ratio(80 * np.exp(logs), np.full(9, 100.0), BUILDS)
    means = np.log(0.8) + logs.reshape(3, 3).mean(axis=1)
    low, high = scipy.stats.t.interval(0.99, 2, loc=means.mean(), scale=scipy.stats.sem(means))
    interval = found.interval(0.99)
    assert (interval.low, interval.high) == pytest.approx((np.exp(low), np.exp(high)))
    assert found.value == pytest.approx(np.exp(means.mean()))
    assert (found.n, found.groups, found.units) == (9, 3, 3)
    assert found.spread.within == pytest.approx(np.sqrt(np.mean(logs.reshape(3, 3).var(axis=1, ddof=1))))
    assert found.spread.between == pytest.approx(0.0153, abs=0.001)


def test_every_group_counts_alike_however_many_rounds_it_has():
    found = paired_ratio([1.0, 1.0, 1.0, 1.0, 2.0], np.ones(5), [1, 1, 1, 1, 2])
    assert found.value == pytest.approx(2**0.5)
    assert found.units == 2


def test_one_group_is_no_group():
    rates = [85.0, 86.1, 84.2, 85.5]
    alone, named = paired_ratio(rates, [100.0] * 4), paired_ratio(rates, [100.0] * 4, [7] * 4)
    assert alone == named
    assert alone.units == 4
    assert alone.spread.within == pytest.approx(np.log(rates).std(ddof=1))


def test_rounds_take_their_groups_along():
    values, bases = {1: 80.0, 2: 90.0, 3: 1.0, 4: 70.0}, {4: 100.0, 2: 100.0, 1: 100.0}
    found = ratio_by_round(values, bases, {1: 1, 2: 1, 3: 2, 4: 2})
    assert found == paired_ratio([80.0, 90.0, 70.0], [100.0] * 3, [1, 1, 2])


def test_what_differs_between_groups_is_in_the_interval_and_was_not():
    rng = np.random.default_rng(4)
    held = {"groups": 0, "rounds": 0}
    for _ in range(300):
        logs = (0.002 * rng.normal(0, 1, (4, 1)) + 0.001 * rng.normal(0, 1, (4, 3))).ravel()
        names = np.repeat(np.arange(4), 3).tolist()
        held["groups"] += paired_ratio(np.exp(logs), np.ones(12), names).interval(0.95).contains(1)
        held["rounds"] += paired_ratio(np.exp(logs), np.ones(12)).interval(0.95).contains(1)
    assert held["groups"] / 300 == pytest.approx(0.95, abs=0.035)
    assert held["rounds"] / 300 < 0.85
