from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from netlab.report.compute.build import build_report
from netlab.report.draw import axes, charts, colours
from tests import factories

SVG = "{http://www.w3.org/2000/svg}"


def test_every_chart_is_xml_with_a_title_and_text_as_text(drawn):
    assert list(drawn) == ["latency", "distribution", "groups", "cpu", "softirqs"]
    for name, picture in drawn.items():
        root = ET.fromstring(picture)
        assert root.get("role") == "img"
        assert root.get("aria-labelledby") == f"{name}-title {name}-desc"
        assert any("nodeport-remote" in text.text for text in root.iter(f"{SVG}text"))


def test_ids_are_unique_in_the_page_and_every_reference_holds(drawn):
    page = "".join(drawn.values())
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', page)) <= {(i, "") for i in ids} | {("", i) for i in ids}


def test_text_takes_its_colours_and_its_font_from_the_page(drawn):
    page = "".join(drawn.values())
    assert "font-family" not in page
    assert "var(--ink)" in page


@pytest.mark.parametrize("sheet", [axes.WIDE, axes.NARROW])
def test_nothing_is_drawn_beside_the_sheet(report, sheet):
    for picture in charts.draw(report, sheet).values():
        root = ET.fromstring(picture)
        _, _, width, height = map(float, root.get("viewBox").split())
        assert width == sheet.width
        for one in root.iter(f"{SVG}text"):
            x, y = float(one.get("x")), float(one.get("y"))
            assert 0 <= x <= width
            assert 0 < y <= height
        for one in root.iter(f"{SVG}rect"):
            assert 0 <= float(one.get("x")) <= float(one.get("x")) + float(one.get("width")) <= width


def test_a_phone_gets_sheets_of_its_own_with_the_names_above_the_rows(report, drawn):
    narrow = charts.draw(report, axes.NARROW)
    assert list(narrow) == list(drawn)
    ids = re.findall(r'\bid="([^"]+)"', "".join([*drawn.values(), *narrow.values()]))
    assert len(ids) == len(set(ids))
    texts = [
        one for one in ET.fromstring(narrow["latency"]).iter(f"{SVG}text") if one.text.startswith("nodeport-remote")
    ]
    assert [one.find(f"{SVG}tspan").text for one in texts] == [" calico-ipip (data-path replica)"]


def test_a_bar_is_as_long_as_its_value_and_says_it(report):
    root = ET.fromstring(charts.groups(report))
    shares = {share.group: share for cell in report.cells if cell.is_baseline for share in cell.hot_groups}
    bars = {}
    for group in root.iter(f"{SVG}g"):
        title = group.find(f"{SVG}title")
        if title is not None:
            bars.setdefault(title.text.partition(":")[0], float(group.find(f"{SVG}rect").get("width")))
    ratio = {name: bars[name] / (shares[name].us_per_request or shares[name].percent) for name in shares}
    assert max(ratio.values()) == pytest.approx(min(ratio.values()), rel=0.02)


def test_values_that_are_close_together_make_room_for_each_other():
    axis = axes.Axis(0, 1000, 0, 1000)
    parts = [ET.fromstring(part) for part in charts._three(axis, 0, (500, 505, 990))]
    places = sorted((float(one.get("x")), one.text) for one in parts if one.tag == "text")
    assert [text for _, text in places] == ["500", "505", "990"]
    assert places[1][0] - places[0][0] > axes.svg.text_width("500", axes.SMALL)


def test_what_was_not_measured_is_not_drawn():
    sample = factories.sample(kernels=())
    silent = sample.model_copy(update={"wrk": sample.wrk.model_copy(update={"histogram": ()})})
    report = build_report([factories.run(samples=[silent], spots=[])])
    assert charts.draw(report) == {}


def test_only_the_charted_cells_are_drawn(report):
    few = report.model_copy(update={"charted": report.charted[:2]})
    picture = charts.latency(few)
    assert "pod-ip" in picture
    assert "nodeport-remote" not in picture


def test_clusters_and_replicas_are_two_marks_a_path(predicting, report):
    root = ET.fromstring(charts.predictions(predicting))
    few = charts.predictions(predicting.model_copy(update={"charted": predicting.charted[:2]}))
    assert charts.predictions(report) is None
    assert charts.predictions(predicting.model_copy(update={"charted": ()})) is None
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert {"cluster, real clock", "data-path replica, virtual clock"} <= set(texts)
    assert texts.count("calico-ipip") == 3
    assert "requests/s against baseline-vm/host, each side's own, 95 % CI" in texts
    described = root.find(f"{SVG}desc").text
    assert "calico-ipip nodeport-local differs" in described
    assert "nodeport-local" not in few


def test_labels_can_be_read_on_their_colours():
    assert colours.contrast("#882255") == "#ffffff"
    assert colours.contrast("#c9d3e0") == "#000000"
