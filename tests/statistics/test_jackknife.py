from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from netlab.statistics.histogram import merge_histograms, quantiles, without_each
from netlab.statistics.jackknife import jackknife


def test_of_a_geometric_mean_it_is_students_interval():
    logs = np.array([0.1, 0.12, 0.09, 0.15, 0.11])
    without = [float(np.exp(np.delete(logs, at).mean())) for at in range(5)]
    found = jackknife(float(np.exp(logs.mean())), without, 0.95)
    expected = scipy.stats.t.interval(0.95, 4, loc=logs.mean(), scale=scipy.stats.sem(logs))
    assert (found.low, found.high) == pytest.approx(np.exp(expected))


def test_equal_rounds_leave_no_doubt():
    found = jackknife(7, [7, 7, 7], 0.95)
    assert (found.low, found.value, found.high) == pytest.approx((7, 7, 7))


@pytest.mark.parametrize(("value", "without"), [(7, [7, 7]), (7, []), (0, [1, 1, 1]), (7, [7, 0, 7])])
def test_too_few_rounds_and_zeros_have_no_interval(value, without):
    assert jackknife(value, without, 0.95) is None


def test_a_percentiles_interval_holds_it_as_often_as_it_says():
    rng = np.random.default_rng(8)
    truth = float(np.quantile(rng.exponential(1, 400_000) * rng.lognormal(0, 0.05, 400_000), 0.9)) * 1000
    held = 0
    for _ in range(200):
        rounds = [
            [(int(value), 1) for value in 1000 * rng.exponential(1, 400) * rng.lognormal(0, 0.05)] for _ in range(5)
        ]
        (value,) = quantiles(merge_histograms(rounds), [0.9])
        found = jackknife(value, [quantiles(rest, [0.9])[0] for rest in without_each(rounds)], 0.95)
        held += found.contains(truth)
    assert held / 200 == pytest.approx(0.95, abs=0.04)
