from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.statistics.histogram import merge_histograms, quantiles, without_each

histograms = st.lists(st.lists(st.tuples(st.integers(1, 10_000), st.integers(0, 500)), max_size=20), max_size=6)


@settings(max_examples=40, deadline=None)
@given(histograms, st.sampled_from([0.0, 0.5, 0.9, 0.99, 1.0]))
def test_quantile_is_that_of_all_requests(parts, fraction):
    merged = merge_histograms(parts)
    everything = np.sort([value for part in parts for value, count in part for _ in range(count)])
    assert merged.total == len(everything)
    if len(everything):
        (found,) = quantiles(merged, [fraction])
        assert found == np.quantile(everything, fraction, method="inverted_cdf")


def test_percentiles_are_not_averaged():
    fast, slow = [(100, 990), (200, 10)], [(1000, 100)]
    assert quantiles(merge_histograms([fast, slow]), [0.5, 0.9, 0.99]) == (100, 100, 1000)


def test_an_empty_histogram_has_no_quantiles():
    with pytest.raises(ValueError, match="empty"):
        quantiles(merge_histograms([]), [0.5])


@settings(max_examples=40, deadline=None)
@given(histograms)
def test_without_a_round_are_all_the_others(parts):
    found = list(without_each(parts))
    assert len(found) == len(parts)
    for at, rest in enumerate(found):
        expected = merge_histograms(parts[:at] + parts[at + 1 :])
        assert (list(rest.values), list(rest.counts)) == (list(expected.values), list(expected.counts))
