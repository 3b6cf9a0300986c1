from __future__ import annotations

import pytest

from netlab.statistics.interval import Interval


@pytest.mark.parametrize(
    ("low", "high", "inside"), [(-1, 1, True), (-0.5, -0.2, True), (-1.01, 0, False), (0, 1.01, False), (2, 3, False)]
)
def test_within_is_all_of_it_bounds_included(low, high, inside):
    assert Interval((low + high) / 2, low, high).within(1) == inside


def test_bounds_belong_to_it():
    found = Interval(1, 0, 2)
    assert [found.contains(value) for value in (-0.1, 0, 2, 2.1)] == [False, True, True, False]
    assert found.overlaps(Interval(3, 2, 4))
    assert not found.overlaps(Interval(3, 2.1, 4))
    assert found.width == 2
