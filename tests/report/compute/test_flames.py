from __future__ import annotations

import pytest

from netlab.model.sample import HotFunction, HotSpots, HotStack
from netlab.report.compute.build import build_report
from tests import factories

POD = ("calico-ipip", "pod-ip")


def spots(cell, chains):
    total = sum(chains.values())
    leaf = HotFunction(symbol="f", group="tcp", samples=total or 10)
    stacks = tuple(HotStack(frames=tuple(chain.split()), samples=n) for chain, n in sorted(chains.items()))
    return HotSpots(profile=cell[0], path=cell[1], total_samples=total, functions=(leaf,), stacks=stacks)


def flames(bare, pod, **changes):
    found = [spots(factories.BASELINE, bare), spots(POD, pod)]
    run = factories.run(cells=[factories.BASELINE, POD], spots=found, **changes)
    report = build_report([run])
    return {flame.name: flame for flame in report.flames}, {cell.name: cell for cell in report.cells}


def by_name(flame):
    return {frame.name: frame for frame in flame.frames}


def test_shares_become_the_cost_of_a_request_and_callers_hold_their_callees():
    found, cells = flames({"nginx": 250, "nginx tcp": 750}, {"nginx tcp": 600, "nginx tcp nat": 400})
    mine = by_name(found["calico-ipip (data-path replica) · pod-ip"])
    cost = cells["calico-ipip (data-path replica) · pod-ip"].cpu_us_per_request
    base = cells["baseline-vm · host"].cpu_us_per_request
    assert mine["all"].value == mine["nginx"].value == mine["tcp"].value == pytest.approx(cost)
    assert mine["nat"].value == pytest.approx(0.4 * cost)
    assert (mine["nat"].base_value, mine["nat"].told) == (0, True)
    assert mine["tcp"].base_value == pytest.approx(0.75 * base)
    assert [frame.depth for frame in found["calico-ipip (data-path replica) · pod-ip"].frames] == [0, 1, 2, 3]


def test_what_only_the_baseline_has_stays():
    found, _ = flames({"nginx": 500, "nginx gone": 500}, {"nginx": 1000})
    gone = by_name(found["calico-ipip (data-path replica) · pod-ip"])["gone"]
    assert (gone.value, gone.told) == (0, True)
    assert gone.base_value > 0


def test_the_baseline_is_compared_with_nothing():
    found, _ = flames({"nginx": 100}, {"nginx": 100})
    assert found["baseline-vm · host"].base is None
    assert not any(frame.told or frame.base_value for frame in found["baseline-vm · host"].frames)


def test_few_samples_do_not_tell_and_rare_frames_are_left_out():
    found, _ = flames({"a": 950, "a b": 50}, {"a": 940, "a b": 57, "a c": 3})
    mine = by_name(found["calico-ipip (data-path replica) · pod-ip"])
    assert not mine["b"].told
    assert "c" not in mine


def test_on_several_kernels_it_is_shares():
    pair = tuple(factories.counters(1.0, 20_000).model_copy(update={"hosts": (host,)}) for host in ("client", "node1"))
    samples = [
        factories.sample(cell, round_=at, kernels=pair) for at in (1, 2, 3) for cell in (factories.BASELINE, POD)
    ]
    found, _ = flames({"a": 100}, {"a": 30, "b": 70}, samples=samples)
    flame = found["calico-ipip (data-path replica) · pod-ip"]
    assert flame.unit == "% of the busy samples"
    assert by_name(flame)["b"].value == pytest.approx(70)


def test_a_profile_without_chains_has_no_graph():
    assert flames({}, {})[0] == {}
