"""What a play came to, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class HostStats:
    """Tasks of one host, counted by how they ended."""

    ok: int = 0
    changed: int = 0
    skipped: int = 0
    failed: int = 0
    unreachable: int = 0


@dataclass(frozen=True, kw_only=True)
class TaskTime:
    """Wall time of one task on one host."""

    host: str
    task: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class PlayResult:
    """A play that succeeded (one that did not raises)."""

    stats: Mapping[str, HostStats]
    tasks: tuple[TaskTime, ...]
    seconds: float
    accelerated: bool

    @property
    def changed(self) -> int:
        """Number of changed tasks on all hosts."""
        return sum(stats.changed for stats in self.stats.values())
