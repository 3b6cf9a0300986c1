"""scripts/builds.py: few repetitions of each table, and what its columns would say of experiments that are known."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from scripts import builds
from scripts.builds import Noise, Shape

MEASURING = Path(__file__).resolve().parents[1] / "docs" / "measuring.md"


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.mark.parametrize("title", builds.TABLES)
def test_every_table_has_a_share_for_each_column_and_shape(title):
    head, rule, *rows = builds.table(builds.TABLES[title], 2, builds.FEW)
    columns = len(builds.TABLES[title])
    assert head.count("|") == rule.count("|") == columns + 3
    assert [row.split("|")[1].strip() for row in rows] == ["1", "2", "3", "5", "10"]
    assert all(len(re.findall(r"\d+\.\d ± \d+\.\d %", row)) == columns for row in rows)


def test_the_docs_have_the_tables_that_it_prints():
    text = MEASURING.read_text(encoding="utf-8")
    for columns in builds.TABLES.values():
        assert next(builds.table(columns, 1)) in text
    assert next(builds.widths(8)) in text


def test_rounds_counted_leave_out_what_differs_between_builds_and_netlab_does_not():
    """The example of two builds: 0.2 % between them and 0.1 % within make a 95 % interval one of about 64 %."""
    shape = Shape(3, 5)
    counted = builds.covers(builds.ISSUE, lambda logs: builds.interval(builds.by_rounds(logs)))
    mine = builds.covers(builds.ISSUE, lambda logs: builds.interval(builds.by_builds(logs)))
    assert builds.share(counted, shape, 150) < 0.75
    assert builds.share(mine, shape, 150) > 0.88


def test_the_two_variances_added_are_netlabs_interval_where_builds_differ(rng):
    logs = Noise(1, 0.1).draw(rng, Shape(4, 5))
    added, mine = builds.by_components(logs), builds.interval(builds.by_builds(logs))
    assert np.exp([added.low, added.value, added.high]) == pytest.approx([mine.low, mine.value, mine.high])


def test_a_report_ends_after_the_build_that_makes_every_interval_narrow_enough(rng):
    cells = [Noise(1, 0.5).draw(rng, Shape(10, 3)) for _ in range(2)]
    stop = builds.ended(np.array([cell.mean(axis=1) for cell in cells]), 0.97)

    def widest(count):
        return max(builds.by_builds(cell[:count]).interval(0.97).width for cell in cells) * 100 / 2

    assert widest(stop) <= builds.PRECISION_PERCENT < min(widest(at) for at in range(2, stop))


def test_more_builds_make_intervals_narrower():
    halves = [builds.half(builds.ISSUE, 0.95, Shape(many, 3), 60) for many in builds.BUILDS[1:]]
    assert halves == sorted(halves, reverse=True)
