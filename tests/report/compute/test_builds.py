"""Reports of runs of several builds: what their intervals cover, and every number that comes with it."""

import csv
import io

import numpy as np
import pytest
import scipy.stats

from netlab.report.compute import precision
from netlab.report.compute.build import build_report
from netlab.report.compute.builds import numbered
from netlab.report.compute.compare import compare
from netlab.report.compute.gate import build_gate
from netlab.report.compute.samples import measured
from netlab.report.render import compare_markdown, csv_, markdown, openmetrics
from netlab.spec.report import ReportSpec
from tests import factories
from tests.report.render.test_terminal import printed

CELL = ("calico-ipip", "pod-ip")


@pytest.fixture(scope="module")
def run():
    return factories.rebuilt()


@pytest.fixture(scope="module")
def report(run):
    return build_report([run])


def logs(run, cell=CELL):
    """Logarithms of the ratios to the baseline, a row per build."""
    rates = {(one.profile, one.path, one.round): one.wrk.requests_per_second for one in run.samples}
    ratios = [np.log(rates[*cell, at] / rates[*factories.BASELINE, at]) for at in range(1, run.header.rounds + 1)]
    return np.array(ratios).reshape(run.header.builds, -1)


def of(report, cell=CELL):
    return next(one for one in report.cells if (one.profile, one.path) == cell)


def test_a_change_is_the_mean_of_builds_with_their_interval(report, run):
    change, means = of(report).change, logs(run).mean(axis=1)
    assert (change.pairs, change.builds, change.comparisons) == (6, 3, 4)
    low, high = scipy.stats.t.interval(1 - 0.05 / 4, 2, loc=means.mean(), scale=scipy.stats.sem(means))
    assert change.percent == pytest.approx(100 * np.expm1(means.mean()))
    assert (change.low_percent, change.high_percent) == pytest.approx((100 * np.expm1(low), 100 * np.expm1(high)))
    assert change.between_builds_percent == pytest.approx(1.0, abs=0.2)
    assert change.within_builds_percent == pytest.approx(100 * np.sqrt(logs(run).var(axis=1, ddof=1).mean()))


def test_the_same_rounds_of_one_build_look_surer_than_they_are(report, run):
    samples = tuple(sample.model_copy(update={"build": 1}) for sample in run.samples)
    one = build_report([run.model_copy(update={"samples": samples})])
    apart, together = of(report).change, of(one).change
    assert (together.builds, together.builds_needed, together.between_builds_percent) == (1, None, None)
    width = {change: change.high_percent - change.low_percent for change in (apart, together)}
    assert width[apart] > 2 * width[together]


def test_where_it_cannot_tell_yet_it_says_about_how_many_builds_would(run):
    report = build_report([factories.rebuilt(2, 6)])
    change = of(report, ("ipvlan-l2", "pod-ip")).change
    assert change.verdict == "cannot tell yet"
    assert change.rounds_needed == 3 * change.builds_needed
    (warning,) = (text for text in report.warnings if text.startswith("Cannot tell yet"))
    assert f"about {change.builds_needed} builds would tell" in warning


def test_percentiles_and_counters_leave_out_one_build_after_the_other(report, run):
    cell = of(report)
    assert set(cell.latency.intervals) == {"p50_us", "p90_us", "p99_us", "mean_us"}
    assert cell.softirq_intervals["NET_RX"].low < cell.softirqs_per_request["NET_RX"]
    assert of(build_report([factories.rebuilt(2)])).latency.intervals == {}, "two builds are too few"
    rows = [{"above": float(at), "below": 1.0} for at in (1, 2, 3, 4)]
    assert precision.by_build(rows, [1, 1, 2, 2]) == [{"above": 3.0, "below": 2.0}, {"above": 7.0, "below": 2.0}]
    assert precision.by_build(rows, [1] * 4) == rows


def test_side_by_side_has_the_change_of_builds_too(report):
    cell = of(report)
    figure = cell.side_by_side.requests_per_second
    assert figure.change_percent == pytest.approx(cell.change.percent)
    assert figure.change.low > cell.change.low_percent, "by itself, so narrower"


def test_the_control_counts_builds():
    run = factories.controlled((1.001, 0.999, 1.0, 1.0, 1.001), builds=2)
    again = tuple(one.model_copy(update={"build": run.header.build_of(one.round)}) for one in run.controls)
    (control,) = build_report([run.model_copy(update={"controls": again})]).controls
    assert (control.change.pairs, control.change.builds) == (5, 2)
    assert "5 rounds of 2 builds" in control.text


def test_first_builds_of_pooled_runs_count_as_one_and_others_each(run):
    other = factories.rebuilt(run_id="other")
    builds = [sorted({one.build for one in each.samples}) for each in numbered([run, other])]
    assert builds == [[1, 2, 3], [1, 4, 5]]
    assert of(build_report([run, other])).change.builds == 5
    plain = [factories.run(), factories.run(run_id="other")]
    assert of(build_report(plain)).change.builds == 1


def test_what_intervals_cover_is_said_everywhere(report):
    said = "Intervals cover 3 builds of the hosts, each booted and provisioned anew."
    assert report.covers.startswith(f"{said} Standard deviation of a change: ")
    assert report.runs[0].builds == 3
    text = markdown.render(report)
    assert said in text
    assert "| between builds | between rounds of one build |" in text
    terminal = " ".join(printed(report).split())
    assert "CI: 3 builds" in terminal
    assert said in terminal
    assert any("6 rounds of 3 builds" in headline.text for headline in report.headlines)
    assert any("intervals count builds" in text for text in report.method)


def test_of_one_build_it_is_said_too_and_no_more():
    report = build_report([factories.run()])
    assert report.covers == (
        "Intervals cover the rounds of one build of the hosts; what another build would change is in none (--rebuilds)."
    )
    text = markdown.render(report)
    assert report.covers in text
    assert "between builds" not in text
    assert "CI: rounds of one build" in " ".join(printed(report).split())


def test_a_run_that_was_interrupted_in_its_first_build_claims_no_more(run):
    first = tuple(one for one in run.samples if one.build == 1 or one.profile == "ipvlan-l2")
    base = tuple(one for one in run.samples if one.build > 1 and one.profile == "baseline-vm")
    report = build_report([run.model_copy(update={"samples": (*first, *base)})])
    assert report.covers.startswith("Intervals cover 1 to 3 builds")


def test_tables_for_programs_have_builds(report, run):
    rows = list(csv.DictReader(io.StringIO(csv_.cells(report))))
    row = next(one for one in rows if (one["profile"], one["path"]) == CELL)
    assert row["builds"] == "3"
    assert float(row["between_builds_percent"]) == pytest.approx(of(report).change.between_builds_percent)
    samples = list(csv.DictReader(io.StringIO(csv_.samples(measured([run])))))
    assert {one["round"]: one["build"] for one in samples} == {str(n): str((n + 1) // 2) for n in range(1, 7)}
    text = openmetrics.render(report)
    name = f'cell="{of(report).name}",profile="calico-ipip",path="pod-ip"'
    assert f"netlab_builds{{{name}}} 3" in text
    assert f'netlab_change_deviation_ratio{{{name},between="builds"}} 0.0' in text


def test_a_comparison_of_two_runs_counts_builds_and_says_so(run):
    later = factories.rebuilt(run_id="later")
    found = compare(run, later, ReportSpec())
    assert {cell.builds for cell in found.cells} == {(3, 3)}
    assert "cover 3 builds of the earlier run's hosts and 3 builds of the later one's" in compare_markdown.render(found)
    plain = compare(factories.run(), factories.run(run_id="later"), ReportSpec())
    assert "cover the rounds of one build of either's hosts" in compare_markdown.render(plain)
    wide, narrow = (next(c for c in one.cells if c.name.endswith("pod-ip")) for one in (found, plain))
    assert wide.high_percent - wide.low_percent > narrow.high_percent - narrow.low_percent


def test_the_gate_judges_by_the_interval_of_builds(run):
    judged = {cell.name: cell.judgement for cell in build_gate(build_report([run]), 13.0).cells}
    assert judged["calico-ipip (data-path replica) · pod-ip"] == "cannot tell yet"
    alone = factories.run()
    assert {c.name: c.judgement for c in build_gate(build_report([alone]), 13.0).cells}[
        "calico-ipip (data-path replica) · pod-ip"
    ] == "passed"
