from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from netlab.report.compute.build import build_report
from netlab.report.draw import colours, drawing
from netlab.report.draw.layout import CHIP, WIDE, lay_out
from netlab.report.draw.segments import path_layout
from tests import factories, proofs

SVG = "{http://www.w3.org/2000/svg}"
CELLS = list(proofs.WAYS)


def picture_of(report, cell):
    return next(one for one in report.paths if (one.profile, one.path) == cell)


def picture(request, response="node1: socket · client: socket"):
    """Compare a path with a baseline that crosses nothing."""
    bare = proofs.trace("host", "client: socket · node1: socket", "node1: socket · client: socket")
    found = [
        proofs.proof(profile).model_copy(update={"paths": (trace,)})
        for profile, trace in (("baseline-vm", bare), ("calico-ipip", proofs.trace("pod-ip", request, response)))
    ]
    return picture_of(build_report([factories.run(rounds=1, proofs=tuple(found))]), ("calico-ipip", "pod-ip"))


def chips(layout):
    for stop in (stop for lane in layout.lanes for stop in lane.stops):
        yield from (chip for row in stop.rows for chip in row)
        yield from (chip for chip in (stop.enter, stop.leave, *stop.crossing) if chip)


@pytest.mark.parametrize("cell", CELLS)
def test_it_is_xml_that_says_what_it_shows(proven, cell):
    root = ET.fromstring(drawing.draw(picture_of(proven, cell), "path-7"))
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", "path-7-title path-7-desc")
    assert root.find(f"{SVG}title").text == f"The path of {picture_of(proven, cell).name}"
    assert re.match(r"Request: \S+: socket, \+?out (lab0|veth), ", root.find(f"{SVG}desc").text)
    assert {one.get("id") for one in root.iter() if one.get("id")} == {"path-7-title", "path-7-desc"}
    assert not list(root.iter(f"{SVG}script"))


@pytest.mark.parametrize("cell", CELLS)
def test_every_hop_is_drawn_once_inside_the_picture_and_on_no_other(proven, cell):
    shown = picture_of(proven, cell)
    layout = lay_out(shown)
    drawn = list(chips(layout))
    assert len(drawn) == shown.counts.hops
    assert all(chip.x >= 0 and chip.right <= layout.width for chip in drawn)
    assert layout.width <= WIDE
    for one, other in combinations(drawn, 2):
        assert one.right <= other.x or other.right <= one.x or abs(one.y - other.y) >= CHIP, (one, other)


@pytest.mark.parametrize("cell", CELLS)
def test_chips_stay_inside_their_namespace(proven, cell):
    for stop in (stop for lane in lay_out(picture_of(proven, cell)).lanes for stop in lane.stops):
        for chip in (chip for row in stop.rows for chip in row):
            assert stop.box.x < chip.x
            assert chip.right < stop.box.right
            assert stop.box.y < chip.y < stop.box.y + stop.box.height


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_crossed_stands_between_the_namespaces(proven, cell):
    layout = lay_out(picture_of(proven, cell))
    for chip in (chip for lane in layout.lanes for stop in lane.stops for chip in stop.crossing):
        assert all(chip.right <= box.x or box.right <= chip.x for box in layout.boxes)


def test_the_request_goes_right_and_the_response_left(proven):
    request, response = lay_out(picture_of(proven, ("calico-ipip", "nodeport-remote"))).lanes
    lefts = [stop.box.x for stop in request.stops]
    assert [stop.segment.place for stop in request.stops] == ["client", "node2", "node1", "node1/app"]
    assert lefts == sorted(lefts)
    assert [stop.box.x for stop in response.stops] == lefts[::-1]
    (row, *_) = response.stops[1].rows
    assert [chip.x for chip in row] == sorted((chip.x for chip in row), reverse=True)


def test_new_hops_are_solid_and_others_outlined(proven):
    text = drawing.draw(picture_of(proven, ("calico-ipip", "nodeport-local")), "p")
    solid = re.findall(r'fill="(#\w+)" stroke="\1"[^>]*/><text[^>]*>([^<]+)</text>', text)
    assert (colours.GROUPS["netfilter"], "DNAT") in solid
    assert (colours.GROUPS["veth"], "veth_xmit") in solid
    assert [label for _, label in solid].count("lab0") == 0
    assert "solid: not on the way of baseline-vm/host" in text
    assert "solid:" not in drawing.draw(proven.paths[0], "p"), "nothing is new on the baseline"


def test_ports_are_named_by_their_device_and_stand_on_edges(proven):
    lane = lay_out(picture_of(proven, ("calico-ipip", "pod-ip"))).lanes[0]
    node = lane.stops[1]
    assert (node.enter.text, node.leave.text) == ("lab0", "veth")
    assert (node.enter.x + node.enter.right) / 2 == pytest.approx(node.box.x)
    assert (node.leave.x + node.leave.right) / 2 == pytest.approx(node.box.right)
    assert [chip.text for chip in node.crossing] == ["veth_xmit", "raise NET_RX"]
    assert node.box.right < node.crossing[0].x
    assert node.crossing[0].right < lane.stops[2].box.x


def test_a_redirect_crosses_without_a_device(proven):
    node = lay_out(picture_of(proven, ("cilium", "nodeport-local"))).lanes[0].stops[1]
    assert node.leave is None
    assert [chip.text for chip in node.crossing] == ["redirect"]


def test_a_tunnel_is_seen_on_the_wire(proven):
    remote = drawing.draw(picture_of(proven, ("calico-ipip", "nodeport-remote")), "p")
    assert remote.count("wire, IP in IP") == 2
    assert "IP in IP" not in drawing.draw(picture_of(proven, ("calico-ipip", "nodeport-local")), "p")


def test_a_response_that_takes_another_way_gets_a_box_of_its_own():
    odd = picture(
        "client: socket, out lab0 · node1: in lab0, socket", "node1: socket · node2: FORWARD · client: socket"
    )
    way = path_layout(odd.request, odd.response)
    assert [segment.place for segment in way.places] == ["client", "node1", "node2"]
    assert len(list(chips(lay_out(odd)))) == odd.counts.hops
    ET.fromstring(drawing.draw(odd, "p"))


def test_a_namespace_that_is_met_twice_is_drawn_twice():
    odd = picture("client: socket · node1: FORWARD · node1/app: FORWARD · node1: FORWARD · node1/other: socket")
    assert [segment.place for segment in path_layout(odd.request, odd.response).places] == [
        "client",
        "node1",
        "node1/app",
        "node1",
        "node1/other",
    ]
    ET.fromstring(drawing.draw(odd, "p"))


def test_a_long_row_wraps_and_a_silent_direction_is_drawn():
    hooks = ", ".join(["PREROUTING"] * 30)
    long = picture(f"client: socket, out lab0 · node1: in lab0, {hooks}, socket")
    layout = lay_out(long)
    assert len(layout.lanes[0].stops[1].rows) >= 4
    assert len(list(chips(layout))) == long.counts.hops


def test_one_namespace_alone_is_drawn():
    ET.fromstring(drawing.draw(picture("client: socket", "client: socket"), "p"))


def test_foreign_text_stays_text():
    evil = picture('client: socket, <script>"&' + " · node1: socket")
    text = drawing.draw(evil.model_copy(update={"name": "<b>&"}), "p")
    assert "<script" not in text
    assert ET.fromstring(text).find(f"{SVG}title").text == "The path of <b>&"


def test_only_the_pages_own_colours_and_the_reports_are_used(proven):
    found = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawing.draw(proven.paths[2], "p")))
    known = {*colours.GROUPS.values(), colours.OTHER_GROUP, "none", "#000000", "#ffffff"}
    assert {colour for colour in found if not colour.startswith("var(--")} <= known
