"""What of the cache is in use: a lock file for each entry, held shared by every netlab and every QEMU that needs it.

QEMU inherits the open file, so the entry stays in use as long as a machine runs on it, whichever folder its lab is in
and whether or not the netlab that started it has ended.
"""

from __future__ import annotations

import contextlib
import os
import weakref
from typing import TYPE_CHECKING

from netlab import locks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def image(key: str) -> str:
    """Name of an image's lease."""
    return f"image-{key}"


def fleet(key: str) -> str:
    """Name of the lease of all snapshots of a fleet."""
    return f"fleet-{key}"


def payload(name: str) -> str:
    """Name of a payload's lease."""
    return f"payload-{name}"


class Leases:
    """Entries that this process uses; they are released with this object, or when the process ends."""

    def __init__(self, cache: Path) -> None:
        self._folder = place(cache)
        self._held: dict[str, int] = {}
        weakref.finalize(self, _close, self._held)

    def hold(self, name: str) -> None:
        """Use an entry from now on; waits while it is being removed."""
        if name not in self._held:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = locks.acquire(self._folder / name, shared=True)
            if descriptor is not None:
                self._held[name] = descriptor

    @property
    def descriptors(self) -> tuple[int, ...]:
        """Open files that a machine inherits, to use the entries as long as it runs."""
        return tuple(self._held.values())


def place(cache: Path) -> Path:
    """Folder of the leases."""
    return cache / "leases"


@contextlib.contextmanager
def unused(cache: Path, name: str) -> Iterator[bool]:
    """Tell whether nobody uses the entry, and keep everyone from beginning to meanwhile."""
    place(cache).mkdir(parents=True, exist_ok=True)
    with locks.tried(place(cache) / name) as mine:
        yield mine


def forget(cache: Path, name: str) -> None:
    """Remove the lease of an entry that is gone; the caller holds it (``unused``)."""
    (place(cache) / name).unlink(missing_ok=True)


def _close(held: dict[str, int]) -> None:
    for descriptor in held.values():
        os.close(descriptor)
    held.clear()
