"""What wrk reported: the JSON of the benchmark role's report.lua, checked against wrk's own text."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Annotated

from pydantic import Field

from netlab.errors import ResultsError
from netlab.model.frozen import Frozen
from netlab.model.latencies import Latencies
from netlab.model.sample import WrkErrors, WrkResult
from netlab.samples.correction import interval_us, uncorrected

_MOST = 2**53
"""Up to here a float holds every integer: Lua has no other numbers."""
_Count = Annotated[int, Field(ge=0, le=_MOST)]
_TEXT_REQUESTS = re.compile(r"^ *([0-9]{1,20}) requests in ", re.MULTILINE | re.ASCII)


class RawErrors(Frozen):
    """Failed requests by wrk's own classes."""

    connect: _Count
    read: _Count
    write: _Count
    status: _Count
    timeout: _Count


class RawSummary(Frozen):
    """wrk's `summary`; duration in µs."""

    requests: _Count
    duration: _Count
    bytes: _Count
    errors: RawErrors


class RawLatency(Frozen):
    """Latencies in µs as wrk corrected them for coordinated omission; a report is made of the histogram instead."""

    min: float
    mean: float
    stdev: float
    p50: float
    p90: float
    p99: float
    max: float


class RawWrk(Frozen):
    """One wrk run as the driver wrote it; latencies in µs, corrected by wrk."""

    exit_code: int
    stdout: str
    summary: RawSummary
    latency: RawLatency
    histogram: Latencies


def wrk_result(raw: RawWrk, connections: int) -> WrkResult:
    """Return the run, which answered requests, as a value; ResultsError where it failed or contradicts itself.

    ``connections`` is what wrk was told (``-c``), which its correction depends on.
    """
    _check_ran(raw)
    _check_text(raw)
    _check_latency(raw.latency)
    _check_histogram(raw)
    return WrkResult(
        requests=raw.summary.requests,
        duration_us=raw.summary.duration,
        bytes=raw.summary.bytes,
        errors=_errors(raw.summary.errors),
        histogram=_histogram(raw, connections),
        corrected_histogram=raw.histogram,
    )


_NONE_FAILED = WrkErrors()


def _errors(raw: RawErrors) -> WrkErrors:
    """Nearly all samples have no failure: they share one value."""
    found = WrkErrors(**raw.model_dump())
    return _NONE_FAILED if found == _NONE_FAILED else found


def _histogram(raw: RawWrk, connections: int) -> Latencies | None:
    """Take wrk's correction back; a response that came after wrk's time-out is in no histogram."""
    told = raw.summary
    interval = interval_us(told.requests, told.duration, connections)
    found = uncorrected(raw.histogram, interval, told.requests - told.errors.timeout)
    return raw.histogram if found == raw.histogram else found  # nothing was added: kept once


def _check_ran(raw: RawWrk) -> None:
    if raw.exit_code:
        raise ResultsError(f"wrk.exit_code: wrk failed with {raw.exit_code}")
    if not raw.summary.duration:
        raise ResultsError(f"wrk.summary: wrk completed {raw.summary.requests} requests in 0 µs")


def _check_text(raw: RawWrk) -> None:
    """Compare the two ways out of one program: its text and the Lua report; a mixed-up file shows here."""
    printed = _TEXT_REQUESTS.search(raw.stdout)
    if not printed or int(printed[1]) != raw.summary.requests:
        said = printed[1] if printed else "no"
        raise ResultsError(f"wrk.stdout: wrk printed {said} requests, its report says {raw.summary.requests}")


def _check_latency(latency: RawLatency) -> None:
    rising = (0, latency.min, latency.p50, latency.p90, latency.p99, latency.max)
    finite = all(math.isfinite(value) for value in (*rising, latency.mean, latency.stdev))
    if not finite or any(low > high for low, high in pairwise(rising)):
        raise ResultsError(f"wrk.latency: not latencies in rising order: {rising[1:]}")


def _check_histogram(raw: RawWrk) -> None:
    if not raw.histogram or not raw.histogram.rising or raw.histogram.most > _MOST:
        raise ResultsError("wrk.histogram: not pairs of (µs, count) in rising order")
