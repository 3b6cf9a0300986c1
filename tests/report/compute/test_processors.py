from __future__ import annotations

import pytest

from netlab.model.sample import CpuTicks, ProcessorCounters
from netlab.report.compute.build import build_report
from tests import factories

NODEPORT = ("calico-ipip", "nodeport-local")


def one(name, softirq, net_rx):
    ticks = CpuTicks(user=20, nice=0, system=10, idle=70 - softirq, iowait=0, irq=0, softirq=softirq, steal=0)
    return ProcessorCounters(name=name, cpu=ticks, softirqs={"NET_RX": net_rx, "HI": 0})


def cells(*places, rounds=3):
    """A run of two cells on one kernel with these processors in each sample of the second: (name, softirq, NET_RX)."""
    kernel = factories.counters(1, 100)
    taken = []
    for at in range(1, rounds + 1):
        each = tuple(one(*place) for place in places if place is not None)
        taken += [
            factories.sample(round_=at),
            factories.sample(NODEPORT, round_=at, kernels=(kernel.model_copy(update={"processors": each}),)),
        ]
    run = factories.run(rounds=rounds, cells=[factories.BASELINE, NODEPORT], samples=taken, spots=[])
    return build_report([run]).cells


def test_each_processor_has_its_shares_and_softirqs():
    bare, pod = cells(("cpu0", 30, 900), ("cpu1", 0, 100))
    requests = pod.requests / pod.rounds
    assert bare.processors == ()  # a kernel of one
    assert [(use.name, use.hosts) for use in pod.processors] == [
        ("cpu0", ("client", "node1", "node2")),
        ("cpu1", ("client", "node1", "node2")),
    ]
    first, second = pod.processors
    assert (first.percent["softirq"], first.percent["idle"], first.busy_percent) == (30, 40, 60)
    assert second.busy_percent == 30
    assert first.softirqs_per_request == {"NET_RX": pytest.approx(900 / requests)}
    assert second.softirqs_per_request["NET_RX"] == pytest.approx(100 / requests)
    found = first.softirq_intervals["NET_RX"]
    assert found.low <= first.softirqs_per_request["NET_RX"] <= found.high


def test_a_processor_that_some_rounds_do_not_have_is_left_out():
    kernel = factories.counters(1, 100)
    both, alone = (one("cpu0", 1, 1), one("cpu1", 1, 1)), (one("cpu0", 1, 1),)
    taken = [
        factories.sample(round_=at, kernels=(kernel.model_copy(update={"processors": each}),))
        for at, each in enumerate((both, both, alone), 1)
    ]
    run = factories.run(rounds=3, cells=[factories.BASELINE], samples=taken, spots=[])
    (cell,) = build_report([run]).cells
    assert [use.name for use in cell.processors] == ["cpu0"]
