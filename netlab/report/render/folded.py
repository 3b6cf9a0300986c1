"""Call stacks of the profiler as Brendan Gregg's folded text, which flamegraph.pl, speedscope and others read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netlab.model.sample import Stacks

_APART = re.compile(r"[;\s\x00-\x1f\x7f]+")
"""What the format gives a meaning of its own."""


def render(stacks: Stacks) -> str:
    """One line per stack, the outermost frame first: ``nginx;do_syscall_64;tcp_sendmsg 12``."""
    lines = sorted(";".join(map(_frame, frames)) + f" {count}" for frames, count in stacks.counts.items())
    return "".join(f"{line}\n" for line in lines)


def _frame(name: str) -> str:
    return _APART.sub("_", name) or "_"
