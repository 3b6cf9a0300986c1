"""What the files of a cache entry were when they were made, so that a changed one is not believed.

To look is cheap: size and date of each file. Only where the date differs is the content read and compared.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING

from netlab.files import digest_of
from netlab.model.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class FileRecord(Frozen):
    """A file as it was made: bytes, time of the last change in ns, SHA-256."""

    size: int
    mtime_ns: int
    sha256: str


def record(path: Path) -> FileRecord:
    """Read the file and note what it is."""
    status = path.stat()
    return FileRecord(size=status.st_size, mtime_ns=status.st_mtime_ns, sha256=digest_of(path))


def record_folder(folder: Path) -> dict[str, FileRecord]:
    """Note all files below the folder by their relative paths."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): record(path) for path in files}


def damage(folder: Path, files: Mapping[str, FileRecord], *, deep: bool = False) -> str | None:
    """Say what is wrong with the first of ``files`` that is not as it was made; None where all are.

    ``deep`` reads every content.
    """
    found = (_damage(folder / name, name, noted, deep=deep) for name, noted in files.items())
    return next((words for words in found if words), None)


def _damage(path: Path, name: str, noted: FileRecord, *, deep: bool) -> str | None:
    try:
        status = path.stat()
        if status.st_size != noted.size:
            return f"{name} has {status.st_size} bytes instead of {noted.size}"
        if not deep and status.st_mtime_ns == noted.mtime_ns:
            return None
        if digest_of(path) != noted.sha256:
            _note_change(path, status.st_mtime_ns, noted)
            return f"the content of {name} has changed"
    except FileNotFoundError:
        return f"{name} is missing"
    except OSError as error:
        return f"{name} cannot be read: {error.strerror}"
    if status.st_mtime_ns != noted.mtime_ns:
        with contextlib.suppress(OSError):  # a file of somebody else's keeps its date and is read again next time
            os.utime(path, ns=(status.st_atime_ns, noted.mtime_ns))
    return None


def _note_change(path: Path, mtime_ns: int, noted: FileRecord) -> None:
    """Have every later look see what only reading all of the file could show: its date changes too."""
    if mtime_ns == noted.mtime_ns:
        with contextlib.suppress(OSError):  # it is somebody else's, and reading all of it shows it again
            os.utime(path)


def digest(files: Mapping[str, FileRecord]) -> str:
    """SHA-256 (hexadecimal) over the names and contents of the files; their dates and places do not matter."""
    words = "".join(f"{name}\0{noted.sha256}\n" for name, noted in sorted(files.items()))
    return hashlib.sha256(words.encode()).hexdigest()
