from __future__ import annotations

import pytest

from netlab.model.sample import Counters, CpuTicks, WrkErrors, WrkResult
from netlab.report.compute.build import build_report
from tests import factories

NODEPORT = ("calico-ipip", "nodeport-local")


def wrk(requests, us):
    return WrkResult(
        requests=requests,
        duration_us=1_000_000,
        bytes=1,
        errors=WrkErrors(),
        histogram=((us, requests),),
        corrected_histogram=((us, requests),),
    )


def kernel(softirq, net_rx, *, hosts=("client", "node1", "node2")):
    ticks = CpuTicks(user=0, nice=0, system=100 - softirq, idle=0, iowait=0, irq=0, softirq=softirq, steal=0)
    return Counters(
        hosts=hosts,
        cpu=ticks,
        softirqs={"NET_RX": net_rx, "TIMER": 100},
        softnet_processed=0,
        softnet_dropped=0,
        softnet_squeezed=0,
    )


def run(rounds=3, kernels=lambda softirq, runs: (kernel(softirq, runs),)):
    """The text that all began with: 1.68 ms and 716 requests/s against 2.11 ms and 554, noise of 0, 1, 2 requests."""
    taken = []
    for at in range(1, rounds + 1):
        bare, pod = wrk(716 + at, 1680), wrk(554 + at, 2110)
        taken += [
            factories.sample(round_=at, wrk=bare, kernels=kernels(20, 1000)),
            factories.sample(NODEPORT, round_=at, wrk=pod, kernels=kernels(30, 1400)),
        ]
    return factories.run(rounds=rounds, cells=[factories.BASELINE, NODEPORT], samples=taken, spots=[])


def sides(found):
    return [cell.side_by_side for cell in build_report([found]).cells]


def test_known_figures_and_their_changes():
    bare, pod = sides(run())
    assert (bare.mean_us.value, pod.mean_us.value) == (1680, 2110)
    assert pod.mean_us.change_percent == pytest.approx(100 * (2110 / 1680 - 1))
    assert pod.requests_per_second.value == pytest.approx(556)
    assert pod.requests_per_second.change_percent == pytest.approx(-22.56, abs=0.01)
    assert (
        pod.requests_per_second.change.low
        < pod.requests_per_second.change_percent
        < pod.requests_per_second.change.high
    )
    assert (bare.softirq_percent.value, pod.softirq_percent.value) == (pytest.approx(20), pytest.approx(30))
    assert pod.softirq_percent.change_percent == pytest.approx(50)
    assert (bare.system_percent.value, pod.system_percent.value) == (pytest.approx(80), pytest.approx(70))
    assert (pod.user_percent.value, pod.user_percent.change_percent) == (0, None)
    assert pod.net_rx_per_request.value == pytest.approx(1400 / 556)
    assert pod.softirqs_per_request.value == pytest.approx(1500 / 556)
    assert pod.net_rx_per_request.interval.low < 1400 / 556 < pod.net_rx_per_request.interval.high


def test_the_baseline_has_no_change_and_few_rounds_no_interval():
    bare, pod = sides(run(rounds=2))
    assert bare.mean_us.change_percent is None
    assert pod.mean_us.change_percent is not None
    assert (pod.mean_us.change, pod.mean_us.interval) == (None, None)


def test_several_kernels_are_added_up():
    apart = sides(run(kernels=lambda softirq, runs: (kernel(softirq, runs, hosts=("a",)), kernel(10, 7, hosts=("b",)))))
    assert apart[0].softirq_percent.value == pytest.approx(30)
    assert apart[0].net_rx_per_request.value == pytest.approx(1007 / 718)


def test_what_was_not_counted_is_none_and_not_zero():
    bare, pod = sides(run(kernels=lambda *_: ()))
    assert bare.softirq_percent.value is None
    assert pod.net_rx_per_request.change_percent is None
    assert pod.mean_us.value == 2110
