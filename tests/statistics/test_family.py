from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from netlab.statistics.family import each
from netlab.statistics.ratio import paired_ratio


@pytest.mark.parametrize(("statements", "alone"), [(0, 0.95), (1, 0.95), (5, 0.99), (12, 1 - 0.05 / 12), (50, 0.999)])
def test_the_risk_is_shared_out(statements, alone):
    assert each(0.95, statements) == pytest.approx(alone)


def test_verdicts_are_those_of_scipys_test_with_bonferronis_correction():
    rng = np.random.default_rng(3)
    for _ in range(100):
        logs = rng.normal(0.004, 0.01, size=(6, 5))
        intervals = [paired_ratio(np.exp(row), np.ones(5)).interval(each(0.95, 6)) for row in logs]
        corrected = 6 * scipy.stats.ttest_1samp(logs, 0, axis=1).pvalue
        assert [not one.contains(1) for one in intervals] == list(corrected < 0.05)


def test_all_equal_reports_are_believed_as_often_as_they_say():
    rng = np.random.default_rng(4)
    wrong = 0
    for _ in range(300):
        baseline = rng.lognormal(0, 0.01, 4)
        cells = [paired_ratio(rng.lognormal(0, 0.01, 4), baseline).interval(each(0.95, 12)) for _ in range(12)]
        wrong += any(not one.contains(1) for one in cells)
    assert wrong / 300 < 0.07
