from __future__ import annotations

import pytest

from netlab.measure.looks import Look
from netlab.measure.pace import Pace
from netlab.measure.plan import Block, Target
from netlab.progress import Reporter

ONE, THREE = (Target(path="host"),), tuple(Target(path=path) for path in ("pod-ip", "nodeport-local", "clusterip"))
PLAN = tuple(
    Block(round=number, position=at, profile=profile, targets=targets)
    for number in range(1, 11)
    for at, (profile, targets) in enumerate([("baseline-vm", ONE), ("calico-ipip", THREE)])
)


class Seen(Reporter):
    """Remembers what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.left: list[float | None] = []
        self.lines: list[str] = []

    def rounds(self, done, total, eta, *, more=""):
        self.left.append(eta)

    def milestone(self, text):
        self.lines.append(text)


def test_time_is_told_once_each_kind_of_block_was_timed():
    seen = Seen()
    pace = Pace(seen, PLAN, 1, most=False)
    pace.done(PLAN[0], 2.0)
    pace.done(PLAN[1], 8.0)
    pace.done(PLAN[2], 4.0)
    assert seen.left == [None, 9 * 10, pytest.approx(8 * 3 + 9 * 8)]
    assert seen.lines == ["round 1 of 10 is measured, 1 min 30 s left"]


def test_fleets_share_the_rest_and_what_was_there_took_no_time():
    seen = Seen()
    pace = Pace(seen, PLAN, 2, most=False)
    for block in PLAN[:10]:
        pace.done(block, None)
    assert seen.left == []
    pace.done(PLAN[10], 2.0)
    pace.done(PLAN[11], 8.0)
    assert seen.left == [None, pytest.approx(4 * 10 / 2)]


def test_with_a_precision_it_is_the_time_to_the_round_that_the_spread_lets_expect():
    seen = Seen()
    pace = Pace(seen, PLAN, 1, most=True)
    for block in PLAN[:6]:
        pace.done(block, 2.0 if block.profile == "baseline-vm" else 8.0)
    pace.looked(3, Look(3, "calico-ipip/pod-ip", 5.0), 2.0)
    look = Look(3, "calico-ipip/pod-ip", 5.0)
    expected = look.rounds_for(2.0)
    assert 3 < expected < 10
    assert pace.left() == pytest.approx((expected - 3) * 10)
    (line,) = seen.lines
    assert line.startswith(
        "round 3 of at most 10 is measured, calico-ipip/pod-ip is known to ± 5 %, ± 2 % is asked, about "
    )
