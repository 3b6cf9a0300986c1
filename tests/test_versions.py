"""Versions as kernels, packages and projects write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.versions import at_least, numbers, older


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("6.8.0-31-generic", (6, 8)),
        ("6.12.38+deb13-cloud-amd64", (6, 12, 38)),
        ("12.2.0-14+deb12u1+", (12, 2)),
        ("2:14.1", (14, 1)),
        ("v1.37.1", (1, 37, 1)),
        ("10.0", (10,)),
        ("0", ()),
        ("14", (14,)),
        ("1..2", (1,)),
        ("", ()),
        ("devel", ()),
        ("x.9.9", ()),
        ("(none)", ()),
    ],
)
def test_what_a_version_begins_with_counts(version, found):
    assert numbers(version) == found


@pytest.mark.parametrize(
    ("version", "other", "order"),
    [
        ("6.6", "6.6", "same"),
        ("6.6.0", "6.6", "same"),
        ("6.6", "6.6.0", "same"),
        ("6.12", "6.6", "newer"),
        ("10.0", "6.6", "newer"),
        ("6.6.1", "6.6", "newer"),
        ("6.5.13", "6.6", "older"),
        ("6", "6.6", "older"),
        ("0", "6.6", "older"),
    ],
)
def test_order(version, other, order):
    assert at_least(version, other) == (order != "older")
    assert older(version, other) == (order == "older")


@pytest.mark.parametrize("unknown", ["", "devel", "none"])
def test_what_has_no_numbers_is_neither(unknown):
    assert not at_least(unknown, "0")
    assert not older(unknown, "999")


@given(st.text(alphabet="v0123456789.:-+~xé\n") | st.text())
def test_any_text_is_a_version_or_none(text):
    assert all(number >= 0 for number in numbers(text))
    assert not (at_least(text, "6.6") and older(text, "6.6"))


@given(st.lists(st.integers(0, 10**9 - 1), min_size=1), st.lists(st.integers(0, 10**9 - 1), min_size=1))
def test_of_two_versions_one_is_at_least_the_other(one, other):
    first, second = (".".join(map(str, each)) for each in (one, other))
    assert at_least(first, second) != older(first, second)
    assert at_least(first, second) or at_least(second, first)
