from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats

from netlab.statistics.agreement import agreement, difference
from netlab.statistics.interval import Interval
from netlab.statistics.ratio import Ratio, paired_ratio


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-1, 1, "agrees"),
        (0.5, 4, "agrees"),  # surely not the same, and surely close
        (-5, 5, "agrees"),
        (1, 6, "differs"),
        (-9, -7, "differs"),
        (-1, 6, "cannot tell yet"),
        (-40, 40, "cannot tell yet"),  # a wide interval agrees with nothing
    ],
)
def test_agreement_is_what_the_interval_of_the_difference_says(low, high, expected):
    assert agreement(Interval((low + high) / 2, low, high), margin=5) == expected


def test_without_an_interval_nothing_is_told():
    assert agreement(None, margin=5) == "cannot tell yet"


@pytest.mark.parametrize("side", [Ratio(2, 0.9, None), Ratio(3, None, None)])
def test_both_sides_must_have_an_error(side):
    known = Ratio(3, 0.9, 0.01)
    assert difference(side, known, 0.95) is None
    assert difference(known, side, 0.95) is None


def test_it_agrees_with_scipys_test_of_welch():
    rng = np.random.default_rng(5)
    real, guess = 0.85 * rng.lognormal(0, 0.002, 5), 0.83 * rng.lognormal(0, 0.004, 4)
    found = difference(paired_ratio(guess, np.ones(4)), paired_ratio(real, np.ones(5)), 0.95)
    expected = scipy.stats.ttest_ind(guess, real, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=0.01)
    assert found.value == pytest.approx(scipy.stats.gmean(guess) - scipy.stats.gmean(real))


def test_a_side_without_noise_adds_none():
    noisy, exact = Ratio(5, 0.8, 0.01), Ratio(3, 0.7, 0.0)
    found = difference(noisy, exact, 0.95)
    expected = scipy.stats.t.interval(0.95, 4, loc=0.1, scale=0.008)
    assert (found.low, found.high) == pytest.approx(expected)
    assert difference(exact, exact, 0.95) == Interval(0, 0, 0)


def test_swapping_the_sides_swaps_the_bounds():
    one, other = Ratio(5, 0.8, 0.01), Ratio(3, 0.7, 0.02)
    there, back = difference(one, other, 0.99), difference(other, one, 0.99)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert math.isclose(there.value, 0.1)
