from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from netlab.measure.plan import Target, plan_rounds

CELLS = {
    "baseline-vm": [Target(path="host"), Target(path="host", keepalive=False)],
    "calico-ipip": [Target(path="pod-ip"), Target(path="nodeport-local"), Target(path="nodeport-remote")],
    "services-iptables-1000": [Target(path="nodeport-local", keepalive=False)],
}


@given(rounds=st.integers(3, 20), seed=st.integers(0, 2**31))
def test_every_round_measures_every_cell_once(rounds, seed):
    blocks = plan_rounds(CELLS, rounds, seed)
    cells = Counter((block.round, block.profile, target.file) for block in blocks for target in block.targets)
    assert set(cells.values()) == {1}
    assert len(cells) == rounds * sum(map(len, CELLS.values()))
    assert [block.round for block in blocks] == sorted(block.round for block in blocks)
    assert {block.position for block in blocks} == set(range(len(CELLS)))


@given(seed=st.integers(0, 2**31))
def test_seed_decides_the_order(seed):
    assert plan_rounds(CELLS, 5, seed) == plan_rounds(CELLS, 5, seed)


def test_orders_differ_between_rounds():
    orders = {tuple(b.profile for b in plan_rounds(CELLS, 20, 1) if b.round == number) for number in range(1, 21)}
    assert len(orders) > 1


def test_folder_of_a_block_sorts_by_round_then_position():
    blocks = plan_rounds(CELLS, 11, 7)
    assert [block.folder for block in blocks] == sorted(block.folder for block in blocks)
