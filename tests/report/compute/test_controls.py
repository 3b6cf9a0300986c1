from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from netlab.report.compute.build import build_report
from netlab.report.render import html, markdown
from netlab.report.render.terminal import print_report
from netlab.statistics import student
from tests import factories

FACTORS = factories.CONTROL_FACTORS
run = factories.controlled


def controls(*runs):
    return build_report(runs).controls


def test_the_control_is_the_baseline_against_itself_with_an_interval_of_its_own():
    (control,) = controls(run())
    ratios = [
        mine.wrk.requests_per_second / theirs.wrk.requests_per_second
        for mine, theirs in zip(run().controls, (one for one in run().samples if one.path == "host"), strict=True)
    ]
    logs = np.log(ratios)
    half = student.critical(4, 0.95) * logs.std(ddof=1) / 5**0.5
    assert control.change.low_percent == pytest.approx(100 * np.expm1(logs.mean() - half))
    assert control.change.high_percent == pytest.approx(100 * np.expm1(logs.mean() + half))
    assert (control.name, control.own_blocks, control.change.pairs) == ("baseline-vm/host", True, 5)
    assert control.change.verdict == "no difference at this precision"
    assert control.text.startswith("A/A control: baseline-vm/host against itself: 0.0")


def test_the_networks_intervals_are_as_without_it():
    with_it, without = build_report([run()]), build_report([factories.run()])
    assert with_it.cells == without.cells
    assert (without.controls, with_it.warnings) == ((), without.warnings)
    assert set(with_it.method) - set(without.method) == {text for text in with_it.method if text.startswith("A/A")}


def test_a_baseline_that_is_different_from_itself_is_warned_of_with_the_number():
    report = build_report([run([0.98 * factor for factor in FACTORS])])
    (text,) = [text for text in report.warnings if text.startswith("A/A control")]
    assert "baseline-vm/host against itself: \N{MINUS SIGN}2.0" in text
    assert "DIFFERENT. Both are the same thing. One report in twenty says so by chance" in text


def test_fewer_than_three_rounds_cannot_tell():
    (control,) = controls(run(FACTORS[:2]))
    assert (control.change.low_percent, control.change.verdict) == (None, "cannot tell yet")
    assert control.text.endswith("(2 rounds), cannot tell yet.")


def test_controls_of_several_runs_are_pooled_and_each_is_compared_with_its_own_run():
    (control,) = controls(run(), run([1.01 * factor for factor in FACTORS], run_id="another", control="sample"))
    assert (control.change.pairs, control.own_blocks) == (10, False)
    assert control.change.percent == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(("kind", "said"), [("block", 0), ("sample", 1)])
def test_the_method_says_where_the_control_is_of_the_same_block(kind, said):
    assert "\n".join(build_report([run(control=kind)]).method).count("of the baseline's own block") == said


def test_a_run_without_a_control_adds_none():
    assert len(controls(run(), factories.run(run_id="another"))) == 1


def test_it_is_a_line_of_its_own_in_every_form():
    report = build_report([run()])
    (control,) = report.controls
    page = html.render(report)
    assert page.count(control.text) == 1
    assert "A/A control: baseline-vm/host against itself" in markdown.render(report)
    console = Console(file=io.StringIO(), width=120)
    print_report(report, console)
    assert "A/A control: baseline-vm/host against itself" in console.file.getvalue()
