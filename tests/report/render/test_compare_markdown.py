from __future__ import annotations

import pytest

from netlab.report.compute.compare import compare
from netlab.report.render import compare_markdown
from netlab.report.text import comparing
from netlab.spec.report import ReportSpec
from tests import factories


@pytest.fixture(scope="module")
def found():
    """A later run in which one network is 3 % slower."""
    speeds = {cell: 0.97 * speed if cell[0] == "ipvlan-l2" else speed for cell, speed in factories.SPEEDS.items()}
    later = [
        factories.sample(cell, round_=at, rate=factories.BASELINE_RATE * speed * (1 + 0.0005 * (at % 3)))
        for at in range(1, 6)
        for cell, speed in speeds.items()
    ]
    made = factories.made(calico_ipip=factories.made_of("bb"))
    before = factories.run(run_id="old", profiles=factories.made())
    return compare(before, factories.run(run_id="new", samples=later, profiles=made), ReportSpec())


def test_verdicts_come_first_then_the_cells_then_what_differs(found):
    text = compare_markdown.render(found)
    assert text.startswith("# new against old\n\nOf 5 cells 1 slower, ")
    assert text.index("| network and path | before | after |") < text.index("## What differs")
    (row,) = [line for line in text.splitlines() if "| slower |" in line]
    assert row.startswith("| ipvlan-l2")
    assert row.endswith("| 5 and 5 |")
    assert "| profile (calico-ipip) | aa | bb |" in text
    assert "95\u202f% confidence" in text


def test_alike_runs_say_so():
    text = compare_markdown.render(compare(factories.run(run_id="a"), factories.run(run_id="b"), ReportSpec()))
    assert text.endswith(f"## What differs\n\n{comparing.ALIKE}\n")


def test_tables_are_rectangular_and_foreign_text_stays_text(found):
    evil = "|`*[a](javascript:b)\n# <script>"
    cells = (found.cells[0].model_copy(update={"name": evil}), *found.cells[1:])
    text = compare_markdown.render(found.model_copy(update={"cells": cells, "alone": (evil,)}))
    assert "<script" not in text.replace("\\<script", "")
    assert "\n# " not in text[1:]
    for section in text.split("\n\n"):
        rows = [line.replace("\\|", "") for line in section.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1
