from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import matplotlib as mpl

from netlab.report.compute.build import build_report
from netlab.report.draw import charts, colours, svg
from tests import factories


def test_every_chart_is_xml_with_a_title_and_text_as_text(drawn):
    assert list(drawn) == ["latency", "distribution", "groups", "cpu", "softirqs"]
    for name, picture in drawn.items():
        root = ET.fromstring(picture)
        assert root.get("role") == "img"
        assert root.get("aria-labelledby") == f"{name}-title {name}-desc"
        assert any(
            text.text and "nodeport-remote" in text.text for text in root.iter("{http://www.w3.org/2000/svg}text")
        )


def test_ids_are_unique_in_the_page_and_every_reference_holds(drawn):
    page = "".join(drawn.values())
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', page)) <= {(i, "") for i in ids} | {("", i) for i in ids}


def test_no_stand_in_colour_or_foreign_font_is_left(drawn):
    page = "".join(drawn.values())
    assert not re.search(r"#010101|#020202|#030303|#040404|DejaVu", page)
    assert "var(--ink)" in page


def test_drawing_again_draws_the_same(report, drawn):
    with mpl.rc_context(svg.styled("cpu")):
        assert charts.cpu(report) == drawn["cpu"]


def test_what_was_not_measured_is_not_drawn():
    sample = factories.sample(kernels=())
    silent = sample.model_copy(update={"wrk": sample.wrk.model_copy(update={"histogram": ()})})
    report = build_report([factories.run(samples=[silent], spots=[])])
    empty = (charts.latency, charts.distribution, charts.groups, charts.cpu, charts.softirqs)
    assert [chart(report) for chart in empty] == [None] * 5


def test_only_the_charted_cells_are_drawn(report):
    few = report.model_copy(update={"charted": report.charted[:2]})
    with mpl.rc_context(svg.styled("latency")):
        picture = charts.latency(few)
    assert "pod-ip" in picture
    assert "nodeport-remote" not in picture


def test_clusters_and_replicas_are_two_marks_a_path(predicting, report):
    with mpl.rc_context(svg.styled("predictions")):
        root = ET.fromstring(charts.predictions(predicting))
        few = charts.predictions(predicting.model_copy(update={"charted": predicting.charted[:2]}))
        assert charts.predictions(report) is None
        assert charts.predictions(predicting.model_copy(update={"charted": ()})) is None
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"cluster, real clock", "data-path replica, virtual clock"} <= set(texts)
    assert texts.count("calico-ipip") == 3
    assert "requests/s against baseline-vm/host, each side's own, 95 % CI" in texts
    described = root.find("{http://www.w3.org/2000/svg}desc").text
    assert "calico-ipip nodeport-local differs" in described
    assert "nodeport-local" not in few


def test_labels_can_be_read_on_their_colours():
    assert colours.contrast("#882255") == "#ffffff"
    assert colours.contrast("#c9d3e0") == "#000000"
