"""What has been downloaded, by content: ``<cache>/artifacts/sha256/<digest>``.

An entry appears by a rename when its content has been checked, and is checked again whenever it is used.
"""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, BinaryIO

from netlab import locks
from netlab.errors import ArtifactChanged, ArtifactMissing
from netlab.files import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

READ_ONLY = 0o444
"""Payloads are made of hard links to entries: anyone who wrote into one would change the other."""

POLL_S = 0.05
"""How often a lock that another process holds is asked for again."""

HOW_TO_FETCH = "'netlab artifacts fetch' downloads what the lock names"


class Cache:
    """The artifacts' part of the user's cache folder ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._entries = root / "artifacts" / "sha256"

    @property
    def partials(self) -> Path:
        """Folder of unfinished downloads and locks; made for who writes there, because looking must leave no trace."""
        folder = self.root / "artifacts" / "partial"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def path(self, sha256: str) -> Path:
        """Where an entry is, or would be."""
        return self._entries / sha256

    def holds(self, sha256: str) -> bool:
        """Whether there is such an entry; its content is not looked at."""
        return self.path(sha256).is_file()

    def present(self, sha256: str, label: str) -> Path:
        """Return the entry without a look at its content; ArtifactMissing."""
        if not self.holds(sha256):
            raise _missing(sha256, label)
        return self.path(sha256)

    def checked(self, sha256: str, label: str) -> Path:
        """Return the entry after a look at its content, and note that it is used; as ``compared``."""
        path = self.compared(sha256, label)
        _stamp(path)
        return path

    def compared(self, sha256: str, label: str) -> Path:
        """Return the entry after a look at its content, for who does not use it; ArtifactMissing or ArtifactChanged."""
        path = self.present(sha256, label)
        try:
            found = digest_of(path)
        except FileNotFoundError:  # it was removed just now
            raise _missing(sha256, label) from None
        if found != sha256:
            hint = f"{HOW_TO_FETCH} and replaces it"
            raise ArtifactChanged(f"{label} has changed in the cache: {path} {difference(sha256, found)}", hint=hint)
        return path

    def sound(self, sha256: str, label: str, warn: Callable[[str], None]) -> bool:
        """Whether the entry is there with the right content; one that has changed is told of and removed.

        Not for who holds the ``claim`` of the entry: it is taken for the removal.
        """
        gone = contextlib.suppress(ArtifactMissing, FileNotFoundError)
        with gone, self.present(sha256, label).open("rb") as looked_at:  # open, so that no other file gets its number
            try:
                self.checked(sha256, label)
            except ArtifactChanged as error:
                warn(f"{error.message}; it is fetched again")
                self._remove(sha256, looked_at)
            else:
                return True
        return False

    def _remove(self, sha256: str, file: BinaryIO) -> None:
        """Remove an entry if it still is this file: another process may have replaced it with a good one."""
        path = self.path(sha256)
        with self.claim(sha256, threading.Event()), contextlib.suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(file.fileno())):
                path.unlink()

    def adopt(self, file: Path, sha256: str, label: str, source: str) -> Path:
        """Make ``file``, which must lie in the same file system, an entry; ArtifactChanged when it is another one."""
        found = digest_of(file)
        if found != sha256:
            file.unlink()
            hint = "nothing of it was kept; fetch it from another place with --mirror, or ask its publisher"
            raise ArtifactChanged(f"{label} from {source} {difference(sha256, found)}", hint=hint)
        file.chmod(READ_ONLY)
        self._entries.mkdir(parents=True, exist_ok=True)
        file.replace(self.path(sha256))
        return self.path(sha256)

    @contextlib.contextmanager
    def claim(self, name: str, stop: threading.Event) -> Iterator[bool]:
        """Hold the lock of this name, which other processes wait for; false when ``stop`` was set while waiting."""
        descriptor = None
        while descriptor is None and not stop.is_set():
            descriptor = locks.acquire(self.partials / f"{name}.lock", wait=False)
            if descriptor is None:
                stop.wait(POLL_S)
        try:
            yield descriptor is not None
        finally:
            if descriptor is not None:
                os.close(descriptor)


def _missing(sha256: str, label: str) -> ArtifactMissing:
    return ArtifactMissing(f"{label} is not in the cache (sha256 {sha256})", hint=HOW_TO_FETCH)


def _stamp(path: Path) -> None:
    """Note when an entry was last used, as its time of change: who only reads it, as backups do, leaves that alone."""
    with contextlib.suppress(OSError):  # only 'netlab cache prune --older-than' asks for it
        os.utime(path)


def difference(expected: str, found: str, what: str = "what the lock says") -> str:
    """Say what was expected and what was found."""
    return f"is not {what}: expected sha256 {expected}, found sha256 {found}"
