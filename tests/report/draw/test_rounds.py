from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from netlab.report.draw import rounds
from netlab.report.values import Rate


def rate(*values):
    mean = sum(values) / len(values)
    return Rate(median=mean, mean=mean, min=min(values), max=max(values), spread_percent=0, rounds=values)


def test_every_round_is_a_point_in_its_order_and_faster_is_up():
    one = rate(90, 100, 110)
    strip = rounds.strip(one, rounds.reach([one]))
    points = [child for child in ET.fromstring(strip) if child.tag == "circle"]
    assert [point.get("cx") for point in points] == ["16.67%", "50.00%", "83.33%"]
    heights = [float(point.get("cy")) for point in points]
    assert heights == [30, 17, 4]
    assert strip.count('class="trend"') == 2


def test_all_strips_share_one_scale_that_makes_no_drama_of_small_noise():
    noisy, calm = rate(80, 120), rate(99.99, 100.01)
    assert rounds.reach([noisy, calm]) == pytest.approx(20)
    heights = [float(y) for y in re.findall(r'cy="([\d.]+)"', rounds.strip(calm, 20))]
    assert max(heights) - min(heights) < 0.2
    alone = [float(y) for y in re.findall(r'cy="([\d.]+)"', rounds.strip(calm, rounds.reach([calm])))]
    assert max(alone) - min(alone) < 2


def test_a_thousand_rounds_are_no_thousand_marks():
    many = rate(*(100 + at % 7 for at in range(1000)))
    strip = rounds.strip(many, rounds.reach([many]))
    assert strip.count("<line") == 81
    assert "<circle" not in strip


def test_a_cell_that_answered_nothing_has_an_empty_strip():
    nothing = rate(0, 0)
    assert rounds.reach([nothing]) == 0.5
    assert rounds.strip(nothing, 0.5).count("<line") == 1
