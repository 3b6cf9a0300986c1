from __future__ import annotations

import pytest

from netlab.report.text import numbers, words
from tests import factories

GAP = numbers.NARROW


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (factories.change(None, None, None, "cannot tell", 0), "cannot be compared"),
        (factories.change(-15, None, None, "cannot tell", 2), "but 2 rounds cannot tell that from chance"),
        (factories.change(-0.1, -0.5, 0.3, "no difference shown"), "no difference shown (95"),
        (factories.change(-15.1, -15.5, -14.7, "lower"), f"15.1{GAP}% fewer requests per second than X (95{GAP}% CI"),
        (factories.change(4, 3, 5, "higher"), "more requests per second than X"),
    ],
)
def test_headline_says_no_more_than_is_known(report, found, expected):
    assert expected in words.headline(report.cells[1], found, "X")
