from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from netlab.model.latencies import Latencies
from netlab.model.sample import WrkErrors, WrkResult

pairs = st.lists(st.tuples(st.integers(0, 2**53), st.integers(0, 2**53)), max_size=20)


@given(pairs)
def test_all_pairs_come_back(found):
    kept = Latencies(found)
    assert list(kept) == found
    assert (len(kept), bool(kept)) == (len(found), bool(found))
    assert kept == tuple(found) == kept
    assert kept == Latencies(iter(found))
    assert hash(kept) == hash(Latencies(found))
    assert kept[1:] == tuple(found[1:])
    assert np.asarray(kept).tolist() == [list(pair) for pair in found]
    assert np.asarray(kept).dtype == np.int64


def test_the_mean_is_that_of_all_requests():
    assert Latencies([(100, 3), (200, 1)]).mean == 125
    assert Latencies([]).mean is None
    assert Latencies([(5, 0)]).mean is None


def test_they_differ_from_other_things():
    assert Latencies([(1, 2)]) != Latencies([(1, 3)])
    assert Latencies([(1, 2)]) != 5
    assert repr(Latencies([(1, 2)])) == "Latencies(((1, 2),))"


def test_a_usual_pair_takes_four_bytes_and_any_other_as_many_as_it_needs():
    assert Latencies([(1, 2)] * 1000)._numbers.itemsize == 2
    assert Latencies([(1, 1 << 16)])._numbers.itemsize == 4
    assert Latencies([(2**40, 2)])._numbers.itemsize == 8


def result(histogram):
    return WrkResult(
        requests=1, duration_us=1, bytes=1, errors=WrkErrors(), histogram=None, corrected_histogram=histogram
    )


def test_a_value_takes_any_sequence_and_writes_a_list():
    found = result([(1, 2)])
    assert found.corrected_histogram == Latencies([(1, 2)])
    assert result(found.corrected_histogram).corrected_histogram is found.corrected_histogram
    assert found.model_dump(mode="json")["corrected_histogram"] == [[1, 2]]
    assert WrkResult.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize("wrong", [[(1, -2)], [("a", "b")], 5, [(1, 2**64)]])
def test_what_is_no_histogram_is_refused(wrong):
    with pytest.raises(ValidationError):
        result(wrong)
