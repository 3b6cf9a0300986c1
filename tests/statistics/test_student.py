from __future__ import annotations

import pytest
import scipy.stats

from netlab.statistics import student


@pytest.mark.parametrize("freedom", [2, 3.7, 29])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.9999])
def test_bounds_agree_with_scipy(freedom, confidence):
    assert student.critical(freedom, confidence) == pytest.approx(scipy.stats.t.ppf((1 + confidence) / 2, freedom))
    found = student.interval(3, 0.5, freedom, confidence)
    assert (found.low, found.high) == pytest.approx(scipy.stats.t.interval(confidence, freedom, loc=3, scale=0.5))
    assert found.value == 3


def test_a_table_from_a_textbook():
    assert [round(student.critical(freedom, 0.95), 3) for freedom in (2, 4, 9, 29)] == [4.303, 2.776, 2.262, 2.045]
