"""Variance between groups and within them, against known answers and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from netlab.statistics.components import Components, components


def test_a_worked_example():
    """Three groups of means 2, 5 and 11: mean squares 63 between (2 degrees), 1 within (6), so (63 - 1) / 3 between."""
    found = components([[1, 2, 3], [4, 5, 6], [10, 11, 12]])
    assert found.within == pytest.approx(1)
    assert found.between == pytest.approx((62 / 3) ** 0.5)


def test_mean_squares_are_those_of_scipys_analysis_of_variance():
    rng = np.random.default_rng(3)
    groups = [centre + rng.normal(0, 1, 4) for centre in rng.normal(0, 3, 5)]
    found = components(groups)
    ratio = scipy.stats.f_oneway(*groups).statistic
    assert (4 * found.between**2 + found.within**2) / found.within**2 == pytest.approx(ratio)


def test_groups_of_unlike_sizes_are_weighed():
    """Sizes 4 and 2, so that a group counts as (6 - 20 / 6) / 1 = 8 / 3 values; mean squares 12 and 1."""
    found = components([[-1, 0, 0, 1], [3 - 0.5**0.5 * 2**0.5, 3 + 0.5**0.5 * 2**0.5]])
    assert found.within == pytest.approx(1)
    assert found.between == pytest.approx(((12 - 1) / (8 / 3)) ** 0.5)


def test_groups_that_noise_explains_have_nothing_in_common():
    assert components([[0, 2], [1, 1.5], [0.5, 1.5]]).between == 0


def test_one_group_has_nothing_between_and_single_values_nothing_within():
    assert components([[1, 2, 3]]) == Components(None, 1)
    assert components([[1], [2], [3]]) == Components(None, None)


def test_they_find_the_truth_on_average():
    rng = np.random.default_rng(1)
    found = [components(0.2 * rng.normal(0, 1, (6, 1)) + 0.1 * rng.normal(0, 1, (6, 4))) for _ in range(400)]
    assert np.mean([one.between**2 for one in found]) == pytest.approx(0.04, rel=0.1)
    assert np.mean([one.within**2 for one in found]) == pytest.approx(0.01, rel=0.05)
