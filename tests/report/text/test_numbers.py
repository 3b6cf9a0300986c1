from __future__ import annotations

import pytest

from netlab.report.text import numbers
from tests import factories

GAP = numbers.NARROW


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (20224, 0, f"20{GAP}224"),
        (None, 0, "\N{EN DASH}"),
        (0, 0, "0"),
        (-1.25, 1, "\N{MINUS SIGN}1.2"),
        (0.5, 1, "0.5"),
    ],
)
def test_number(value, digits, text):
    assert numbers.number(value, digits) == text


@pytest.mark.parametrize(("value", "text"), [(4, "+4.0"), (-0.01, "0.0"), (-15.1, "\N{MINUS SIGN}15.1")])
def test_signed(value, text):
    assert numbers.signed(value) == text


def test_a_margin_is_written_as_it_was_set():
    assert [numbers.margin(value, "%") for value in (1, 1.0, 0.25)] == [f"1{GAP}%", f"1{GAP}%", f"0.25{GAP}%"]


def test_bounds_without_a_unit():
    assert numbers.bounds(-1.25, 0.5) == "\N{MINUS SIGN}1.2 … +0.5"
    assert numbers.bounds(None, 0.5) == numbers.NONE


def test_an_interval_never_looks_like_a_point():
    assert numbers.interval(factories.change(4, 3.99, 4.01, "higher")) == f"+3.99 … +4.01{GAP}%"
    assert numbers.interval(factories.change(4, None, None, "cannot tell yet")) == numbers.NONE
