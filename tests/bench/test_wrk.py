from __future__ import annotations

import json
from pathlib import Path

import pytest

from netlab.bench.wrk import RawWrk, wrk_result
from netlab.errors import ResultsError

DATA = Path(__file__).parent / "data"


def recorded(name: str, **changes: object) -> RawWrk:
    """wrk's part of a raw sample, taken with Debian's wrk 4.1.0 between network namespaces."""
    raw = json.loads((DATA / f"sample-{name}.json").read_bytes())["wrk"]
    return RawWrk.model_validate(raw | changes)


def test_recorded_run():
    result = wrk_result(recorded("keepalive"))
    assert (result.requests, result.duration_us) == (10277, 1041632)
    assert result.requests_per_second == pytest.approx(9866.25, abs=0.01)
    assert (result.latency_us.p50, result.latency_us.p99, result.latency_us.max) == (234, 37960, 59830)
    assert not any(result.errors.model_dump().values())


def test_histogram_holds_the_percentiles():
    result = wrk_result(recorded("keepalive"))
    total = sum(count for _, count in result.histogram)
    upto_p50 = sum(count for value, count in result.histogram if value <= result.latency_us.p50)
    assert upto_p50 / total == pytest.approx(0.5, abs=0.01)
    assert result.histogram[0][0] == result.latency_us.min
    assert result.histogram[-1][0] == result.latency_us.max


def test_other_answers_than_2xx_are_counted():
    result = wrk_result(recorded("non-2xx"))
    assert result.errors.status == result.requests == 16356


def test_a_server_that_never_answers():
    with pytest.raises(ResultsError, match="completed 0 requests in 3026160") as caught:
        wrk_result(recorded("silent"))
    assert "did not answer" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"exit_code": 1}, "wrk.exit_code: wrk failed with 1"),
        (
            {"stdout": "  12 requests in 1.00s, 1MB read\n"},
            "wrk.stdout: wrk printed 12 requests, its report says 10277",
        ),
        ({"stdout": ""}, "wrk.stdout: wrk printed no requests"),
        ({"histogram": []}, "wrk.histogram"),
        ({"histogram": [[5, 1], [5, 2]]}, "wrk.histogram"),
    ],
)
def test_contradictions_are_named(change, message):
    with pytest.raises(ResultsError, match=message):
        wrk_result(recorded("keepalive", **change))


@pytest.mark.parametrize("field", ["min", "mean", "p99"])
def test_latencies_are_numbers_in_rising_order(field):
    latency = recorded("keepalive").latency.model_dump()
    with pytest.raises(ResultsError, match=r"wrk\.latency"):
        wrk_result(recorded("keepalive", latency=latency | {field: float("nan") if field == "mean" else 1e9}))
