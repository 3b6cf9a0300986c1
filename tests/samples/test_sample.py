from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import MisfiledSample, ResultsError, UnusableSample
from netlab.samples.sample import parse_sample

if TYPE_CHECKING:
    from netlab.model.sample import Sample

DATA = Path(__file__).parent / "data"
RAW = (DATA / "sample-keepalive.json").read_bytes()


def parse(raw: bytes) -> Sample:
    return parse_sample(raw, profile="calico-ipip", round_=3, position=1)


def test_recorded_sample():
    sample = parse(RAW)
    assert (sample.profile, sample.path, sample.round, sample.position) == ("calico-ipip", "nodeport-local", 3, 1)
    assert sample.started_at.tzinfo is UTC
    assert sample.started_at.date() == datetime(2026, 11, 23, tzinfo=UTC).date()
    assert sample.url == "http://10.55.0.2:30080/"
    assert (sample.load.threads, sample.load.keepalive) == (2, True)
    assert sample.wrk.requests == 10277
    assert sample.kernels[0].hosts == ("node1",)


def test_sample_without_keepalive_costs_more_packets():
    kept, closed = parse(RAW), parse((DATA / "sample-close.json").read_bytes())
    assert not closed.load.keepalive

    def packets(sample: Sample) -> float:
        return sample.kernels[0].softnet_processed / sample.wrk.requests

    assert packets(closed) > 2 * packets(kept)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("format",), 2, "format"),
        (("wrk", "summary", "requests"), -1, "wrk.summary.requests"),
        (("wrk", "summary", "errors", "reads"), 1, "wrk.summary.errors.reads"),
        (("hosts", "node1", "before", "stat"), None, "hosts.node1.before.stat"),
        (("started_at",), 1e300, "started_at"),
        (("hosts", "node1", "after", "softnet"), "", "/proc/net/softnet_stat"),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else None,
)
def test_the_field_that_is_wrong_is_named(path, value, message):
    raw = json.loads(RAW)
    place = raw
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ResultsError, match=message):
        parse(json.dumps(raw).encode())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("silent", "no request was answered in 3.0 s"),
        ("non-2xx", "16356 of 16356 requests failed (16356 status)"),
    ],
)
def test_a_sample_of_failures_says_how_many(name, reason):
    with pytest.raises(UnusableSample) as caught:
        parse((DATA / f"sample-{name}.json").read_bytes())
    assert str(caught.value) == reason


def with_errors(**errors: int) -> bytes:
    raw = json.loads(RAW)
    raw["wrk"]["summary"]["errors"] |= errors
    return json.dumps(raw).encode()


def test_one_failure_in_a_thousand_requests_is_too_many():
    """Of the 10 277 requests of this sample, 10 may fail."""
    assert parse(with_errors(timeout=4, connect=6)).wrk.errors.timeout == 4
    with pytest.raises(UnusableSample, match=r"^11 of 10277 requests failed \(6 connect, 5 timeout\)$"):
        parse(with_errors(timeout=5, connect=6))


def test_what_hosts_say_they_are_is_believed_before_all_else():
    raw = json.loads((DATA / "sample-silent.json").read_bytes())
    raw["stamps"] = {"node1": {"profile": "ipvlan-l2"}}
    with pytest.raises(MisfiledSample, match="node1 was 'ipvlan-l2' when this sample of 'calico-ipip' was taken"):
        parse(json.dumps(raw).encode())


def test_a_cut_off_file():
    with pytest.raises(ResultsError, match="not a raw sample of format 1: the file: Invalid JSON"):
        parse(RAW[:1000])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(raw=st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_refused(raw):
    with pytest.raises(ResultsError):
        parse(raw)


@given(data=st.data())
def test_any_change_of_one_value_is_read_or_refused(data):
    raw = json.loads(RAW)
    raw["wrk"]["histogram"] = raw["wrk"]["histogram"][:3]
    place, key = raw, data.draw(st.sampled_from(sorted(raw)))
    while isinstance(place[key], dict) and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(sorted(place)))
    place[key] = data.draw(JSON)
    try:
        parse(json.dumps(raw).encode())
    except ResultsError as error:
        assert error.message  # noqa: PT017 - either outcome is right, any other exception is not
