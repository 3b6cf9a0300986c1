from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab import profiles
from netlab.measure.plan import Target, plan_rounds, plan_run
from tests import factories

CELLS = {
    "baseline-vm": [Target(path="host"), Target(path="host", keepalive=False)],
    "calico-ipip": [Target(path="pod-ip"), Target(path="nodeport-local"), Target(path="nodeport-remote")],
    "services-iptables-1000": [Target(path="nodeport-local", keepalive=False)],
}
BLOCKS = tuple(CELLS.items())
PROFILES = {name: profiles.find(name) for name in ("baseline-vm", "calico-ipip", "services-iptables-1000")}
controls = st.sampled_from([None, "block", "sample"])
seeds = st.integers(0, 2**31 - 1)


def plan(*, rounds=5, seed=7, control="block"):
    infos = tuple(profile.info(("host", "pod-ip", "nodeport-local")) for profile in PROFILES.values())
    return plan_run(factories.header(rounds=rounds, seed=seed, control=control, profiles=infos), PROFILES)


@given(rounds=st.integers(3, 20), seed=seeds)
def test_every_round_measures_every_cell_once(rounds, seed):
    blocks = plan_rounds(BLOCKS, rounds, seed)
    cells = Counter((block.round, block.profile, target.file) for block in blocks for target in block.targets)
    assert set(cells.values()) == {1}
    assert len(cells) == rounds * sum(map(len, CELLS.values()))
    assert [block.round for block in blocks] == sorted(block.round for block in blocks)
    assert {block.position for block in blocks} == set(range(len(CELLS)))


@given(rounds=st.integers(3, 12), seed=seeds, control=controls)
def test_a_round_has_each_cell_once_and_each_baseline_once_more_as_a_control(rounds, seed, control):
    found = plan(rounds=rounds, seed=seed, control=control)
    once = {("baseline-vm", "host"), ("baseline-vm", "host+close"), ("services-iptables-1000", "nodeport-local+close")}
    once |= {("calico-ipip", "pod-ip"), ("calico-ipip", "nodeport-local")}
    again = {("baseline-vm", "host+control"), ("baseline-vm", "host+close+control")} if control else set()
    for number in range(1, rounds + 1):
        mine = [block for block in found if block.round == number]
        assert Counter((one.profile, target.file) for one in mine for target in one.targets) == Counter(once | again)
        assert len(mine) == 3 + (control == "block"), "blocks are restores: one more for a control of its own, no other"
    assert len({block.folder for block in found}) == len(found)


@given(seed=seeds, control=controls)
def test_the_seed_decides_the_order_and_a_longer_plan_begins_as_a_shorter_one(seed, control):
    short = plan(seed=seed, control=control)
    assert short == plan(seed=seed, control=control)
    assert plan(rounds=9, seed=seed, control=control)[: len(short)] == short


def test_without_a_control_a_seed_gives_the_order_that_it_gave_before_there_was_one():
    """The golden order is of the netlab that wrote run.json in version 3."""
    order = [(block.profile, [target.file for target in block.targets]) for block in plan_rounds(BLOCKS, 3, 42)]
    assert order == GOLDEN


@pytest.mark.parametrize("control", ["block", "sample"])
def test_the_control_is_before_the_baseline_about_as_often_as_after_it(control):
    order = [target.file for block in plan(rounds=400, seed=3, control=control) for target in block.targets]
    wanted = [file for file in order if file in {"host", "host+control"}]
    before = sum(pair == ("host+control", "host") for pair in zip(wanted[::2], wanted[1::2], strict=True))
    assert 150 < before < 250


def test_orders_differ_between_rounds():
    orders = {tuple(b.profile for b in plan_rounds(BLOCKS, 20, 1) if b.round == number) for number in range(1, 21)}
    assert len(orders) > 1


def test_folder_of_a_block_sorts_by_round_then_position():
    blocks = plan_rounds(BLOCKS, 11, 7)
    assert [block.folder for block in blocks] == sorted(block.folder for block in blocks)


GOLDEN = [
    ("calico-ipip", ["nodeport-remote", "nodeport-local", "pod-ip"]),
    ("baseline-vm", ["host+close", "host"]),
    ("services-iptables-1000", ["nodeport-local+close"]),
    ("calico-ipip", ["nodeport-local", "pod-ip", "nodeport-remote"]),
    ("services-iptables-1000", ["nodeport-local+close"]),
    ("baseline-vm", ["host+close", "host"]),
    ("baseline-vm", ["host+close", "host"]),
    ("calico-ipip", ["nodeport-local", "nodeport-remote", "pod-ip"]),
    ("services-iptables-1000", ["nodeport-local+close"]),
]
