"""Rounds: each passes over every cell once, profiles in random order, and each profile's paths in random order.

Order and heat decide a comparison that measures one competitor after the other; interleaving takes that away.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

from netlab.model.frozen import Frozen
from netlab.model.lab import PathName
from netlab.results.names import cell_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_T = TypeVar("_T")


class Target(Frozen):
    """A path, and whether its load keeps connections open; both name a raw file."""

    path: PathName
    keepalive: bool = True

    @property
    def file(self) -> str:
        """Name of the raw file, without its suffix."""
        return cell_file(self.path, keepalive=self.keepalive)

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


def plan_rounds(cells: Mapping[str, Sequence[Target]], rounds: int, seed: int) -> tuple[Block, ...]:
    """Return all blocks in the order in which they are measured; the same seed gives the same order."""
    order = random.Random(seed)  # noqa: S311 - an order of measurement, not a secret
    blocks: list[Block] = []
    for number in range(1, rounds + 1):
        for position, profile in enumerate(_shuffled(order, list(cells))):
            targets = tuple(_shuffled(order, list(cells[profile])))
            blocks.append(Block(round=number, position=position, profile=profile, targets=targets))
    return tuple(blocks)


def _shuffled(order: random.Random, names: list[_T]) -> list[_T]:
    order.shuffle(names)
    return names
