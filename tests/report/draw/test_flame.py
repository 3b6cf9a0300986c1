from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from netlab.report.draw import flame
from netlab.report.values import Flame, FlameFrame


def frame(depth, name, value, base, *, told=True):
    return FlameFrame(depth=depth, name=name, value=value, base_value=base, told=told)


FRAMES = (
    frame(0, "all", 100, 60),
    frame(1, "nginx", 90, 40),
    frame(2, "gone", 0, 10),
    frame(2, "more", 50, 20),
    frame(2, "new", 30, 0),
    frame(1, "wrk", 10, 20),
)


def graph(frames=FRAMES, base="the <bare> VM"):
    return Flame(name='a "network"', path="pod-ip", base=base, unit="µs/request", samples=100, frames=frames)


def test_a_frame_is_as_wide_as_the_larger_side_so_that_what_is_gone_keeps_its_place():
    found = {place.frame.name: (place.left, place.width) for place in flame.places(FRAMES)}
    # own time of nginx: 10 of 90, and 10 of 40: 10; gone 10, more 50, new 30; wrk 20; in all 120
    assert found["all"] == (0, pytest.approx(100))
    assert found["nginx"] == (0, pytest.approx(100 * 100 / 120))
    assert found["gone"] == (0, pytest.approx(100 * 10 / 120))
    assert found["more"] == (pytest.approx(100 * 10 / 120), pytest.approx(100 * 50 / 120))
    assert found["new"] == (pytest.approx(100 * 60 / 120), pytest.approx(100 * 30 / 120))
    assert found["wrk"] == (pytest.approx(100 * 100 / 120), pytest.approx(100 * 20 / 120))


def test_callees_never_stand_out_of_their_caller():
    found = list(flame.places(FRAMES))
    for at, place in enumerate(found[1:], 1):
        caller = next(one for one in reversed(found[:at]) if one.frame.depth == place.frame.depth - 1)
        assert caller.left <= place.left
        assert place.left + place.width <= caller.left + caller.width + 1e-9


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (frame(1, "a", 5, 1), "more"),
        (frame(1, "a", 1, 5), "less"),
        (frame(1, "a", 5, 0), "new"),
        (frame(1, "a", 0, 5), "gone"),
        (frame(1, "a", 5, 0, told=False), "same"),
    ],
)
def test_what_became_of_a_frame(one, said):
    assert flame.look(one, compared=True) == said
    assert flame.look(one, compared=False) == "same"


def test_it_is_xml_whose_every_frame_says_its_figures():
    root = ET.fromstring(flame.draw(graph(), "flame-1"))
    assert root.get("aria-label") == 'Flame graph of a "network", compared with the <bare> VM'
    titles = [one.find("title").text for one in root]
    assert titles[2:5] == [
        "gone: 0.0 µs/request, \N{MINUS SIGN}10.0 against the <bare> VM, gone",
        "more: 50.0 µs/request, +30.0 against the <bare> VM",
        "new: 30.0 µs/request, +30.0 against the <bare> VM, new",
    ]
    alone = ET.fromstring(flame.draw(graph(base=None), "flame-2"))
    assert alone[1].find("title").text == "nginx: 90.0 µs/request"


def test_a_frame_too_narrow_to_be_written_on_has_a_title_all_the_same():
    narrow = graph((frame(0, "all", 1000, 0), frame(1, "thin", 6, 0)))
    root = ET.fromstring(flame.draw(narrow, "flame-3"))
    assert root[1].find("text") is None
    assert root[1].find("title").text.startswith("thin: 6.0")
