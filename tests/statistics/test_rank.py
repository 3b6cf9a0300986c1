from __future__ import annotations

import pytest
import scipy.stats

from netlab.statistics.interval import Interval
from netlab.statistics.rank import rank_agreement


def around(value, half=1.0):
    return Interval(value, value - half, value + half)


def test_the_same_order_and_its_reverse():
    measured = [around(value) for value in (-40, -30, -20, -10)]
    same = rank_agreement(measured, [-4, -3, -2, -1])
    assert (same.n, same.pairs, same.tau, same.settled, same.kept) == (4, 6, 1, 6, 6)
    reverse = rank_agreement(measured, [-1, -2, -3, -4])
    assert (reverse.tau, reverse.settled, reverse.kept) == (-1, 6, 0)


def test_one_swap_of_five_is_two_tenths_off():
    measured = [around(value) for value in (1, 5, 9, 13, 17)]
    found = rank_agreement(measured, [1, 2, 4, 3, 5])
    assert found.tau == pytest.approx(0.8)  # (9 - 1) / 10
    assert (found.settled, found.kept) == (10, 9)


def test_what_the_measurement_does_not_settle_is_not_held_against_the_prediction():
    measured = [around(0), around(1.5), around(10), around(20)]  # the first two may be either way round
    found = rank_agreement(measured, [2, 1, 3, 4])
    assert found.tau == pytest.approx(2 / 3)
    assert (found.pairs, found.settled, found.kept) == (6, 5, 5)


@pytest.mark.parametrize("predicted", [[2, 1, 3, 3, 5], [1, 1, 1, 2, 2], [5, 4, 3, 1, 1]])
def test_ties_agree_with_scipy(predicted):
    measured = [around(value) for value in (1, 2, 2, 4, 5)]
    expected = scipy.stats.kendalltau([1, 2, 2, 4, 5], predicted).statistic
    assert rank_agreement(measured, predicted).tau == pytest.approx(expected)


@pytest.mark.parametrize("predicted", [[], [1], [1, 2, 3], [7, 7, 7, 7]])
def test_too_few_or_equal_things_have_no_order_to_agree_on(predicted):
    measured = [around(10 * at) for at in range(len(predicted))]
    found = rank_agreement(measured, predicted)
    assert (found.n, found.tau) == (len(predicted), None)


def test_every_ranked_value_needs_its_prediction():
    with pytest.raises(ValueError):
        rank_agreement([around(1)], [])
