from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.statistics import student
from netlab.statistics.interval import Interval
from netlab.statistics.ratio import paired_ratio
from netlab.statistics.verdict import rounds_needed, rounds_to_half, verdict

SAME = "no difference at this precision"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-3, -2, "lower"),
        (-0.3, -0.1, "lower"),  # shown, however small
        (2, 3, "higher"),
        (-1, 1, SAME),
        (-0.2, 0.9, SAME),
        (0, 0, SAME),
        (-0.2, 1.1, "cannot tell yet"),
        (-9, 9, "cannot tell yet"),
        (-9, 0, "cannot tell yet"),
    ],
)
def test_a_verdict_is_what_its_interval_says(low, high, expected):
    assert verdict(Interval((low + high) / 2, low, high), margin=1) == expected


def test_without_an_interval_there_is_no_verdict():
    assert verdict(None, margin=1) == "cannot tell yet"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 12), st.sampled_from([0.0, 0.003, 0.01]))
def test_it_agrees_with_scipys_tests_of_difference_and_of_equivalence(seed, rounds, truth):
    logs = np.random.default_rng(seed).normal(truth, 0.005, rounds)
    found = paired_ratio(np.exp(logs), np.ones(rounds)).interval(0.95)
    said = verdict(Interval(found.value - 1, found.low - 1, found.high - 1), margin=0.01)
    if scipy.stats.ttest_1samp(logs, 0).pvalue < 0.05:
        assert said == ("higher" if logs.mean() > 0 else "lower")
        return
    below = scipy.stats.ttest_1samp(logs, np.log(0.99), alternative="greater").pvalue
    above = scipy.stats.ttest_1samp(logs, np.log(1.01), alternative="less").pvalue
    assert said == (SAME if max(below, above) < 0.025 else "cannot tell yet")


def test_the_rounds_that_are_asked_for_would_tell_and_fewer_would_not():
    deviation, confidence = 2.0, 0.99
    first = student.interval(0.4, deviation / 3**0.5, 2, confidence)
    rounds = rounds_needed(first, 3, 1.0, confidence)

    def then(count):
        return verdict(student.interval(0.4, deviation / count**0.5, count - 1, confidence), 1.0)

    assert (then(rounds), then(rounds - 1)) == (SAME, "cannot tell yet")


def test_a_difference_may_be_the_first_that_is_shown():
    first = student.interval(5, 4 / 3**0.5, 2, 0.95)
    rounds = rounds_needed(first, 3, 1.0, 0.95)
    shown = [student.interval(5, 4 / count**0.5, count - 1, 0.95).low >= 0 for count in (rounds - 1, rounds)]
    assert shown == [False, True]


def test_so_many_rounds_make_an_interval_so_narrow():
    half = student.interval(0, 2.0 / 4**0.5, 3, 0.98).high
    rounds = rounds_to_half(half, 4, 0.7, 0.98)
    shown = [student.interval(0, 2.0 / count**0.5, count - 1, 0.98).high <= 0.7 for count in (rounds - 1, rounds)]
    assert shown == [False, True]
    assert rounds_to_half(half, 4, half * 1.001, 0.98) == 4
    assert rounds_to_half(0.0, 4, 0.7, 0.98) == 3


def test_more_rounds_than_anybody_takes_are_not_named():
    assert rounds_needed(Interval(0, -40, 40), 3, 0.01, 0.95) is None
