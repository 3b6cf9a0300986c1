from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.bench.sample import parse_sample
from netlab.errors import ResultsError

if TYPE_CHECKING:
    from netlab.results.model import Sample

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
