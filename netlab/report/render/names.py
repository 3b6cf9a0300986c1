"""Names of files that are made of what profiles, paths and runs are called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_UNSAFE = re.compile(r"[^\w.+-]+")
_LONGEST = 100


def distinct(names: Iterable[str]) -> Iterator[str]:
    """Make each a name that every file system takes, and that no other has."""
    taken: set[str] = set()
    for name in names:
        safe = _UNSAFE.sub("_", name).lstrip(".")[:_LONGEST] or "_"
        at, chosen = 1, safe
        while chosen.casefold() in taken:
            at += 1
            chosen = f"{safe}-{at}"
        taken.add(chosen.casefold())
        yield chosen
