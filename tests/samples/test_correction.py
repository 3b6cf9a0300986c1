from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from netlab.samples.correction import interval_us, uncorrected
from tests.factories import correct

DATA = Path(__file__).parent / "data"
requests = st.dictionaries(st.integers(1, 400), st.integers(1, 50), max_size=30).map(
    lambda found: sorted(found.items())
)
few = st.dictionaries(st.integers(1, 40), st.integers(1, 4), max_size=6).map(lambda found: sorted(found.items()))
intervals = st.integers(1, 150)


def total(histogram):
    return sum(count for _, count in histogram)


@given(requests, intervals)
def test_what_wrk_added_is_taken_back(histogram, interval):
    assert uncorrected(correct(histogram, interval), interval, total(histogram)) == tuple(histogram)


@given(few, st.integers(1, 15))
@example([(1, 1), (3, 1)], 1)  # wrk would have added to 2
@example([(2, 1), (3, 1)], 1)  # wrk prints nothing below the shortest latency that it saw
def test_what_was_taken_back_is_what_wrk_would_add(histogram, interval):
    """Of any histogram that could have been corrected, and of what no wrk printed: None, or what leads to it again."""
    for printed in (correct(histogram, interval), tuple(histogram)):
        for requests_counted in range(total(printed) + 1):
            found = uncorrected(printed, interval, requests_counted)
            assert found is None or correct(found, interval) == printed


@given(requests, intervals, st.integers(-3, 3).filter(bool))
def test_another_number_of_requests_is_noticed(histogram, interval, more):
    assert uncorrected(correct(histogram, interval), interval, total(histogram) + more) is None


@pytest.mark.parametrize(
    ("requests_counted", "duration", "connections", "expected"),
    [
        (10277, 1041632, 4, 405),  # 10 277 // 4 = 2569 a connection
        (10276, 1041632, 4, 405),
        (4, 1000, 4, 1000),
        (3, 1000, 4, 0),  # fewer than one a connection: wrk corrects nothing
        (0, 1000, 4, 0),
        (5, 1000, 0, 0),
    ],
)
def test_the_interval_is_of_whole_numbers(requests_counted, duration, connections, expected):
    assert interval_us(requests_counted, duration, connections) == expected


def test_without_an_interval_nothing_was_added():
    assert uncorrected([(5, 1), (900, 1)], 0, 2) == ((5, 1), (900, 1))
    assert uncorrected([(5, 1), (900, 1)], 0, 3) is None


@pytest.mark.parametrize("name", ["keepalive", "close", "non-2xx"])
def test_recorded_runs_come_out_even(name):
    raw = json.loads((DATA / f"sample-{name}.json").read_bytes())
    told, printed = raw["wrk"]["summary"], tuple(map(tuple, raw["wrk"]["histogram"]))
    interval = interval_us(told["requests"], told["duration"], raw["load"]["connections"])
    found = uncorrected(printed, interval, told["requests"])
    assert total(found) == told["requests"] < total(printed)
    assert correct(found, interval) == printed
