"""ftrace's text → events."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import ResultsError
from netlab.samples.packets.events import Event, parse_trace

RECORD = Path(__file__).parents[1] / "data" / "calico-ipip" / "node1.trace.gz"


def test_a_record_from_which_the_kernel_lost_events_proves_nothing():
    text = gzip.decompress(RECORD.read_bytes()).decode()
    with pytest.raises(ResultsError, match="the kernel lost 12 events of the record") as caught:
        parse_trace(text + "CPU:0 [LOST 12 EVENTS]\n")
    assert "netlab prove" in caught.value.hint


def test_a_namespace_is_known_by_its_address_too():
    told = '  a-1 [000] ..... 1.0: out: (f+0x4/0x10) skb=0x1 ns=402 net=0xff dev="lab0" len=5\n'
    asked = "  a-1 [000] ..... 1.1: conntrack: (f+0x4/0x10) skb=0x1 net=0xff\n"
    assert [event.namespace for event in parse_trace(told + asked)] == ["402", "402"]


@given(st.text())
def test_any_text_is_read_or_refused(text):
    try:
        parse_trace(text)
    except ResultsError:
        return


@given(st.text(max_size=40))
def test_any_field_has_a_value(text):
    event = Event(0, "arrive", {"len": text, "ip": text, "tcx": text})
    assert event.length >= -1
    assert len(event.content("ip")) % 4 == 0
    assert event.number("tcx") is None or isinstance(event.number("tcx"), int)
