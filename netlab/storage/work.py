"""Folders of the cache in which something is being made or removed, and what killed processes leave of them.

Each has a lock beside it, from before it exists until it is gone: a folder whose lock is free belongs to nobody.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
from typing import TYPE_CHECKING

from netlab import locks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAKING = (".bake-", ".make-", ".new-")
REMOVING = ".old-"


@contextlib.contextmanager
def work_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Make a private folder in ``parent``; what is left of it at the end is removed."""
    folder = parent / f"{prefix}{secrets.token_hex(4)}"
    with locks.held(_lock_of(folder)):
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)  # an error on the way here says more; the next sweep tries again
            _lock_of(folder).unlink(missing_ok=True)


def discard(path: Path) -> str | None:
    """Remove a file or folder: nobody sees a part of it, even if this process is killed on the way.

    Return why something of it is left, as a leftover; None where nothing is. OSError where it is still in its place.
    """
    if path.is_file() or path.is_symlink():
        path.unlink(missing_ok=True)
        return None
    doomed = path.with_name(f"{REMOVING}{secrets.token_hex(4)}")
    try:
        path.rename(doomed)
    except FileNotFoundError:
        return None
    return _delete(doomed)


def leftovers(parent: Path) -> list[Path]:
    """Return what killed processes left in ``parent``."""
    found = []
    for path in _unfinished(parent):
        with contextlib.suppress(FileNotFoundError), _abandoned(path) as mine:  # its folder has gone meanwhile
            found += [path] if mine else []
    return found


def sweep(parent: Path) -> None:
    """Remove what killed processes left in ``parent``."""
    for path in _unfinished(parent):
        finish(path)
    remove_orphaned_locks(parent)


def finish(leftover: Path) -> str | None:
    """Remove what a killed process left, if nobody works in it; return why it, or something of it, is still there."""
    with _abandoned(leftover) as mine:
        if mine:
            return _delete(leftover)
    return "in use" if leftover.exists() else None


def remove_orphaned_locks(parent: Path) -> None:
    """Remove the locks in ``parent``, each called like what it guards, whose subject is gone and which nobody holds."""
    for lock in parent.glob("*.lock"):
        if not lock.with_suffix("").exists():
            with locks.tried(lock) as mine:
                if mine and not lock.with_suffix("").exists():
                    lock.unlink(missing_ok=True)


def _unfinished(parent: Path) -> list[Path]:
    entries: list[Path] = []
    with contextlib.suppress(FileNotFoundError):
        entries = list(parent.iterdir())
    return sorted(path for path in entries if path.name.startswith((*MAKING, REMOVING)) and path.suffix != ".lock")


@contextlib.contextmanager
def _abandoned(path: Path) -> Iterator[bool]:
    """Hold the lock of a folder that nobody works in any more; tell whether there is one."""
    lock = _lock_of(path)
    if path.name.startswith(REMOVING):
        yield True  # to remove it twice does no harm
        return
    with locks.tried(lock) as mine:
        yield mine and path.exists()
        if mine:
            lock.unlink(missing_ok=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _delete(path: Path) -> str | None:
    """Remove what can be removed; say why something is left."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)  # another process may be removing the same
            if path.exists():
                shutil.rmtree(path)  # tells what could not be removed
        else:
            path.unlink(missing_ok=True)
    except FileNotFoundError:
        return None
    except OSError as error:
        return why_not(error)
    return None


def why_not(error: OSError) -> str:
    """Say what kept something from being removed."""
    return f"it could not be removed: {error.filename}: {error.strerror}"
