from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab import stats

rates = st.floats(min_value=1, max_value=1e6)
histograms = st.lists(st.lists(st.tuples(st.integers(1, 10_000), st.integers(0, 500)), max_size=20), max_size=6)


def test_summary_of_known_values():
    found = stats.summarise([90, 100, 110, 100])
    assert (found.n, found.median, found.mean, found.min, found.max) == (4, 100, 100, 90, 110)
    assert found.spread == pytest.approx(0.2)


def test_summary_of_zeros_has_no_spread():
    assert stats.summarise([0, 0]).spread == 0


def test_nothing_cannot_be_summarised():
    with pytest.raises(ValueError, match="no values"):
        stats.summarise([])


def test_ratio_agrees_with_scipy():
    values, baseline = np.array([85.0, 86.1, 84.2, 85.5]), np.array([100.0, 101.0, 99.5, 100.2])
    found = stats.paired_ratio(values, baseline)
    logs = np.log(values / baseline)
    low, high = scipy.stats.t.interval(0.95, 3, loc=logs.mean(), scale=scipy.stats.sem(logs))
    assert found.value == pytest.approx(scipy.stats.gmean(values / baseline))
    assert (found.low, found.high) == pytest.approx((np.exp(low), np.exp(high)))
    assert found.verdict == "lower"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(rates, rates), min_size=3, max_size=10))
def test_verdict_agrees_with_scipys_paired_t_test(pairs):
    above, below = np.array(pairs).T
    found = stats.paired_ratio(above, below)
    with np.errstate(all="ignore"):
        chance = scipy.stats.ttest_1samp(np.log(above / below), 0).pvalue if np.ptp(np.log(above / below)) > 1e-6 else 1
    if chance < 0.0499:
        assert found.verdict in {"higher", "lower"}
    if 0.0501 < chance < 1:
        assert found.verdict == "no difference shown"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(rates, rates), min_size=3, max_size=10))
def test_ratio_the_other_way_round_is_the_reciprocal(pairs):
    above, below = np.array(pairs).T
    there, back = stats.paired_ratio(above, below), stats.paired_ratio(below, above)
    assert there.value * back.value == pytest.approx(1)
    assert there.low * back.high == pytest.approx(1)
    assert there.low <= there.value * (1 + 1e-9)
    assert there.value <= there.high * (1 + 1e-9)


def test_what_a_whole_round_has_in_common_does_not_count():
    noise = np.array([1, 0.5, 2, 0.7])
    found = stats.paired_ratio(85 * noise, 100 * noise)
    assert found.value == pytest.approx(0.85)
    assert found.high - found.low < 1e-6


def test_faster_is_higher():
    assert stats.paired_ratio([104, 105, 104], [100, 100, 100]).verdict == "higher"


@pytest.mark.parametrize("values", [[], [50], [50, 51]])
def test_too_few_rounds_cannot_tell(values):
    found = stats.paired_ratio(values, [100] * len(values))
    assert (found.low, found.high, found.verdict) == (None, None, "cannot tell")
    assert found.n == len(values)


def test_a_round_without_requests_cannot_be_compared():
    assert stats.paired_ratio([0, 1, 1], [1, 1, 1]) == stats.Ratio(3, None, None, None, "cannot tell")


def test_pairs_must_be_pairs():
    with pytest.raises(ValueError, match="paired"):
        stats.paired_ratio([1, 2], [1])


def test_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    found = [stats.paired_ratio(rng.lognormal(0, 0.02, 5), np.ones(5)) for _ in range(600)]
    assert sum(one.low <= 1 <= one.high for one in found) / 600 == pytest.approx(0.95, abs=0.025)


@settings(max_examples=40, deadline=None)
@given(histograms, st.sampled_from([0.0, 0.5, 0.9, 0.99, 1.0]))
def test_quantile_is_that_of_all_requests(parts, fraction):
    merged = stats.merge_histograms(parts)
    everything = np.sort([value for part in parts for value, count in part for _ in range(count)])
    assert merged.total == len(everything)
    if len(everything):
        (found,) = stats.quantiles(merged, [fraction])
        assert found == np.quantile(everything, fraction, method="inverted_cdf")


def test_percentiles_are_not_averaged():
    fast, slow = [(100, 990), (200, 10)], [(1000, 100)]
    assert stats.quantiles(stats.merge_histograms([fast, slow]), [0.5, 0.9, 0.99]) == (100, 100, 1000)


def test_an_empty_histogram_has_no_quantiles():
    with pytest.raises(ValueError, match="empty"):
        stats.quantiles(stats.merge_histograms([]), [0.5])


def test_littles_law():
    assert stats.in_flight(20_000, 190) == pytest.approx(3.8)
    assert not stats.breaks_littles_law(3.8, 4, keepalive=True)
    assert stats.breaks_littles_law(8, 4, keepalive=True)
    assert stats.breaks_littles_law(1, 4, keepalive=True)
    assert not stats.breaks_littles_law(1, 4, keepalive=False)


@pytest.mark.parametrize(("flying", "broken"), [(4.0, False), (4.003, False), (4.05, True), (4.3, True)])
def test_no_more_requests_are_in_flight_than_connections_are_open(flying, broken):
    assert stats.breaks_littles_law(flying, 4, keepalive=True) == broken


def around(value, half=1.0):
    return stats.Interval(value, value - half, value + half)


@pytest.mark.parametrize(
    ("measured", "predicted", "verdict"),
    [
        (around(-15), around(-15.9, 0.1), "predicted"),
        (around(-15), around(-16, 0.1), "predicted"),  # a bound belongs to its interval
        (around(-15), around(-16.05, 0.1), "intervals overlap"),
        (around(-15), around(-16.5, 0.5), "intervals overlap"),  # one value in common is one
        (around(-15), around(-16.5, 0.4), "apart"),
        (around(-15), around(-10, 0.1), "apart"),
        (around(-15, 6), around(-15, 0.1), "cannot tell"),  # it would agree with anything
        (around(-15, 0.1), around(-15, 6), "cannot tell"),
        (around(-15, 6), around(-8, 0.1), "apart"),  # wide as it is, it leaves that out
        (around(-15, 5), around(-15, 0.1), "predicted"),
        (None, around(-15), "cannot tell"),
        (around(-15), None, "cannot tell"),
    ],
)
def test_a_prediction_agrees_as_far_as_intervals_can_tell(measured, predicted, verdict):
    assert stats.agreement(measured, predicted, widest=10) == verdict


def test_the_same_order_and_its_reverse():
    measured = [around(value) for value in (-40, -30, -20, -10)]
    same = stats.rank_agreement(measured, [-4, -3, -2, -1])
    assert (same.n, same.pairs, same.tau, same.settled, same.kept) == (4, 6, 1, 6, 6)
    reverse = stats.rank_agreement(measured, [-1, -2, -3, -4])
    assert (reverse.tau, reverse.settled, reverse.kept) == (-1, 6, 0)


def test_one_swap_of_five_is_two_tenths_off():
    measured = [around(value) for value in (1, 5, 9, 13, 17)]
    found = stats.rank_agreement(measured, [1, 2, 4, 3, 5])
    assert found.tau == pytest.approx(0.8)  # (9 - 1) / 10
    assert (found.settled, found.kept) == (10, 9)


def test_what_the_measurement_does_not_settle_is_not_held_against_the_prediction():
    measured = [around(0), around(1.5), around(10), around(20)]  # the first two may be either way round
    found = stats.rank_agreement(measured, [2, 1, 3, 4])
    assert found.tau == pytest.approx(2 / 3)
    assert (found.pairs, found.settled, found.kept) == (6, 5, 5)


@pytest.mark.parametrize("predicted", [[2, 1, 3, 3, 5], [1, 1, 1, 2, 2], [5, 4, 3, 1, 1]])
def test_ties_agree_with_scipy(predicted):
    measured = [around(value) for value in (1, 2, 2, 4, 5)]
    expected = scipy.stats.kendalltau([1, 2, 2, 4, 5], predicted).statistic
    assert stats.rank_agreement(measured, predicted).tau == pytest.approx(expected)


@pytest.mark.parametrize("predicted", [[], [1], [1, 2, 3], [7, 7, 7, 7]])
def test_too_few_or_equal_things_have_no_order_to_agree_on(predicted):
    measured = [around(10 * at) for at in range(len(predicted))]
    found = stats.rank_agreement(measured, predicted)
    assert (found.n, found.tau) == (len(predicted), None)


def test_every_ranked_value_needs_its_prediction():
    with pytest.raises(ValueError):
        stats.rank_agreement([around(1)], [])
