from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from netlab.report.draw import drawing
from netlab.report.render import svg_files
from netlab.report.text import numbers

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def files(proven):
    return svg_files.render(proven)


def test_every_picture_is_a_document_that_needs_no_page(files, drawn):
    assert {f"{name}.svg" for name in drawn} < set(files)
    for text in files.values():
        root = ET.fromstring(text)
        assert root.tag == f"{SVG}svg"
        assert float(root.get("width").removesuffix("pt")) > 100
        assert [child.tag for child in root[:3]] == [f"{SVG}title", f"{SVG}desc", f"{SVG}rect"]
        assert "var(" not in text
        assert "currentColor" not in text, "a variable of the page has no value here"


def test_every_path_is_a_file_of_its_own(files, proven):
    paths = [name for name in files if name.startswith("path-")]
    assert len(paths) == len(proven.paths)
    assert f"path-{proven.paths[0].profile}-{proven.paths[0].path}.svg" in paths


def test_the_changes_are_a_picture_with_a_row_per_cell_and_its_figures(files, proven):
    root = ET.fromstring(files["changes.svg"])
    texts = ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]
    compared = [cell for cell in proven.cells if cell.change]
    for cell in compared:
        assert cell.path in texts
        assert f"{numbers.difference(cell.change)}  {numbers.interval(cell.change)}" in texts
    assert "requests/s against baseline-vm/host, same round, 95 % CI" in texts
    assert "var(" not in files["changes.svg"]


def test_every_flame_graph_is_a_file_and_tells_what_is_new(files, proven):
    names = [name for name in files if name.startswith("flame-")]
    assert len(names) == len(proven.flames)
    compared = next(one for one in proven.flames if one.base and one.path == "nodeport-local")
    text = files[f"flame-calico-ipip-{compared.path}.svg"]
    root = ET.fromstring(text)
    titles = [one.text for one in root.iter(f"{SVG}title")]
    assert any(title.startswith("nf_conntrack_in: ") and title.endswith(", new") for title in titles)
    assert titles[0] == f"Flame graph of {compared.name}, compared with {compared.base}"
    assert len(titles) == 1 + len(compared.frames)
    for one in root.iter(f"{SVG}rect"):
        assert float(one.get("x")) + float(one.get("width")) <= 1200.1


def test_hostile_names_stay_text(hostile, proven):
    evil = '../"><script>alert(1)</script>'
    paths = tuple(one.model_copy(update={"profile": evil, "name": evil}) for one in proven.paths)
    flames = tuple(
        one.model_copy(update={"frames": tuple(f.model_copy(update={"name": evil}) for f in one.frames)})
        for one in proven.flames
    )
    found = svg_files.render(proven.model_copy(update={"paths": paths, "flames": flames}))
    assert len(found) >= len(paths) + len(flames)
    for name, text in found.items():
        assert re.fullmatch(r"[\w+-][\w.+-]*", name)
        assert not list(ET.fromstring(text).iter(f"{SVG}script"))
    assert drawing.draw(proven.paths[0], "path") != ""
