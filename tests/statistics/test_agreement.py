from __future__ import annotations

import pytest

from netlab.statistics.agreement import agreement
from netlab.statistics.interval import Interval


def around(value, half=1.0):
    return Interval(value, value - half, value + half)


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
    assert agreement(measured, predicted, widest=10) == verdict
