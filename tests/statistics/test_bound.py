from __future__ import annotations

import pytest

from netlab.statistics.bound import judge
from netlab.statistics.interval import Interval


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-4, -3, "passed"),
        (-5, 2, "passed"),  # the bound itself is allowed
        (1, 2, "passed"),
        (-9, -5.1, "failed"),
        (-9, -5, "cannot tell yet"),
        (-6, -4, "cannot tell yet"),
        (-40, 40, "cannot tell yet"),
    ],
)
def test_a_judgement_is_of_the_whole_interval(low, high, expected):
    assert judge(Interval((low + high) / 2, low, high), -5) == expected


def test_without_an_interval_nothing_passes():
    assert judge(None, -5) == "cannot tell yet"
