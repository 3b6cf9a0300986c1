from __future__ import annotations

import pytest

from netlab.statistics.summary import summarise


def test_summary_of_known_values():
    found = summarise([90, 100, 110, 100])
    assert (found.n, found.median, found.mean, found.min, found.max) == (4, 100, 100, 90, 110)
    assert found.spread == pytest.approx(0.2)


def test_summary_of_zeros_has_no_spread():
    assert summarise([0, 0]).spread == 0


def test_nothing_cannot_be_summarised():
    with pytest.raises(ValueError, match="no values"):
        summarise([])
