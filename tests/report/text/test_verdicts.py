from __future__ import annotations

import pytest

from netlab.report.text import verdicts
from netlab.statistics.rank import RankAgreement
from tests import factories


def change(percent, low=None, high=None, pairs=5):
    return factories.change(percent, low, high, "cannot tell yet" if low is None else "lower", pairs)


SURE = change(-15.0, -16.0, -14.0)


@pytest.mark.parametrize(
    ("verdict", "real", "guess", "expected"),
    [
        ("agrees", SURE, SURE, "agrees within 5\u202fpoints"),
        ("differs", SURE, SURE, "differs"),
        ("cannot tell yet", SURE, SURE, "cannot tell yet"),
        ("cannot tell yet", change(-15, pairs=1), SURE, "cannot tell yet: 1 round of the cluster with a baseline"),
        (
            "cannot tell yet",
            change(-15, pairs=2),
            change(None, pairs=0),
            "cannot tell yet: 2 rounds of the cluster with a baseline, 0 rounds of the replica with a baseline",
        ),
    ],
)
def test_a_verdict_says_what_it_means_or_why_there_is_none(verdict, real, guess, expected):
    assert verdicts.text(verdict, 5, real, guess) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            RankAgreement(5, 0.8, 9, 8),
            "Kendall's τ = +0.80 (1: the clusters' order, \N{MINUS SIGN}1: the reverse)",
        ),
        (RankAgreement(5, 0.8, 9, 8), "settle the order of 9 of 10 pairs; the replicas have 8 of these"),
        (
            RankAgreement(1, None, 0, 0),
            "Order, x: cannot tell from 1 cell with an interval on both sides; 4 can.",
        ),
        (RankAgreement(4, None, 0, 0), "Order of 4 cells, x: cannot tell, because on one side all"),
    ],
)
def test_an_order_says_on_how_much_it_stands(found, expected):
    assert expected in verdicts.order(found, ", x")
