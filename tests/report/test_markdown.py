from __future__ import annotations

from netlab.report import markdown


def test_it_holds_every_section(report):
    text = markdown.render(report)
    titles = [line for line in text.splitlines() if line.startswith("#")]
    assert titles == [
        "# The cost of 2 container networks",
        "## Read with care",
        "## Where the CPU time went",
        "## CPU time by class, % of one CPU",
        "## Softirq runs per request",
        "## Hot kernel functions",
        "## Not measured",
        "## How the numbers were made",
        "## Where",
    ]
    assert "| calico-ipip (data-path replica) | nodeport-remote | 12\u202f292 |" in text


def test_tables_are_rectangular(hostile):
    for section in markdown.render(hostile).split("\n\n"):
        rows = [line.replace("\\|", "") for line in section.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1


def test_foreign_text_stays_text(hostile):
    text = markdown.render(hostile)
    assert "<script" not in text.replace("\\<script", "")
    assert "\\[a\\](javascript" in text
