from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.cli.work import override
from netlab.errors import UsageError
from netlab.spec.lab import LabSpec
from netlab.spec.rounds import Rounds, rounds_of, rounds_text


@pytest.mark.parametrize(
    ("keys", "clock", "snapshots", "expected"),
    [
        ({}, "virtual", True, Rounds(5, 5)),
        ({}, "real", True, Rounds(3, 30, 2.0)),
        ({}, "real", False, Rounds(3, 10, 2.0)),
        ({"rounds": 7}, "virtual", True, Rounds(7, 7)),
        ({"rounds": 7}, "real", False, Rounds(7, 7)),
        ({"precision_percent": 0.5}, "virtual", True, Rounds(3, 30, 0.5)),
        ({"precision_percent": 0.5, "rounds": 12}, "real", False, Rounds(12, 12, 0.5)),
        ({"precision_percent": 0.5, "rounds": 50}, "real", True, Rounds(50, 50, 0.5)),
        ({"max_rounds": 100}, "virtual", True, Rounds(3, 100, 2.0)),
        ({"max_rounds": 8, "rounds": 8}, "real", True, Rounds(8, 8, 2.0)),
        ({"rebuilds": 2}, "virtual", True, Rounds(6, 6, builds=2)),
        ({"rebuilds": 2, "rounds": 5}, "virtual", True, Rounds(5, 5, builds=2)),
        ({"rebuilds": 3}, "real", True, Rounds(9, 30, 2.0, 10)),
        ({"rebuilds": 3}, "real", False, Rounds(9, 9, 2.0, 3)),
        ({"rebuilds": 2, "rounds": 7, "precision_percent": 1.0}, "virtual", True, Rounds(8, 28, 1.0, 7)),
        ({"rebuilds": 5, "max_rounds": 12}, "virtual", True, Rounds(10, 12, 2.0, 6)),
    ],
)
def test_clock_and_hosts_decide_what_nobody_said(keys, clock, snapshots, expected):
    assert rounds_of(LabSpec(**keys), clock, snapshots=snapshots) == expected


numbers = st.one_of(st.none(), st.integers(-2, 1100))
percents = st.one_of(st.none(), st.floats(-1, 60), st.sampled_from([float("nan"), float("inf"), 0.0]))


@given(
    given_=st.fixed_dictionaries(
        {"rounds": numbers, "max_rounds": numbers, "precision": percents, "rebuilds": st.sampled_from([None, 1, 2, 7])}
    ),
    file=st.fixed_dictionaries({}, optional={"rounds": st.integers(3, 100), "max_rounds": st.integers(100, 1000)}),
    clock=st.sampled_from(["real", "virtual"]),
    snapshots=st.booleans(),
)
def test_whatever_is_asked_is_refused_in_a_sentence_or_is_a_plan(given_, file, clock, snapshots):
    try:
        spec = override(LabSpec(**file), given_)
    except UsageError:
        return
    found = rounds_of(spec, clock, snapshots=snapshots)
    assert 3 <= found.fewest <= found.most <= 1000
    assert found.fewest == found.most or found.precision_percent is not None
    builds = given_["rebuilds"] or 1
    if given_["max_rounds"] is not None:
        assert found.most <= given_["max_rounds"] < found.most + found.most // found.builds
    if given_["rounds"] is not None and builds == 1:
        assert found.fewest == given_["rounds"]
    assert found.builds >= builds
    assert builds == 1 or found.precision_percent is None or found.fewest % (found.most // found.builds) == 0
    if given_["precision"] is not None:
        assert found.precision_percent == given_["precision"]


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"precision": 0.0}, "--precision: Input should be greater than 0"),
        ({"max_rounds": 2}, "--max-rounds: Input should be greater than or equal to 3"),
        ({"rebuilds": 0}, "--rebuilds: Input should be greater than or equal to 1"),
        ({"rebuilds": 6, "rounds": 5}, "rebuilds (6) must be at most rounds (5): each build is measured"),
        ({"rounds": 9, "max_rounds": 5}, "max_rounds (5) must be at least rounds (9), the fewest"),
    ],
)
def test_what_cannot_be_names_the_option(given_, message):
    with pytest.raises(UsageError) as caught:
        override(LabSpec(), given_)
    assert caught.value.message == message


def test_rounds_in_words():
    assert rounds_text(Rounds(5, 5)) == "5 rounds"
    assert rounds_text(Rounds(3, 30, 1.5)) == "3 to 30 rounds, until every comparison is known to ± 1.5 %"
    assert rounds_text(Rounds(6, 6, builds=2)) == "6 rounds on 2 builds of the hosts"
    assert rounds_text(Rounds(6, 30, 1.5, 10)).startswith("6 to 30 rounds on 2 to 10 builds of the hosts, until every")
