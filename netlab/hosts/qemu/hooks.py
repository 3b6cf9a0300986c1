"""What mmdebstrap's hooks are given: files that they may write, and the tree as it will be on a disk."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def writable(path: Path) -> Iterator[int]:
    """Open a file that anyone who inherits the descriptor may write; the folder around it lets in nobody else."""
    low = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    descriptor = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, 100)  # mmdebstrap hands its own on to dash, which counts to 9
    os.close(low)
    try:
        os.fchmod(descriptor, 0o666)
        yield descriptor
        os.fchmod(descriptor, 0o644)
    finally:
        os.close(descriptor)


def on_bare_tree(command: str) -> str:
    """Have a command find the tree as ``$2``, without what mmdebstrap has mounted in it (/proc, /sys, /dev)."""
    script = f'mount --bind "$1" "$2" && {command}'  # a bind mount shows no other mounts
    return f'bare=$(mktemp -d) && unshare --mount sh -c {shlex.quote(script)} disk "$1" "$bare" && rmdir "$bare"'
