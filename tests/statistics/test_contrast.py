from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from netlab.statistics.contrast import Contrast, level
from netlab.statistics.ratio import Ratio


def test_a_level_is_the_geometric_mean_with_the_error_of_its_logarithm():
    values = [90.0, 100.0, 110.0, 105.0]
    found = level(values)
    assert found.value == pytest.approx(scipy.stats.gmean(values))
    assert found.error == pytest.approx(scipy.stats.sem(np.log(values)))


def test_it_agrees_with_scipys_test_of_welch_on_logarithms():
    rng = np.random.default_rng(7)
    before, after = 1000 * rng.lognormal(0, 0.05, 4), 900 * rng.lognormal(0, 0.01, 7)
    found = Contrast(level(before), level(after)).interval(0.99)
    test = scipy.stats.ttest_ind(np.log(after), np.log(before), equal_var=False)
    expected = test.confidence_interval(0.99)
    assert (found.low, found.high) == pytest.approx((np.exp(expected.low), np.exp(expected.high)))
    assert found.value == pytest.approx(np.exp(np.log(after).mean() - np.log(before).mean()))


@pytest.mark.parametrize("values", [[], [1.0, 2.0], [1.0, 0.0, 2.0]])
def test_too_few_rounds_and_rounds_without_a_request_have_no_interval(values):
    for contrast in (Contrast(level(values), level([1, 2, 3])), Contrast(level([1, 2, 3]), level(values))):
        assert contrast.interval(0.95) is None
    assert (Contrast(level(values), level([2.0])).value is None) == (values != [1.0, 2.0])


def test_equal_rounds_on_both_sides_leave_no_doubt():
    found = Contrast(Ratio(3, 100.0, 0.0), Ratio(3, 110.0, 0.0)).interval(0.95)
    assert (found.low, found.value, found.high) == pytest.approx((1.1, 1.1, 1.1))


def test_builds_on_either_side_are_what_counts():
    rng = np.random.default_rng(5)
    before, after = (np.repeat(rng.normal(0, 0.02, 3), 4) + rng.normal(0, 0.001, 12) for _ in range(2))
    names = np.repeat([1, 2, 3], 4).tolist()
    found = Contrast(level(np.exp(before), names), level(np.exp(after), names)).interval(0.95)
    means = [side.reshape(3, 4).mean(axis=1) for side in (after, before)]
    expected = scipy.stats.ttest_ind(*means, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((np.exp(expected.low), np.exp(expected.high)))
