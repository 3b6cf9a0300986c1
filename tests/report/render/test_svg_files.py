from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from netlab.report.draw import charts, drawing
from netlab.report.render import svg_files

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def files(proven, drawn, monkeypatch):
    monkeypatch.setattr(charts, "draw", lambda _: drawn)
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


def test_hostile_names_stay_text(hostile, drawn, proven, monkeypatch):
    monkeypatch.setattr(charts, "draw", lambda _: {})
    evil = '../"><script>alert(1)</script>'
    paths = tuple(one.model_copy(update={"profile": evil, "name": evil}) for one in proven.paths)
    found = svg_files.render(proven.model_copy(update={"paths": paths}))
    assert len(found) == len(paths)
    for name, text in found.items():
        assert re.fullmatch(r"[\w+-][\w.+-]*", name)
        assert not list(ET.fromstring(text).iter(f"{SVG}script"))
    assert drawing.draw(proven.paths[0], "path") != ""
