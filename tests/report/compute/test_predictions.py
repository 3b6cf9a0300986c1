from __future__ import annotations

import pytest

from netlab.errors import ConfigError, ResultsError
from netlab.report.compute.build import build_report
from netlab.report.draw import charts
from netlab.report.render import markdown
from netlab.report.values import Report
from netlab.spec.report import ReportSpec
from tests import factories

POD = ("calico-ipip", "pod-ip")
BASE = factories.BASELINE
USUAL = factories.Load()
CLOSING = factories.Load(keepalive=False)
LONGER = factories.Load(duration_s=5)


def sides(cells, *, loads=(USUAL, USUAL), **changes):
    """A cluster's run and a replica's of the same cells, at exactly these speeds of the two."""
    clusters, replicas = (
        [
            factories.sample(cell, round_=at, rate=10_000 * speed * (1 + 0.001 * at), load=load)
            for at in (1, 2, 3)
            for cell, speed in {BASE: 1.0, **{cell: speeds[side] for cell, speeds in cells.items()}}.items()
        ]
        for side, load in enumerate(loads)
    )
    real = factories.clusters(rounds=3, **changes).model_copy(update={"samples": tuple(clusters)})
    return real, factories.run(rounds=3, samples=replicas, run_id=f"replica-of-{real.header.run_id}")


def predictions_of(cells, **options):
    real, guess = sides(cells, **options)
    return build_report([real], [guess]).predictions


def test_a_row_holds_both_sides_each_against_its_own_baseline(predicting):
    row = next(row for row in predicting.predictions.rows if (row.profile, row.path) == POD)
    assert row.cluster == "calico-ipip (cluster) · pod-ip"
    assert row.replica == "calico-ipip (data-path replica) · pod-ip"
    alone = build_report([factories.run()])
    assert row.replica_change.percent == next(cell for cell in alone.cells if cell.name == row.replica).change.percent
    assert row.cluster_change.percent == pytest.approx(-10.9, abs=0.2)
    assert row.difference_points == row.replica_change.percent - row.cluster_change.percent


def test_every_verdict_in_the_order_of_the_cells(predicting):
    found = predicting.predictions
    assert [(row.profile, row.path, row.text) for row in found.rows] == [
        ("ipvlan-l2", "pod-ip", "agrees within 5\u202fpoints"),
        ("calico-ipip", "pod-ip", "agrees within 5\u202fpoints"),
        ("calico-ipip", "nodeport-local", "differs"),
        ("calico-ipip", "nodeport-remote", "cannot tell yet"),
    ]
    assert [row.agreement for row in found.rows] == ["agrees", "agrees", "differs", "cannot tell yet"]
    assert found.summary.startswith(
        "Of 4 cells measured on both: 2 agreeing within 5\u202fpoints, 1 differing, 1 that cannot be told yet. "
    )
    assert "off by 1.0 points at the median and by 7.0 points at most (calico-ipip · nodeport-local)" in found.summary


def test_the_difference_is_in_points_and_negative_where_the_replica_loses_more():
    found = predictions_of({POD: (0.9, 0.8), ("ipvlan-l2", "pod-ip"): (0.7, 0.75)})
    assert {row.profile: row.difference_points for row in found.rows} == pytest.approx(
        {"calico-ipip": -10, "ipvlan-l2": 5}, abs=0.01
    )


def test_a_wide_interval_agrees_with_nothing(predicting):
    row = predicting.predictions.rows[-1]
    assert (row.path, row.agreement) == ("nodeport-remote", "cannot tell yet")
    assert row.low_points < -5 < abs(row.difference_points) < 5 < row.high_points
    assert row.cluster_change.low_percent < row.replica_change.percent < row.cluster_change.high_percent


def test_the_intervals_of_the_differences_hold_together(predicting):
    rows = predicting.predictions.rows
    alone = build_report([factories.clusters(cells={BASE: (1, 0), POD: (0.889, 0.01)})], [factories.run()])
    (one,) = alone.predictions.rows
    among = next(row for row in rows if row.path == "pod-ip" and row.profile == "calico-ipip")
    assert one.difference_points == pytest.approx(among.difference_points)
    assert among.low_points < one.low_points < one.high_points < among.high_points
    assert all(row.low_points < row.difference_points < row.high_points for row in rows)


def test_what_agrees_is_what_the_lab_calls_so():
    runs = [factories.clusters()], [factories.run()]
    found = build_report(*runs, ReportSpec(margin_points=0.1)).predictions
    assert {row.agreement for row in found.rows} <= {"differs", "cannot tell yet"}
    wide = build_report(*runs, ReportSpec(margin_points=40)).predictions
    assert {row.agreement for row in wide.rows} == {"agrees"}
    assert "within 40\u202fpoints (report.margin_points)" in wide.notes[1]


def test_both_clocks_the_base_and_what_is_left_out_are_said(predicting):
    found = predicting.predictions
    assert (found.base, found.clusters_clock, found.replicas_clock) == ("baseline-vm/host", "real", "virtual")
    clusters, replicas = found.clock_notes
    assert clusters.startswith("Clusters. Real clock")
    assert replicas.startswith("Replicas. Virtual clock")
    assert "caches, memory, hardware offload and parallelism" in replicas
    assert "each side's own" in found.notes[0]


def test_the_order_is_compared_from_four_cells_on(predicting):
    (order,) = predicting.predictions.orders
    assert (order.cells, order.tau, order.settled, order.kept) == (4, 1, 5, 5)
    (order,) = predictions_of({POD: (0.9, 0.8), ("ipvlan-l2", "pod-ip"): (0.7, 0.75)}).orders
    assert (order.cells, order.tau) == (2, None)
    assert order.text == "Order: cannot tell from 2 cells with an interval on both sides; 4 can."


def test_too_few_rounds_of_the_cluster_cannot_tell():
    found = build_report([factories.clusters(rounds=2)], [factories.run()]).predictions
    assert {row.agreement for row in found.rows} == {"cannot tell yet"}
    assert {(row.low_points, row.high_points) for row in found.rows} == {(None, None)}
    assert found.rows[0].text == "cannot tell yet: 2 rounds of the cluster with a baseline"
    assert found.rows[0].difference_points is not None
    assert found.summary == "Of 4 cells measured on both: 4 that cannot be told yet."
    assert found.orders[0].cells == 0


def test_replicas_are_listed_apart_and_not_among_the_cells(predicting):
    found = predicting.predictions
    assert all("(data-path replica)" not in cell.label for cell in predicting.cells)
    assert [cell.label for cell in found.cells][:2] == ["baseline-vm", "ipvlan-l2 (data-path replica)"]
    assert [run.run_id for run in found.runs] == ["20250601-120000"]
    assert [run.run_id for run in predicting.runs] == ["20250602-120000"]
    assert any(text.startswith("Replicas: ipvlan-l2 (data-path replica)") for text in predicting.warnings)


def test_a_path_without_a_replica_is_named():
    replica = factories.run(cells=[BASE, POD])
    found = build_report([factories.clusters()], [replica]).predictions
    assert [row.path for row in found.rows] == ["pod-ip"]
    assert "ipvlan-l2 (cluster) · pod-ip" in found.unpaired
    assert len(found.unpaired) == 3


def test_samples_may_take_longer_on_one_side_and_it_is_said():
    found = predictions_of({POD: (0.9, 0.8)}, loads=(LONGER, USUAL))
    assert found.notes[-1].startswith("Samples took 5 s on the clusters and 1 s on the replicas")
    assert len(predictions_of({POD: (0.9, 0.8)}).notes) == len(found.notes) - 1


def test_another_load_is_another_cell():
    with pytest.raises(ConfigError, match="under the same load"):
        predictions_of({POD: (0.9, 0.8)}, loads=(CLOSING, USUAL))


def test_each_load_has_rows_and_an_order_of_its_own():
    kept, kept_replica = sides({POD: (0.9, 0.8)})
    closing, closing_replica = sides({POD: (0.7, 0.75)}, loads=(CLOSING, CLOSING), run_id="closing")
    found = build_report([kept, closing], [kept_replica, closing_replica]).predictions
    assert [row.network for row in found.rows] == ["calico-ipip", "calico-ipip, one connection per request"]
    assert [row.difference_points for row in found.rows] == pytest.approx([-10, 5], abs=0.01)
    assert [order.text.partition(":")[0] for order in found.orders] == ["Order", "Order, one connection per request"]


def test_two_configurations_of_one_cluster_are_two_networks():
    known = factories.CLUSTER_PROFILES
    first, replica = sides({POD: (0.9, 0.8)}, profiles=factories.made(known))
    newer = factories.made(known, calico_ipip=factories.made_of("bb"))
    second, _ = sides({POD: (0.78, 0.8)}, run_id="second", profiles=newer)
    found = build_report([first, second], [replica]).predictions
    assert [row.network for row in found.rows] == ["calico-ipip (run 1)", "calico-ipip (run 2)"]
    assert [row.difference_points for row in found.rows] == pytest.approx([-10, 2], abs=0.01)
    assert "off by 6.0 points at the median and by 10.0 points at most (calico-ipip (run 1) · pod-ip)" in found.summary
    assert [cell.label for cell in build_report([first]).cells if cell.path == "pod-ip"] == ["calico-ipip (cluster)"]


def test_no_cell_in_common_names_both_sides():
    replicas = factories.run(cells=[BASE, ("ipvlan-l2", "pod-ip")])
    with pytest.raises(ConfigError) as caught:
        build_report([factories.clusters(cells={BASE: (1, 0), POD: (0.9, 0)})], [replicas])
    assert "the clusters are calico-ipip (pod-ip); the replicas are ipvlan-l2 (pod-ip)" in caught.value.message
    assert caught.value.hint


def test_another_baseline_is_another_question():
    replicas = factories.run(baseline_profile="calico-ipip", baseline_path="pod-ip")
    with pytest.raises(ConfigError, match="compared with baseline-vm/host, the replicas with calico-ipip/pod-ip"):
        build_report([factories.clusters()], [replicas])


def test_a_clusters_own_host_and_the_bare_vm_ask_the_same():
    host = ("cluster-host", "host")
    info = factories.PROFILES[0].model_copy(update={"name": host[0], "label": "cluster-host", "stack": "kubeadm"})
    real = factories.clusters(
        cells={host: (1, 0), POD: (0.9, 0)},
        profiles=(info, *factories.CLUSTER_PROFILES[1:]),
        baseline_profile=host[0],
    )
    report = build_report([real], [factories.run()])
    found = report.predictions
    assert (found.base, found.replicas_base) == ("cluster-host/host", "baseline-vm/host")
    assert "the baseline is cluster-host/host (cluster) and baseline-vm/host (replica)." in found.notes[0]
    (row,) = found.rows
    assert row.cluster_change.percent == pytest.approx(-10, abs=0.01)
    text = markdown.render(report).replace("\\", "")
    assert "against baseline-vm/host" in text.partition("The replicas' own figures")[2]
    assert "cluster-host/host (cluster) and baseline-vm/host (replica)" in charts.predictions(report)


def test_clusters_predict_nothing():
    with pytest.raises(ConfigError, match=r"one of clusters: run two has baseline-vm \(vm\), calico-ipip \(kubeadm\)"):
        build_report([factories.clusters()], [factories.run(), factories.clusters(run_id="two")])


def test_there_must_be_a_cluster_to_predict():
    with pytest.raises(ConfigError, match=r"no cluster for replicas to predict: run 20250601-120000 has") as caught:
        build_report([factories.run()], [factories.run(run_id="b")])
    assert "netlab report CLUSTER_RUN --replicas b" in caught.value.hint


def test_replicas_of_different_environments_are_refused():
    other = factories.run(run_id="other", environment=factories.environment(guest_kernel="6.1"))
    with pytest.raises(ConfigError, match=r"other.*guest_kernel: "):
        build_report([factories.clusters()], [factories.run(), other])


def test_replicas_without_a_sample_are_no_replicas():
    with pytest.raises(ResultsError, match="no sample"):
        build_report([factories.clusters()], [factories.run(samples=[])])


def test_a_cluster_and_a_replica_are_not_mixed_and_the_hint_says_what_to_do():
    for runs in ([factories.clusters(), factories.run()], [factories.run(), factories.clusters()]):
        with pytest.raises(ConfigError, match="different environments") as caught:
            build_report(runs)
        assert "netlab report 20250602-120000 --replicas 20250601-120000" in caught.value.hint


def test_one_name_is_one_thing_even_in_one_environment():
    same = factories.run(run_id="b", environment=factories.clusters().header.environment)
    with pytest.raises(ConfigError, match="'calico-ipip' is a cluster in one run and a replica in another"):
        build_report([factories.clusters(), same])


def test_clusters_alone_are_marked_and_predict_nothing():
    report = build_report([factories.clusters()])
    assert report.predictions is None
    assert {cell.label for cell in report.cells} == {"baseline-vm", "ipvlan-l2 (cluster)", "calico-ipip (cluster)"}
    assert {cell.stack for cell in report.cells} == {"vm", "kubeadm"}
    assert all("cluster" in headline.text for headline in report.headlines)
    assert "ipvlan-l2 (cluster)" in report.descriptions


def test_it_survives_json_and_older_reports_have_none(predicting, report):
    assert Report.model_validate_json(predicting.model_dump_json()) == predicting
    older = report.model_dump(mode="json", exclude={"predictions": True, "cells": {"__all__": {"stack"}}})
    assert Report.model_validate(older).predictions is None
