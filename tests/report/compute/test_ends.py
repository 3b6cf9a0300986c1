from __future__ import annotations

from datetime import timedelta

import pytest

from netlab.model.run import Stop
from netlab.report.compute.build import build_report
from netlab.report.compute.compare import compare
from netlab.report.text import labels
from netlab.spec.report import ReportSpec
from netlab.statistics.family import each
from netlab.statistics.interval import Interval
from tests import factories

TIGHT = Stop(reason="precision", rounds=5, widest="calico-ipip/pod-ip", half_width_percent=0.84)
WIDE = Stop(reason="max-rounds", rounds=5, widest="calico-ipip/pod-ip", half_width_percent=3.14)


def precise(stop=TIGHT, **changes):
    return factories.run(precision_percent=1.0, stop=stop, **changes)


def test_a_run_that_was_precise_enough_says_so_and_lacks_no_round():
    report = build_report([precise().model_copy(update={"header": precise().header.model_copy(update={"rounds": 30})})])
    (run,) = report.runs
    assert (run.rounds, run.precision_percent, run.stop) == (5, 1.0, TIGHT)
    text = "2025-06-01 12:00 UTC, 5 rounds, seed 7; stopped because every comparison is known to ± 1 % "
    assert labels.run_text(run).replace("\N{NARROW NO-BREAK SPACE}", " ") == (
        f"{text}(the widest interval is ± 0.84 %, calico-ipip/pod-ip)"
    )
    assert not any("measured in" in warning or "precise" in warning for warning in report.warnings)


def test_a_run_that_was_not_is_warned_of():
    (text,) = [text for text in build_report([precise(WIDE)]).warnings if "precise" in text]
    assert text.replace("\N{NARROW NO-BREAK SPACE}", " ") == (
        "Run 20250601-120000 did not become as precise as asked: stopped after the most rounds that were allowed, "
        "short of ± 1 % (the widest interval is ± 3.1 %, calico-ipip/pod-ip)."
    )


@pytest.mark.parametrize(
    ("stop", "text"),
    [
        (Stop(reason="precision", rounds=3), "(nothing is compared)"),
        (Stop(reason="max-rounds", rounds=9, widest="a/host"), "(a/host has too few rounds for an interval)"),
    ],
)
def test_an_end_without_an_interval_is_told(stop, text):
    assert labels.reason_text(stop, 1.0).endswith(text)


def test_the_intervals_of_a_run_that_was_looked_at_are_wider_as_by_two_comparisons():
    looked, plain = build_report([precise()]), build_report([factories.run()])
    for mine, theirs in zip(looked.cells, plain.cells, strict=True):
        if mine.change and theirs.change:
            assert (mine.change.comparisons, mine.change.confidence_percent) == (4, 95)
            assert width(mine.change) / width(theirs.change) == pytest.approx(ratio_of_widths(), rel=0.001)
    assert len([text for text in looked.method if "looked at after each round" in text]) == 1


def width(change):
    return Interval(change.percent, change.low_percent, change.high_percent).width


def ratio_of_widths():
    from scipy.stats import t  # noqa: PLC0415 - an independent source

    return t.ppf((1 + each(0.95, 6)) / 2, 4) / t.ppf((1 + each(0.95, 4)) / 2, 4)


def test_runs_that_are_compared_pay_for_looks_too():
    other = factories.run(run_id="another")
    looked, plain = (compare(one, other, ReportSpec()) for one in (precise(), factories.run()))
    for mine, theirs in zip(looked.cells, plain.cells, strict=True):
        assert mine.high_percent - mine.low_percent > 1.05 * (theirs.high_percent - theirs.low_percent)


def test_an_interrupted_run_says_how_to_continue_it():
    report = build_report([factories.run(rounds=3, stop=None)])
    assert report.warnings[0] == (
        "Run 20250601-120000 was interrupted before its plan of 3 rounds was done. To continue it: "
        "netlab bench --resume 20250601-120000"
    )
    assert labels.run_text(report.runs[0]).endswith("seed 7; interrupted, and not continued to its end")


def test_a_run_that_was_continued_says_how_often():
    when = factories.STARTED + timedelta(minutes=3, seconds=1)
    report = build_report([factories.run(resumed_at=(when, when))])
    assert labels.run_text(report.runs[0]).endswith("seed 7; interrupted twice and continued")


def test_a_round_is_interrupted_only_where_its_samples_are_on_both_sides():
    when = factories.STARTED + timedelta(minutes=3, seconds=1)  # a round's samples begin at its minute
    clean = factories.run(environment=factories.environment(clock="real"), resumed_at=(when,))
    assert not any("apart" in text for text in build_report([clean]).warnings)
    late = [
        one.model_copy(update={"started_at": one.started_at + timedelta(hours=14)})
        if (one.round, one.path) == (3, "host")
        else one
        for one in clean.samples
    ]
    (text,) = [
        text for text in build_report([clean.model_copy(update={"samples": tuple(late)})]).warnings if "apart" in text
    ]
    assert text == (
        "Round 3 of run 20250601-120000 was interrupted: its samples lie 14 h 00 min apart, in which the machines may "
        "have changed."
    )
