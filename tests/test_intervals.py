"""scripts/intervals.py: few repetitions of each table, and what its columns would say of experiments that are known."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import scipy.stats

from scripts import intervals

MEASURING = Path(__file__).resolve().parents[1] / "docs" / "measuring.md"


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.mark.parametrize("title", intervals.TABLES)
def test_every_table_has_a_share_for_each_column_and_number_of_rounds(title):
    head, rule, *rows = intervals.table(intervals.TABLES[title], repeats=2)
    columns = len(intervals.TABLES[title])
    assert head.count("|") == rule.count("|") == columns + 2
    assert [row.split("|")[1].strip() for row in rows] == ["3", "5", "10", "30"]
    assert all(len(re.findall(r"\d+\.\d ± \d+\.\d %", row)) == columns for row in rows)


def test_the_docs_have_the_tables_that_it_prints():
    text = MEASURING.read_text(encoding="utf-8")
    for columns in intervals.TABLES.values():
        assert next(intervals.table(columns, repeats=1)) in text


def test_the_same_seed_gives_the_same_figures():
    column = intervals.covers(intervals.outliers)
    assert intervals.share(column, 5, 40) == intervals.share(column, 5, 40)


def test_what_a_round_has_in_common_is_in_all_its_cells(rng):
    logs = intervals.sample(rng, 6, (0.001, 0.001))
    assert np.corrcoef(logs)[0, 1] > 0.99
    assert np.ptp(logs[1] - logs[0]) < 0.02


def test_dunnetts_limit_is_that_of_scipys_distribution():
    limit = np.full(12, intervals.dunnett_limit(5))
    shared = scipy.stats.multivariate_t(shape=(np.eye(12) + 1) / 2, df=12 * 4, seed=1)  # the baseline is in all of them
    assert shared.cdf(limit, lower_limit=-limit) == pytest.approx(0.95, abs=0.004)


def test_verdicts_alone_cry_wolf_and_together_do_not():
    shares = {count: intervals.share(intervals.cries(intervals.EQUAL, count), 5, 150) for count in (1, 12)}
    assert shares[1] > 0.25
    assert shares[12] < 0.12


def test_a_large_difference_is_found_and_none_is_called_the_same(rng):
    assert intervals.says(("lower",), -5.0, 0.001)(rng, 5)
    assert intervals.says(intervals.SAME, 0.0, 0.0001)(rng, 5)
    holds, agrees = intervals.predicts(0.001, 0.001, 20.0)
    assert not agrees(rng, 5)
    assert intervals.share(holds, 5, 100) > 0.85


def test_looks_make_a_single_interval_miss_and_are_paid_for():
    shares = {looks: intervals.share(intervals.misses((0.02, 0.02), looks), 30, 400) for looks in (0, intervals.LOOKS)}
    assert shares[0] > 0.055
    assert shares[intervals.LOOKS] < 0.055


def test_a_report_ends_where_its_widest_interval_is_narrow_enough_or_after_the_last_round(rng):
    logs = intervals.sample(rng, 40, (0.01, 0.01, 0.01))
    stop = intervals.ended(logs, 4)
    confidence = intervals.each(intervals.CONFIDENCE, 4)

    def widest(rounds):
        return max(one.interval(confidence).width for one in intervals.ratios(logs[:, :rounds])) * 100 / 2

    assert widest(stop) <= intervals.PRECISION_PERCENT < min(widest(at) for at in range(3, stop))
    assert intervals.ended(logs[:, : stop - 1], 4) == stop - 1


def test_rounds_to_the_precision_grow_with_the_noise_and_the_docs_have_the_table():
    head, _, *rows = intervals.pace(20)
    assert head in MEASURING.read_text(encoding="utf-8")
    assert len(rows) == len(intervals.PACED)
    rounds = [int(row.split("|")[2]) for row in rows]
    assert rounds == sorted(rounds)
    assert rounds[0] <= 5 < rounds[-1]
