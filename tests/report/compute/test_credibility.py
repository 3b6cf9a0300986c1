"""What a report says of the rules by which it was looked at."""

import pytest

from netlab.gates.rules import GATES
from netlab.model.latencies import Latencies
from netlab.report.compute import credibility
from netlab.report.compute.build import build_report
from netlab.samples.evidence import read_proof
from tests import factories
from tests.standins import EVIDENCE

THIN = "\N{NARROW NO-BREAK SPACE}"
POD = ("calico-ipip", "pod-ip")
BEFORE = {"machine-load", "host-load", "frequency", "throttling", "clock-skew", "link-rate"}


def gates(*runs):
    return {one.name: one for one in build_report(list(runs)).gates}


def real(**changes):
    return factories.header(environment=factories.environment(clock="real"), **changes)


def altered(cell=POD, **changes):
    """Return a run of which one cell's samples have other counters."""
    run = factories.run()
    return run.model_copy(
        update={
            "header": real(),
            "samples": tuple(
                one.model_copy(update={"kernels": tuple(_kernel(each, **changes) for each in one.kernels)})
                if (one.profile, one.path) == cell
                else one
                for one in run.samples
            ),
        }
    )


def _kernel(counters, *, steal=0, lost=0, dropped=0):
    cpu = counters.cpu.model_copy(update={"steal": steal, "system": counters.cpu.system - steal - lost})
    return counters.model_copy(update={"cpu": cpu, "softnet_dropped": dropped})


def test_there_is_one_result_per_rule_and_a_healthy_run_breaks_none():
    found = gates(factories.run())
    assert list(found) == [gate.name for gate in GATES]
    assert {one.outcome for one in found.values()} == {"passed", "not looked at"}
    assert all(one.text for one in found.values() if one.outcome == "not looked at")
    assert found["errors"].worst == found["lost-ticks"].worst == 0


def test_what_no_run_records_says_what_looks_at_it():
    found = gates(factories.run().model_copy(update={"header": real()}))
    assert {name for name, one in found.items() if "netlab doctor --bench" in one.text} == BEFORE


def test_on_the_virtual_clock_what_lies_below_means_nothing():
    found = gates(factories.run())
    none = {name for name, one in found.items() if one.text == credibility.NO_MEANING}
    assert none == BEFORE - {"host-load"} | {"steal"}


@pytest.mark.parametrize(
    ("name", "changes", "worst", "text"),
    [
        (
            "steal",
            {"steal": 20},
            20,
            f"pod-ip 20.0{THIN}% on client, node1, node2; what counts is more",
        ),
        (
            "lost-ticks",
            {"lost": 30},
            30,
            f"pod-ip 30.0{THIN}% on client, node1, node2; what counts is more",
        ),
        (
            "dropped-packets",
            {"dropped": 7},
            35,
            f"pod-ip 35{THIN}packets on client, node1, node2. Use fewer",
        ),
    ],
)
def test_a_broken_rule_is_one_warning_with_number_place_limit_and_what_to_do(name, changes, worst, text):
    report = build_report([altered(**changes)])
    found = {one.name: one for one in report.gates}[name]
    assert (found.outcome, found.worst) == ("warning", pytest.approx(worst))
    (where,) = found.where
    assert where.startswith("calico-ipip (data-path replica) · pod-ip ")
    assert text in found.text
    assert report.warnings.count(found.text) == 1
    assert [one.name for one in report.gates if one.outcome == "warning"] == [name]


def test_requests_in_flight_are_named_with_their_rounds():
    def waiting(one):
        wrk = one.wrk.model_copy(update={"histogram": Latencies([(50, one.wrk.requests)])})
        return one.model_copy(update={"wrk": wrk})

    run = factories.run(rounds=3)
    samples = [waiting(one) if (one.profile, one.path, one.round) == (*POD, 2) else one for one in run.samples]
    found = gates(run.model_copy(update={"samples": tuple(samples)}))["client-saturated"]
    assert found.outcome == "warning"
    assert found.where[0].endswith("of 4 connections, round 2)")
    assert "what counts is less than 60" in found.text


def test_many_places_are_one_sentence_that_names_the_worst():
    run = factories.run(rounds=3)
    samples = [
        one.model_copy(update={"kernels": tuple(_kernel(each, steal=5 + one.round) for each in one.kernels)})
        for one in run.samples
    ]
    many = [
        one.model_copy(update={"load": one.load.model_copy(update={"response_bytes": size})})
        for size in (1, 2)
        for one in samples
    ]
    found = gates(run.model_copy(update={"header": real(rounds=3), "samples": tuple(many)}))["steal"]
    assert len(found.where) == 10
    assert found.text.count(" on client") == credibility.OFFENDERS
    assert "; and 2 more; what counts is" in found.text


def test_hosts_that_were_not_alike_under_two_profiles_are_named_in_a_stored_run():
    one = read_proof(EVIDENCE, "calico-ipip")
    host = one.facts["node1"].model_copy(update={"kernel_arguments": "mitigations=auto"})
    other = one.model_copy(update={"profile": "ipvlan-l2", "facts": {**one.facts, "node1": host}})
    alike = one.model_copy(update={"profile": "ipvlan-l2"})
    run = factories.run()
    outcomes = [
        gates(run.model_copy(update={"proofs": proofs}))["kernel"] for proofs in ((one, alike), (one, other), (one,))
    ]
    assert [(one.outcome, one.worst) for one in outcomes] == [
        ("passed", 0),
        ("warning", 1),
        ("not looked at", None),
    ]
    assert outcomes[1].text.startswith("Hosts had other kernels under some profiles: node1 (")


def test_runs_of_one_report_were_alike():
    one, other = factories.run(), factories.run()
    other = other.model_copy(update={"header": other.header.model_copy(update={"run_id": "20250602-120000"})})
    assert gates(one)["environment"].outcome == "not looked at"
    assert gates(one, other)["environment"].outcome == "passed"
