from __future__ import annotations

import pytest

from netlab.errors import ConfigError
from netlab.model.sample import RefusedHotSpots, RefusedSample
from netlab.report.compute.build import build_report
from netlab.report.render import html, markdown
from netlab.report.text import words
from netlab.report.text.words import UNMEASURED
from tests import factories, proofs

POD = ("calico-ipip", "pod-ip")
CELLS = (factories.BASELINE, POD)


def run(name, *, rate=1.0, cells=CELLS, rounds=3, **changes):
    """A run of two cells; ``rate`` sets it apart from others."""
    samples = [
        factories.sample(cell, round_=at, rate=rate * 10_000 * factories.SPEEDS[cell])
        for at in range(1, rounds + 1)
        for cell in cells
    ]
    values = {"profiles": factories.made(factories.PROFILES[:2]), **changes}
    return factories.run(samples=samples, rounds=rounds, run_id=name, **values)


def rows(report):
    return {(cell.label, cell.path): cell for cell in report.cells}


def pod_of(**provenance):
    return factories.made(factories.PROFILES[:2], calico_ipip=factories.made_of(**provenance))


def booted(**changes):
    """Proofs of hosts that were booted in another way."""
    host = proofs.facts("baseline-vm")["node1"].model_copy(update=changes)
    return tuple(
        proofs.proof(name).model_copy(update={"facts": {"node1": host}}) for name in ("baseline-vm", "calico-ipip")
    )


def test_runs_of_the_same_things_are_one_row():
    report = build_report([run("a"), run("b", rate=0.5)])
    assert [cell.label for cell in report.cells] == ["baseline-vm", "calico-ipip (data-path replica)"]
    assert report.cells[1].change.pairs == 6
    assert (report.differences, [text for text in report.warnings if "made of" in text]) == ((), [])


OTHER = factories.environment
ALL_APART = [
    ({"environment": OTHER(netlab_version="0.2.0")}, "netlab", ("0.1.0", "0.2.0")),
    ({"environment": OTHER(image_digest="f" * 64)}, "image", ("3f9c2a7d51b0", "f" * 12)),
    ({"environment": OTHER(image_key="other")}, "image", ("3f9c2a7d51b0", "other")),
    ({"environment": OTHER(control_cpus=4)}, "processors of the control plane", (None, "4")),
    ({"environment": OTHER(parallel_fleets=2)}, "fleets at the same time", (None, "2")),
    (
        {"profiles": factories.made(factories.PROFILES[:2], baseline_vm=factories.made_of("bb"))},
        "profile",
        ("aa", "bb"),
    ),
    ({"proofs": booted(kernel_arguments="quiet")}, "kernel command line", (None, "quiet")),
    ({"proofs": booted(vulnerabilities={"mds": "Vulnerable"})}, "CPU vulnerability mds", (None, "Vulnerable")),
]


@pytest.mark.parametrize(
    ("changes", "what", "values"), ALL_APART, ids=lambda value: value if isinstance(value, str) else None
)
def test_where_the_baseline_differs_no_row_is_pooled(changes, what, values):
    report = build_report([run("a"), run("b", rate=0.5, **changes)])
    found = rows(report)
    assert set(found) == {
        ("baseline-vm (run 1)", "host"),
        ("baseline-vm (run 2)", "host"),
        ("calico-ipip (data-path replica, run 1)", "pod-ip"),
        ("calico-ipip (data-path replica, run 2)", "pod-ip"),
    }
    assert [cell.rounds for cell in report.cells] == [3, 3, 3, 3]
    assert [cell.is_baseline for cell in report.cells] == [True, True, False, False]
    assert all(cell.change.percent == pytest.approx(-11.4) for cell in report.cells[2:]), "each against its own"
    (difference,) = [one for one in report.differences if one.what == what]
    assert difference.values == values


@pytest.mark.parametrize(
    ("provenance", "what", "values"),
    [
        ({"profile": "bb"}, "profile", ("aa", "bb")),
        ({"pod": "cc"}, "role pod", (None, "cc")),
        ({"artifacts": {"calico": "3.32.1"}}, "calico", (None, "3.32.1 (calico3.32.1)")),
    ],
)
def test_where_only_a_profile_differs_the_baseline_is_pooled(provenance, what, values):
    report = build_report([run("a"), run("b", rate=0.5, profiles=pod_of(**provenance))])
    found = {cell.label: cell for cell in report.cells}
    assert set(found) == {
        "baseline-vm",
        "calico-ipip (data-path replica, run 1)",
        "calico-ipip (data-path replica, run 2)",
    }
    assert (found["baseline-vm"].rounds, found["calico-ipip (data-path replica, run 2)"].change.pairs) == (6, 3)
    (difference,) = report.differences
    assert (difference.what, difference.profiles, difference.values) == (what, ("calico-ipip",), values)
    assert report.warnings[0].startswith(f"The runs were not made of the same things: {what}. Only equals are pooled")


def test_the_same_version_of_other_contents_is_another_artifact():
    one, other = (pod_of(artifacts={"calico": "3.32.1"}) for _ in range(2))
    made = other[1].provenance.artifacts["calico"].model_copy(update={"digest": "rebuilt"})
    provenance = other[1].provenance.model_copy(update={"artifacts": {"calico": made}})
    other = (other[0], other[1].model_copy(update={"provenance": provenance}))
    (difference,) = build_report([run("a", profiles=one), run("b", profiles=other)]).differences
    assert difference.values == ("3.32.1 (calico3.32.1)", "3.32.1 (rebuilt)")


def test_of_three_runs_equals_are_pooled():
    changed = pod_of(profile="bb")
    report = build_report([run("a"), run("b", profiles=changed), run("c")])
    found = {cell.label: cell.rounds for cell in report.cells}
    assert found["calico-ipip (data-path replica, runs 1, 3)"] == 6
    assert found["calico-ipip (data-path replica, run 2)"] == 3


def test_paths_and_facts_are_those_of_each_configuration():
    host = {"kernel_arguments": "quiet", "vulnerabilities": {}}
    report = build_report([run("a", proofs=booted()), run("b", proofs=booted(**host))])
    assert {picture.label for picture in report.paths} == {cell.label for cell in report.cells}
    assert [picture.is_baseline for picture in report.paths].count(True) == 2
    assert {facts.label for facts in report.facts} == {cell.label for cell in report.cells}


def test_runs_that_recorded_nothing_are_pooled_with_a_warning():
    old = {"profiles": factories.PROFILES[:2]}
    report = build_report([run("a", **old), run("b", **old)])
    assert len(report.cells) == 2
    assert any("not recorded in runs 1, 2" in text for text in report.warnings)


def test_what_is_not_recorded_is_not_taken_for_the_same():
    report = build_report([run("a", profiles=factories.PROFILES[:2]), run("b")])
    assert len(report.cells) == 4
    assert any("not recorded in run 1, by" in text for text in report.warnings)
    assert {one.values[0] for one in report.differences} == {None}


def test_a_run_that_is_named_twice_is_refused():
    with pytest.raises(ConfigError, match="run a is named twice"):
        build_report([run("a"), run("b"), run("a")])


def test_replicas_of_several_configurations_predict_nothing():
    replicas = [factories.run(run_id="a"), factories.run(run_id="b", environment=OTHER(netlab_version="9"))]
    with pytest.raises(ConfigError, match=r"not made of the same things \(netlab\)") as caught:
        build_report([factories.clusters()], replicas)
    assert "what differs" in caught.value.hint


def test_a_cell_that_is_missing_in_one_configuration_is_missing_there():
    changed = pod_of(profile="bb")
    report = build_report([run("a"), run("b", profiles=changed, cells=CELLS[:1])])
    gaps = {label for gap in report.missing if gap.path == "pod-ip" for label in gap.labels}
    assert gaps == {"calico-ipip (data-path replica, run 2)"}


def refused(found, reason="1 failed"):
    """The run with its only samples of pods refused."""
    one = RefusedSample(profile=POD[0], path=POD[1], keepalive=True, round=1, attempt=2, reason=reason)
    spots = RefusedHotSpots(profile=POD[0], path=POD[1], keepalive=True, reason="FILE cannot be read")
    return found.model_copy(update={"refused": (one,), "refused_hotspots": (spots,)})


@pytest.mark.parametrize("cells", [CELLS, CELLS[:1]], ids=["measured", "not measured"])
def test_a_gap_has_the_reason_of_its_own_configuration(cells):
    changed = pod_of(profile="bb")
    report = build_report([run("a", cells=cells), refused(run("b", profiles=changed, cells=CELLS[:1]))])
    gaps = {label: gap.reason for gap in report.missing if gap.path == "pod-ip" for label in gap.labels}
    label = "calico-ipip (data-path replica, run {})".format
    assert gaps.pop(label(2)) == "no sample can be used: 1 failed"
    assert gaps.pop(label(1), UNMEASURED) == UNMEASURED


def test_what_was_refused_names_its_run_where_there_are_several():
    first, second = refused(run("a", cells=CELLS[:1])), refused(run("b", cells=CELLS[:1]), "2 failed")
    out, *profiles = build_report([first, second]).warnings[:3]
    assert "calico-ipip/pod-ip in round 1 of run 1 (1 failed), calico-ipip/pod-ip in round 1 of run 2 (2 fai" in out
    assert profiles == [
        f"The profile of calico-ipip/pod-ip of run {number} cannot be used: FILE cannot be read." for number in (1, 2)
    ]
    base = first.refused[0].model_copy(update={"profile": "baseline-vm", "path": "host", "round": 9})
    *_, alone = build_report([first, second.model_copy(update={"refused": (base,)})]).warnings[:2]
    assert alone.endswith("is compared: baseline-vm/host in round 9 of run 2.")


def test_each_row_was_planned_in_its_own_runs_only():
    """Neither the rounds of another configuration nor those of a run without the profile are missing."""
    alone = run("c", cells=CELLS[:1], profiles=factories.made(factories.PROFILES[:1]))
    report = build_report([run("a"), run("b", profiles=pod_of(profile="bb")), alone])
    assert [cell.rounds for cell in report.cells] == [9, 3, 3]
    assert not any("measured in" in text for text in report.warnings)


def test_how_many_processors_and_fleets_there_were_is_said_once():
    """In the environment where all runs say the same, else among the differences."""
    one, other = (OTHER(control_cpus=cpus, parallel_fleets=cpus) for cpus in (2, 4))
    alike = build_report([run("a", environment=one), run("b", environment=one)])
    assert {("control cpus", "2"), ("parallel fleets", "2")} <= set(words.environment(alike))
    apart = build_report([run("a", environment=one), run("b", environment=other)])
    assert {"control cpus", "parallel fleets"}.isdisjoint(dict(words.environment(apart)))
    assert "| fleets at the same time | baseline-vm, calico-ipip | 2 | 4 |" in markdown.render(apart).replace("\\", "")
    assert "not made of the same things: processors of the control plane, fleets at the" in apart.warnings[0]


def test_every_format_lists_what_differs():
    report = build_report([run("a"), run("b", profiles=pod_of(profile="bb"))])
    for text in (html.render(report), markdown.render(report)):
        assert "Differences between the runs" in text
        assert "run 2: b" in text
    assert "| profile | calico-ipip | aa | bb |" in markdown.render(report)
    alone = build_report([run("a")])
    assert "Differences between" not in html.render(alone) + markdown.render(alone)


def test_a_cluster_says_which_version_it_was():
    artifacts = {"kubernetes": "1.36.4", "calico": "3.32.1", "containerd": "2.3.4"}
    profiles = factories.made(factories.CLUSTER_PROFILES, calico_ipip=factories.made_of(artifacts=artifacts))
    report = build_report([factories.clusters(profiles=profiles)])
    labels = {cell.profile: cell.label for cell in report.cells}
    assert labels["calico-ipip"] == "calico-ipip (cluster: Calico 3.32.1 on Kubernetes 1.36.4)"
    assert labels["ipvlan-l2"] == "ipvlan-l2 (cluster)"
    assert "containerd 2.3.4" in html.render(report)
    assert "| containerd | 2.3.4 (containerd2." in markdown.render(report)
