from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from netlab.errors import ResultsError
from netlab.report.compute import cells
from netlab.samples.wrk import RawWrk, wrk_result
from tests import factories

if TYPE_CHECKING:
    from netlab.model.sample import WrkResult

DATA = Path(__file__).parent / "data"


def recorded(name: str, **changes: object) -> RawWrk:
    """wrk's part of a raw sample, taken with Debian's wrk 4.1.0 between network namespaces."""
    raw = json.loads((DATA / f"sample-{name}.json").read_bytes())["wrk"]
    return RawWrk.model_validate(raw | changes)


def read(name: str, **changes: object) -> WrkResult:
    return wrk_result(recorded(name, **changes), 4)


def test_recorded_run():
    result = read("keepalive")
    assert (result.requests, result.duration_us) == (10277, 1041632)
    assert result.requests_per_second == pytest.approx(9866.25, abs=0.01)
    assert result.mean_latency_us == pytest.approx(381.29, abs=0.01)  # wrk, with what it added: 1 956.56
    assert not any(result.errors.model_dump().values())


def test_each_request_is_in_the_histogram_once():
    result = read("keepalive")
    assert sum(count for _, count in result.histogram) == 10277
    assert sum(count for _, count in result.corrected_histogram) == 13731
    found = cells.latency([factories.sample(wrk=result)])
    assert (found.p50_us, found.p99_us, found.max_us) == (225, 4088, 59830)


def test_the_corrected_histogram_is_what_wrk_prints():
    found = cells.corrected_latency([factories.sample(wrk=read("keepalive"))])
    printed = recorded("keepalive").latency
    assert (found.p50_us, found.p90_us, found.p99_us) == (printed.p50, printed.p90, printed.p99)
    assert (round(found.mean_us, 3), found.max_us) == (printed.mean, printed.max)


@pytest.mark.parametrize(("late", "known"), [(0, False), (7, True), (8, False)])
def test_a_response_after_wrks_time_out_is_in_no_histogram(late, known):
    """Seven responses were not recorded; how wrk counts them decides whether the rest comes out even."""
    raw = recorded("keepalive")
    interval = 1041632 // (10277 // 4)
    answered = wrk_result(raw, 4).histogram
    printed = factories.correct(((answered[0][0], answered[0][1] + 1), *answered[1:-8]), interval)
    errors = {"connect": 0, "read": 0, "write": 0, "status": 0, "timeout": late}
    summary = raw.summary.model_dump() | {"errors": errors}
    assert sum(count for _, count in answered[-8:]) == 8
    result = read("keepalive", summary=summary, histogram=printed)
    assert (result.histogram is not None) == known


def test_a_histogram_that_does_not_come_out_even_is_not_believed():
    histogram = [list(pair) for pair in recorded("keepalive").histogram]
    histogram[5][1] += 1
    result = read("keepalive", histogram=histogram)
    assert (result.histogram, result.mean_latency_us) == (None, None)
    assert sum(count for _, count in result.corrected_histogram) == 13732


def test_other_answers_than_2xx_are_counted():
    result = read("non-2xx")
    assert result.errors.status == result.requests == 16356


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"exit_code": 1}, "wrk.exit_code: wrk failed with 1"),
        (
            {"stdout": "  12 requests in 1.00s, 1MB read\n"},
            "wrk.stdout: wrk printed 12 requests, its report says 10277",
        ),
        ({"stdout": ""}, "wrk.stdout: wrk printed no requests"),
        ({"summary": recorded("keepalive").summary.model_dump() | {"duration": 0}}, "10277 requests in 0 µs"),
        ({"histogram": []}, "wrk.histogram"),
        ({"histogram": [[5, 1], [5, 2]]}, "wrk.histogram"),
    ],
)
def test_contradictions_are_named(change, message):
    with pytest.raises(ResultsError, match=message):
        read("keepalive", **change)


@pytest.mark.parametrize("field", ["min", "mean", "p99"])
def test_latencies_are_numbers_in_rising_order(field):
    latency = recorded("keepalive").latency.model_dump()
    with pytest.raises(ResultsError, match=r"wrk\.latency"):
        read("keepalive", latency=latency | {field: float("nan") if field == "mean" else 1e9})
