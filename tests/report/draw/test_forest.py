from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from netlab.report.draw import forest
from tests.factories import change

SLOWER = change(-20.0, -22.0, -18.0, "lower")
SAME = change(0.1, -0.4, 0.6, "no difference at this precision")


def places(text):
    return [float(found) for found in re.findall(r'(?<= )(?:x|x1|x2)="([\d.]+)%"', text)]


def test_the_scale_holds_zero_the_margin_and_every_interval():
    scale = forest.scale([SLOWER, SAME], 1)
    assert scale.low < -22
    assert scale.high > 1
    assert scale.ticks == (-20.0, -15.0, -10.0, -5.0, 0.0)
    assert scale.at(scale.low) == 0
    assert scale.at(scale.high) == 100


def test_an_interval_that_would_crush_all_others_is_cut_off_and_has_no_bar_there():
    wild = change(-10.0, -60.0, 900.0, "cannot tell yet")
    scale = forest.scale([wild, SAME], 1)
    assert -60 < scale.low < -10
    assert 1 < scale.high < 20
    assert forest.strip(wild, scale).count('<line class="reach') == 1
    assert forest.strip(SAME, scale).count('<line class="reach') == 3


def test_nothing_to_compare_still_makes_a_scale():
    scale = forest.scale([change(None, None, None, "cannot tell yet")], 1)
    assert scale.low < -1
    assert scale.high > 1
    strip = forest.strip(change(None, None, None, "cannot tell yet"), scale)
    assert "<path" not in strip


@pytest.mark.parametrize(("percent", "digits"), [(-0.3, 1), (-0.02, 3), (-40, 0), (-4000, 0)])
def test_ticks_are_few_round_and_told_apart(percent, digits):
    scale = forest.scale([change(percent, percent * 1.1, percent * 0.9, "lower")], abs(percent) / 100)
    assert 2 <= len(scale.ticks) <= 6
    names = re.findall(r">([^<>]+)</text>", forest.axis(scale))
    assert len(set(names)) == len(scale.ticks)
    assert scale.digits == digits


def test_a_strip_is_xml_in_percentages_that_shows_estimate_interval_and_verdict():
    scale = forest.scale([SLOWER, SAME], 1)
    strip = forest.strip(SLOWER, scale)
    root = ET.fromstring(strip)
    assert root.get("aria-hidden") == "true"
    assert all(0 <= place <= 100 for place in places(strip))
    line = next(one for one in root if one.get("class") == "reach lower")
    assert float(line.get("x1")[:-1]) == scale.at(-22)
    assert float(line.get("x2")[:-1]) == scale.at(-18)
    (mark,) = root.iter("path")
    assert mark.get("class") == "lower"


def test_verdicts_differ_in_shape_not_in_colour_alone():
    shapes = {re.search(r' d="([^"]+)"', forest.key(verdict))[1] for verdict in forest.CLASSES}
    assert len(shapes) == len(forest.CLASSES) == 4
