from __future__ import annotations

import pytest

from netlab.report.draw import axes, svg


@pytest.mark.parametrize(
    ("low", "high", "most", "ticks"),
    [
        (0, 100, 5, [0, 20, 40, 60, 80, 100]),
        (0, 2213, 12, [0, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800, 2000, 2200]),
        (-22.5, 1.5, 5, [-20, -15, -10, -5, 0]),
        (0, 0.93, 10, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]),
    ],
)
def test_ticks_are_round_and_few(low, high, most, ticks):
    assert axes.Axis(low, high, 0, 1).ticks(most) == pytest.approx(ticks)


def test_ticks_of_a_logarithmic_axis_are_the_round_numbers_that_have_room():
    assert axes.Axis(400, 3600, 0, 1, logarithmic=True).ticks(5) == [500, 700, 1000, 2000, 3000]
    assert axes.Axis(3, 90_000, 0, 1, logarithmic=True).ticks(5) == [10, 100, 1000, 10_000]
    assert axes.Axis(500, 560, 0, 1, logarithmic=True).ticks(9) == [500, 510, 520, 530, 540, 550, 560]


def test_a_value_has_its_place_on_either_kind_of_axis():
    assert axes.Axis(-10, 10, 100, 300).at(5) == 250
    assert axes.Axis(10, 1000, 100, 300, logarithmic=True).at(100) == pytest.approx(200)


@pytest.mark.parametrize(("ticks", "digits"), [([0, 20, 40], 0), ([0, 0.2, 0.4], 1), ([0, 0.05], 2), ([7], 0)])
def test_ticks_have_the_decimals_that_tell_them_apart(ticks, digits):
    assert axes.decimals(ticks) == digits


def test_panels_stand_beside_each_other_where_there_is_room_and_else_below():
    rows, titles = [("host", "baseline-vm"), ("pod-ip", "calico")], ("kernel of client", "kernel of node1")
    wide, narrow = (axes.panels(sheet, rows, 20, titles) for sheet in (axes.WIDE, axes.NARROW))
    assert wide[0].right < wide[1].left
    assert wide[1].right < axes.WIDE.width
    assert [panel.named for panel in wide] == [True, False]
    assert narrow[0].end == narrow[1].top
    assert [panel.named for panel in narrow] == [True, True]


def test_names_that_have_no_room_are_cut_off():
    assert svg.fitted("calico", 12, 100) == "calico"
    cut = svg.fitted("calico-ipip (data-path replica)", 12, 80)
    assert cut.endswith("…")
    assert svg.text_width(cut, 12) <= 80
    assert svg.fitted("calico", 12, 1) == ""
