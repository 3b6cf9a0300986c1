"""Bytes of a packet → the TCP segment in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.samples.packets.events import Event
from netlab.samples.packets.segments import Segment, from_ip, from_tcp, has_bytes, segment
from tests.samples.packets.made import content_of, ip, packet, tcp, words

NUMBER = st.integers(0, 0xFFFFFFFF)
PORT = st.integers(0, 0xFFFF)
SEGMENT = st.builds(Segment, PORT, PORT, NUMBER, NUMBER, st.integers(0, 1400))
REQUEST = Segment(40001, 80, 0xFFFFFFF0, 5, 700)


def test_a_packet_of_a_real_kernel():
    """The bytes of a GET over IPv4 from 10.10.0.10 to 10.10.0.11, written down from a dump."""
    dump = bytes.fromhex(
        "4500 02f0 1c46 4000 4006 077e 0a0a 000a 0a0a 000b 3b0a 0050 2d5c 9227 9fc8 cacb 8018 01f6 16f2"
    )
    assert from_ip(dump.ljust(68, b"\0")) == Segment(15114, 80, 0x2D5C9227, 0x9FC8CACB, 700)


@given(SEGMENT, st.sampled_from([b"", bytes(8)]), st.integers(0, 1))
def test_what_was_written_is_read(written, options, tunnels):
    read = packet(written, options=options, tunnels=tunnels)[:68]
    assert from_ip(read) == written


@given(SEGMENT, st.sampled_from(["send", "arrive", "deliver"]))
def test_an_event_tells_its_segment(written, name):
    fields = {key: str(value) for key, value in content_of(name, written).items()}
    event = Event(0, name, fields)
    assert has_bytes(event)
    assert segment(event) == written


@given(st.binary(max_size=80), st.integers(-10, 70000))
def test_any_bytes_are_read_or_are_no_segment(content, length):
    for found in (from_ip(content), from_tcp(content, length)):
        assert found is None or (found.payload is not None and found.payload >= 0)


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_field_is_read_or_is_no_segment(content, number):
    for fields in ({"ip": content}, {"tcp": content, "len": number}, {"ports": number, "seq": content}):
        segment(Event(0, "arrive", fields))


@pytest.mark.parametrize(
    "other",
    [
        ip(tcp(REQUEST), 732, protocol=17),
        b"\x60" + packet(REQUEST)[1:],
        packet(REQUEST)[:33],
        packet(REQUEST)[:6] + b"\x20\x10" + packet(REQUEST)[8:],
        b"\x44" + packet(REQUEST)[1:],
        ip(b"", 0),
    ],
    ids=["UDP", "IPv6", "cut off", "a later fragment", "a header too short", "no header"],
)
def test_what_is_no_tcp_over_ipv4_is_no_segment(other):
    assert from_ip(other) is None


def test_words_are_read_as_the_processor_stores_them():
    assert words(bytes([0x45, 0, 0, 1]), "ip").startswith("{0x1000045,0x0,")
    assert Event(0, "x", {"ip": "{0x1000045,0x0}"}).content("ip") == bytes([0x45, 0, 0, 1, 0, 0, 0, 0])


def test_a_recording_from_before_bytes_tells_ports_and_sequence():
    event = Event(0, "send", {"ports": "0x50000a3b", "seq": "0x27925c2d", "len": "732"})
    assert segment(event) == Segment(15114, 80, 0x2D5C9227)
    assert segment(event).has_data(732)
    assert not segment(event).has_data(32)
    assert not has_bytes(event)


def test_an_answer_has_read_all_of_the_request():
    answer = Segment(80, 40001, 5, 700 - 0x10, 1162)
    assert answer.answers(REQUEST)
    assert not answer._replace(acknowledged=699 - 0x10).answers(REQUEST)
    assert not answer._replace(destination=40002).answers(REQUEST)
    assert answer.answers(REQUEST._replace(payload=None)), "an older recording does not say how much was sent"
