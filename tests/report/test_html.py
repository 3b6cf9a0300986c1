from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from netlab.report import charts, html, write_report


@pytest.fixture(scope="module")
def page(report, drawn, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(charts, "draw", lambda _: drawn)
        written = write_report(report, tmp_path_factory.mktemp("reports") / "new")
    assert {suffix: path.name for suffix, path in written.items()} == {
        "html": "report.html",
        "md": "report.md",
        "json": "report.json",
    }
    return written["html"].read_text()


class Tags(HTMLParser):
    """What a browser would take for elements, and whether they nest."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, text):
        super().__init__()
        self.open, self.seen = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_it_needs_nothing_else(page):
    without_namespaces = re.sub(r'xmlns(:\w+)?="[^"]+"', "", page)
    assert not re.search(r"https?://|//\w|url\((?!#)|@import|<link|<script|<img", without_namespaces)


def test_elements_nest(page):
    assert Tags(page).open == []


def test_it_says_who_costs_what_with_unit_and_base(page, report):
    for text in (headline.text for headline in report.headlines):
        assert text in page
    for text in ("against baseline-vm/host", "95 % CI", "µs/request", "20\u202f214", "not measured: an ipvlan pod"):
        assert text in page
    assert report.clock_note in page


def test_foreign_text_stays_text(hostile, monkeypatch):
    monkeypatch.setattr(charts, "CHARTS", {"throughput": charts.throughput})
    text = html.render(hostile)
    assert "script" not in Tags(text).seen
    assert "&lt;script&gt;" in text
    assert "$x$" in text
