from __future__ import annotations

import pytest

from netlab.model.latencies import Latencies
from netlab.model.sample import RefusedSample
from netlab.report.compute.build import build_report
from tests import factories

THIN = "\N{NARROW NO-BREAK SPACE}"
POD = ("calico-ipip", "pod-ip")


def warnings(*samples, **changes):
    return "\n".join(build_report([factories.run(samples=samples, **changes)]).warnings)


def pod(**changes):
    return factories.sample(POD, **changes)


def wrk(**changes):
    return pod().wrk.model_copy(update=changes)


def test_a_clean_run_only_flags_what_is_faster_than_its_base(report):
    (only,) = report.warnings
    assert only.startswith("ipvlan-l2")
    assert "no mistake by itself" in only


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (
            pod(wrk=wrk(errors=factories.WrkErrors(timeout=3, status=1))),
            f"Requests failed: calico-ipip (data-path replica) · pod-ip 0.2{THIN}‰ (1 status, 3 timeout).",
        ),
        (
            pod(wrk=wrk(requests=40_000, histogram=Latencies([(200, 40_000)]))),
            f"calico-ipip (data-path replica) · pod-ip 200.0{THIN}% (8.0 of 4 connections, round 1); ",
        ),
        (
            pod(wrk=wrk(requests=20_000, histogram=Latencies([(204, 20_000)]))),  # within a tenth: not possible either
            f"calico-ipip (data-path replica) · pod-ip 102.0{THIN}% (4.1 of 4 connections, round 1); ",
        ),
        (pod(wrk=wrk(histogram=None)), "the response times leave out round 1, where wrk's correction"),
    ],
)
def test_a_sample_that_cannot_be_is_named(sample, expected):
    found = warnings(factories.sample(), sample)
    assert expected in found


def test_what_the_profilers_parser_could_not_read_is_named():
    spots = factories.hotspots(POD).model_copy(update={"unreadable_samples": 3})
    total = spots.total_samples + 3
    assert f"pod-ip: 3 of the profiler's {total} samples cannot be read and are in no share." in warnings(
        pod(), spots=[spots]
    )


def refused(path, round_, attempt, **changes):
    values = {"profile": "calico-ipip", "keepalive": True, "reason": f"reason {path} {round_}", **changes}
    return RefusedSample(path=path, round=round_, attempt=attempt, **values)


def test_refused_samples_are_named_by_what_became_of_them():
    run = factories.run(rounds=3)
    lost = [one for one in run.samples if not (one.path in {"pod-ip", "host"} and one.round == 2)]
    gone = (
        refused("pod-ip", 1, 1),
        refused("pod-ip", 2, 1, reason="first"),
        refused("pod-ip", 2, 2),
        refused("host", 2, 2, profile="baseline-vm"),
        refused("clusterip", 3, 2, keepalive=False),
    )
    again, out, base, *_ = build_report([run.model_copy(update={"samples": tuple(lost), "refused": gone})]).warnings
    assert again.endswith(": calico-ipip/pod-ip in round 1 (reason pod-ip 1).")
    assert out.endswith(
        ": calico-ipip/pod-ip in round 2 (reason pod-ip 2), baseline-vm/host in round 2 (reason host 2), "
        "calico-ipip/clusterip without keepalive in round 3 (reason clusterip 3)."
    )
    assert base.endswith(": baseline-vm/host in round 2.")


def test_spread_and_lost_rounds_are_named():
    found = warnings(pod(rate=100), pod(rate=120, round_=2), rounds=5)
    assert "calico-ipip (data-path replica) · pod-ip by 18.2" in found
    assert "measured in 2 of 5 rounds" in found


def test_too_few_rounds_say_how_many_would_do():
    assert "1 round with a baseline cannot tell a difference from chance; 3 can" in warnings(factories.sample(), pod())


def test_what_affects_many_cells_alike_is_one_sentence():
    cells = (factories.BASELINE, POD)
    found = warnings(*(factories.sample(cell, round_=at, rate=100 * at) for cell in cells for at in (1, 2, 3)))
    (spread,) = [line for line in found.splitlines() if "spread between rounds" in line]
    assert spread.count(" by 100.0") == len(cells)
