"""Rounds: each visits every cell once, profiles in random order, and each profile's paths and loads in random order.

Order and heat decide a comparison that measures one competitor after the other; interleaving takes that away.

What is shuffled in a round is blocks, and in a block its targets. One shuffled row of all cells would be the simpler
draw, but hosts would have to become another profile before almost each of them: 14 restores of a snapshot in a round of
the default run instead of 6, or, on hosts without snapshots, 14 times undoing roles and playing others, which takes
minutes. What the cells of a block have in common is noise of that round like all else, because the baseline that they
are compared with is in another block; so their intervals have it. It makes the errors of these cells alike, which does
not matter to intervals that hold together by Bonferroni's inequality.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

from netlab.model.frozen import Frozen
from netlab.model.lab import PathName
from netlab.results.names import cell_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlab.model.profile import Profile
    from netlab.model.run import RunHeader

_T = TypeVar("_T")


class Target(Frozen):
    """A path, whether its load keeps connections open, and whether it is the control; all three name a raw file."""

    path: PathName
    keepalive: bool = True
    control: bool = False
    """The round's second sample of the baseline."""

    @property
    def file(self) -> str:
        """Name of the raw file, without its suffix."""
        return cell_file(self.path, keepalive=self.keepalive, control=self.control)

    @property
    def raw(self) -> str:
        """Name of the raw file."""
        return f"{self.file}.json"


class Block(Frozen):
    """One profile in one round: it is restored once, then its targets are measured in this order."""

    round: int
    """From 1."""
    position: int
    """Place in the round's order, from 0."""
    profile: str
    targets: tuple[Target, ...]

    @property
    def folder(self) -> str:
        """Name of the folder that holds the block's raw samples."""
        return f"r{self.round:02}-p{self.position:02}-{self.profile}"

    @property
    def kind(self) -> tuple[str, int]:
        """Blocks of one kind take about as long as each other: profile and number of targets."""
        return self.profile, len(self.targets)


def plan_run(header: RunHeader, profiles: Mapping[str, Profile]) -> tuple[Block, ...]:
    """Return all blocks that the run may need, in the order in which they are measured."""
    cells = targets(header, profiles)
    if header.control is None:
        return plan_rounds(list(cells.items()), header.rounds, header.seed)
    base = header.baseline_profile
    again = [one.model_copy(update={"control": True}) for one in cells[base] if one.path == header.baseline_path]
    if header.control == "sample":
        cells[base] += again
    blocks = [*cells.items(), *([(base, again)] if header.control == "block" else [])]
    return plan_rounds(blocks, header.rounds, header.seed)


def plan_rounds(blocks: Sequence[tuple[str, Sequence[Target]]], rounds: int, seed: int) -> tuple[Block, ...]:
    """Draw the order of each round's blocks, and of the targets in each; the same seed gives the same order.

    The rounds of a longer plan begin as those of a shorter one.
    """
    order = random.Random(seed)  # noqa: S311 - an order of measurement, not a secret
    plan: list[Block] = []
    for number in range(1, rounds + 1):
        for position, (profile, chosen) in enumerate(_shuffled(order, blocks)):
            drawn = tuple(_shuffled(order, chosen))
            plan.append(Block(round=number, position=position, profile=profile, targets=drawn))
    return tuple(plan)


def targets(header: RunHeader, profiles: Mapping[str, Profile]) -> dict[str, list[Target]]:
    """Return what is measured of each profile; the baseline under every load that any of them has."""
    loads = {name: profile.keeps_alive(header.load) for name, profile in profiles.items()}
    found: dict[str, list[Target]] = {}
    for info in header.profiles:
        found[info.name] = [Target(path=path, keepalive=loads[info.name]) for path in info.paths]
    for keepalive in set(loads.values()) - {loads[header.baseline_profile]}:
        found[header.baseline_profile].append(Target(path=header.baseline_path, keepalive=keepalive))
    return found


def _shuffled(order: random.Random, items: Sequence[_T]) -> list[_T]:
    drawn = list(items)
    order.shuffle(drawn)
    return drawn
