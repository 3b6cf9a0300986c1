from __future__ import annotations

import json
import math

import pytest
import scipy.stats

from netlab.errors import ConfigError, ResultsError
from netlab.model.latencies import Latencies
from netlab.model.run import ExperimentInfo, Machine
from netlab.report.compute import build as model
from netlab.report.compute.build import build_report
from netlab.report.values import Report
from netlab.spec.report import ReportSpec
from tests import factories

POD = ("calico-ipip", "pod-ip")
REMOTE = ("calico-ipip", "nodeport-remote")


def cell_of(report, where=POD):
    return next(cell for cell in report.cells if (cell.profile, cell.path) == where)


def test_cells_go_from_the_baseline_through_the_cheapest_to_the_costliest(report):
    assert [(cell.profile, cell.path) for cell in report.cells] == [
        ("baseline-vm", "host"),
        ("ipvlan-l2", "pod-ip"),
        ("calico-ipip", "pod-ip"),
        ("calico-ipip", "nodeport-local"),
        ("calico-ipip", "nodeport-remote"),
    ]
    assert [cell.is_baseline for cell in report.cells] == [True, False, False, False, False]


def test_change_names_its_base_and_holds_the_truth(report):
    change = cell_of(report).change
    assert change.base == "baseline-vm/host, same round"
    assert change.low_percent < -11.4 < change.high_percent
    assert (change.pairs, change.verdict, change.confidence_percent) == (5, "lower", 95)
    assert report.cells[0].change is None


def test_the_intervals_of_a_report_hold_together():
    one, all_ = (build_report([factories.run(cells=cells)]) for cells in ([factories.BASELINE, POD], factories.SPEEDS))
    alone, among = (cell_of(report).change for report in (one, all_))
    assert (alone.comparisons, among.comparisons) == (1, 4)
    assert alone.percent == among.percent
    assert among.low_percent < alone.low_percent < alone.high_percent < among.high_percent
    confidence = 1 - 0.05 / 4
    expected = scipy.stats.t.interval(confidence, 4, loc=math.log(1 + among.percent / 100), scale=among.standard_error)
    assert (among.low_percent, among.high_percent) == pytest.approx([100 * math.expm1(bound) for bound in expected])


def test_a_cell_with_too_few_rounds_makes_no_others_interval_wider():
    samples = [sample for sample in factories.run().samples if sample.profile != "ipvlan-l2" or sample.round < 3]
    report = build_report([factories.run(samples=samples)])
    assert {cell.change.comparisons for cell in report.cells if cell.change} == {3}
    assert cell_of(report, ("ipvlan-l2", "pod-ip")).change.low_percent is None


@pytest.mark.parametrize(
    ("margin", "verdict"),
    [(1.0, "no difference at this precision"), (0.05, "cannot tell yet"), (20.0, "no difference at this precision")],
)
def test_same_is_what_the_lab_calls_so(margin, verdict):
    rates = {1: (1000, 1001), 2: (1000, 999), 3: (1000, 1000)}
    samples = [
        factories.sample(cell, round_=at, rate=rate)
        for at, pair in rates.items()
        for cell, rate in zip((factories.BASELINE, POD), pair, strict=True)
    ]
    report = build_report([factories.run(samples=samples, rounds=3)], spec=ReportSpec(margin_percent=margin))
    change = cell_of(report).change
    assert (change.verdict, change.margin_percent, report.margin_percent) == (verdict, margin, margin)
    assert (change.rounds_needed is None) == (verdict != "cannot tell yet")


def test_headlines_start_with_the_costliest(report):
    first, *_, last = (headline.text for headline in report.headlines)
    assert first.startswith("Behind calico-ipip (data-path replica) through nodeport-remote the app answered 39.2")
    assert "% fewer requests per second than on the bare VM (baseline-vm/host) (95" in first
    assert "5 rounds" in first
    assert "more requests per second" in last


def test_headlines_begin_with_what_was_shown():
    far = {1: 20.0, 2: 90.0, 3: 30.0}  # less on the whole, and it may be chance
    samples = [
        sample
        for at in (1, 2, 3)
        for sample in (
            factories.sample(rate=100, round_=at),
            factories.sample(("ipvlan-l2", "pod-ip"), rate=80 + at, round_=at),
            factories.sample(("calico-ipip", "pod-ip"), rate=far[at], round_=at),
        )
    ]
    found = build_report([factories.run(samples=tuple(samples), rounds=3)]).headlines
    assert [headline.verdict for headline in found] == ["lower", "cannot tell yet"]


def test_percentiles_are_of_all_requests_of_all_rounds():
    halves = [
        factories.sample(round_=at).model_copy(
            update={"wrk": factories.sample().wrk.model_copy(update={"histogram": Latencies([(value, count)])})}
        )
        for at, (value, count) in enumerate([(100, 99), (900, 1)])
    ]
    latency = build_report([factories.run(samples=halves)]).cells[0].latency
    assert (latency.p50_us, latency.p99_us) == (100, 100)
    assert latency.cdf[0] == (100, 0)


def test_cpu_is_percent_of_one_cpu_and_busy_leaves_out_iowait_and_steal():
    ticks = factories.CpuTicks(user=10, nice=0, system=20, idle=30, iowait=20, irq=1, softirq=9, steal=10)
    kernel = factories.counters(1, 100).model_copy(update={"cpu": ticks})
    report = build_report(
        [factories.run(samples=[factories.sample(kernels=(kernel,))], environment=factories.environment(guest_cpus=2))]
    )
    (use,) = report.cells[0].cpu
    assert use.percent == pytest.approx(
        {"user": 20, "nice": 0, "system": 40, "idle": 60, "iowait": 40, "irq": 2, "softirq": 18, "steal": 20}
    )
    assert use.busy_percent == pytest.approx(80)
    assert report.cells[0].cpu_us_per_request == pytest.approx(0.8e6 / report.cells[0].requests)


def test_uncounted_is_not_zero():
    cell = build_report([factories.run(samples=[factories.sample(kernels=())], spots=[])]).cells[0]
    assert (cell.cpu, cell.cpu_us_per_request, cell.softirqs_per_request, cell.hot_groups) == ((), None, {}, ())


def test_softirqs_are_per_request_and_silent_vectors_left_out(report):
    found = report.cells[0].softirqs_per_request
    assert found["NET_RX"] == pytest.approx(2)
    assert "HI" not in found


def test_shares_are_of_the_busy_samples_and_share_out_the_cost(report):
    cell = cell_of(report, REMOTE)
    assert sum(share.percent for share in cell.hot_groups) == pytest.approx(100)
    assert sum(share.us_per_request for share in cell.hot_groups) == pytest.approx(cell.cpu_us_per_request)
    assert "idle" not in {share.group for share in cell.hot_groups}
    added = sum(share.change_us_per_request for share in cell.hot_groups)
    assert added == pytest.approx(cell.cpu_us_per_request - report.cells[0].cpu_us_per_request)


def test_a_subsystem_that_vanished_stays_visible():
    spots = [factories.hotspots(("ipvlan-l2", "pod-ip")).model_copy(update={"profile": "baseline-vm", "path": "host"})]
    report = build_report([factories.run(spots=[*spots, factories.hotspots(POD)])])
    gone = next(share for share in cell_of(report).hot_groups if share.group == "ipvlan")
    assert (gone.percent, gone.us_per_request) == (0, 0)
    assert gone.change_us_per_request < 0


def test_several_kernels_give_no_cost_by_subsystem():
    kernel = factories.counters(1, 20_000)
    kernels = (kernel.model_copy(update={"hosts": ("client",)}), kernel.model_copy(update={"hosts": ("node1",)}))
    cell = build_report([factories.run(samples=[factories.sample(kernels=kernels)])]).cells[0]
    assert [use.hosts for use in cell.cpu] == [("client",), ("node1",)]
    assert cell.hot_groups[0].us_per_request is None
    assert cell.hot_groups[0].percent > 0


def test_missing_cells_carry_their_reason():
    report = build_report([factories.run(cells=[factories.BASELINE, POD])])
    reasons = {(label, gap.path): gap.reason for gap in report.missing for label in gap.labels}
    assert "not reachable" in reasons["ipvlan-l2 (data-path replica)", "nodeport-local"]
    assert reasons["calico-ipip (data-path replica)", "nodeport-remote"].startswith("no sample")
    assert len(reasons) == 4


def test_missing_cells_are_said_once_a_reason():
    report = build_report([factories.many(rounds=1)])
    (host,) = [gap for gap in report.missing if gap.path == "host"]
    assert len(host.labels) == 18
    assert len(report.missing) == 3


def test_a_large_report_charts_the_baseline_and_one_path_a_network():
    report = build_report([factories.many(rounds=1)])
    charted = [cell for cell in report.cells if cell.name in report.charted]
    assert (len(report.cells), len(charted)) == (55, 19)
    assert charted[0].is_baseline
    assert {cell.path for cell in charted[1:]} == {"nodeport-local"}
    assert len(report.headlines) == 18


def test_a_small_report_charts_all(report):
    assert report.charted == tuple(cell.name for cell in report.cells)


def test_columns_are_the_subsystems_that_set_cells_apart(report, monkeypatch):
    assert report.main_subsystems == report.subsystems
    monkeypatch.setattr(model, "COLUMNS", 3)
    assert build_report([factories.run()]).main_subsystems == ("netfilter", "routing", "ipip")


def test_rounds_of_several_runs_are_paired_within_their_run():
    faster = [factories.sample(cell, rate=rate) for cell, rate in ((factories.BASELINE, 1000.0), (POD, 900.0))]
    slower = [factories.sample(cell, rate=rate) for cell, rate in ((factories.BASELINE, 100.0), (POD, 90.0))]
    runs = [factories.run(samples=samples, run_id=name) for name, samples in (("a", faster), ("b", slower))]
    report = build_report(runs)
    assert cell_of(report).change.percent == pytest.approx(-10)
    assert cell_of(report).change.pairs == 2
    assert [run.run_id for run in report.runs] == ["a", "b"]


def test_a_connection_a_request_is_said_where_others_keep_theirs():
    closing = factories.Load(keepalive=False)
    samples = [factories.sample(), factories.sample(load=closing), factories.sample(POD, load=closing)]
    report = build_report([factories.run(samples=samples)])
    labels = {(cell.profile, cell.load.keepalive): cell.label for cell in report.cells}
    assert labels["baseline-vm", True] == "baseline-vm"
    assert labels["baseline-vm", False] == "baseline-vm, one connection per request"
    assert [cell.is_baseline for cell in report.cells] == [True, True, False]
    assert report.cells[2].change.percent is not None, "compared with the baseline under its own load"
    alone = build_report([factories.run(samples=[factories.sample(load=closing)])])
    assert alone.cells[0].label == "baseline-vm"


def test_cells_of_another_load_are_other_cells():
    heavy = factories.Load(connections=64)
    samples = [factories.sample(), factories.sample(POD), factories.sample(POD, load=heavy)]
    report = build_report([factories.run(samples=samples)])
    assert len({cell.name for cell in report.cells}) == 3
    lonely = next(cell for cell in report.cells if cell.load == heavy)
    assert (lonely.change.percent, lonely.change.verdict) == (None, "cannot tell yet")
    assert any("64 connections" in headline.text for headline in report.headlines)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("guest_kernel", "6.1"),
        ("clock", "real"),
        ("accelerator", "kvm"),
        ("host_cpu", "M1"),
        ("fleet", {"client": "client"}),
    ],
)
def test_runs_of_different_environments_are_refused(field, value):
    other = factories.run(rounds=1, run_id="other", environment=factories.environment(**{field: value}))
    with pytest.raises(ConfigError, match=rf"other.*{field}: ") as caught:
        build_report([factories.run(rounds=1), other])
    assert caught.value.hint


@pytest.mark.parametrize("runs", [[], [factories.run(samples=[])]])
def test_nothing_measured_is_no_report(runs):
    with pytest.raises(ResultsError, match="no sample"):
        build_report(runs)


def test_the_clock_says_what_it_leaves_out(report):
    assert all(word in report.clock_note for word in ("instructions", "caches", "offload", "parallelism"))
    real = build_report([factories.run(rounds=1, environment=factories.environment(clock="real"))])
    assert real.clock_note.startswith("Real clock")


def test_a_report_survives_json(report):
    assert Report.model_validate_json(report.model_dump_json()) == report
    assert json.loads(report.model_dump_json())["schema_version"] == 2


MACHINE = Machine(
    name="node1", os="Debian 13", kernel="6.12", cpu="Xeon", cpus=2, memory_mib=3928, cpu_flags="fpu avx2"
)


@pytest.mark.parametrize(
    ("change", "details"),
    [
        ({"cpu": "EPYC"}, "2 x Xeon, 3928 MiB / Debian 13, Linux 6.12, 2 x EPYC, 3928 MiB"),
        ({"zone": "eu-central-1b"}, "3928 MiB / Debian 13, Linux 6.12, 2 x Xeon, 3928 MiB, eu-central-1b"),
        ({"cpu_flags": "fpu"}, "machines: flags of the processors"),
    ],
)
def test_runs_on_unlike_machines_are_refused_in_a_few_words(change, details):
    here, there = (
        factories.environment(machines=(MACHINE.model_copy(update=update),), provider="ec2") for update in ({}, change)
    )
    with pytest.raises(ConfigError, match="different environments") as caught:
        build_report([factories.run(environment=here), factories.run(run_id="other", environment=there)])
    assert details in caught.value.message


@pytest.mark.parametrize(
    ("resumed", "words"), [(True, "resumed the snapshot"), (False, "were undone and its own applied again"), (None, "")]
)
def test_how_hosts_became_a_profile_again_is_said(resumed, words):
    run = factories.run()
    changed = run.header.environment.model_copy(update={"resumed": resumed})
    header = run.header.model_copy(update={"environment": changed})
    method = build_report([run.model_copy(update={"header": header})]).method
    assert any(words in text for text in method)
    assert len(method) == (9 if resumed is None else 10)


def test_an_experiment_is_named_where_all_runs_are_of_it():
    asked = ExperimentInfo(name="softirqs", question="Whose?", description="On two processors.")
    of_it, other = factories.run(experiment=asked), factories.run(run_id="20250602-120000")
    again = factories.run(run_id="20250603-120000", experiment=asked)
    assert build_report([of_it, again]).experiment == asked
    assert build_report([of_it, other]).experiment is None
