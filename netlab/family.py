"""Which processes belong together, and how they are ended together; psutil knows processes, netlab whose they are."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Find = Callable[[], set[psutil.Process]]


def end_tree(root: psutil.Process, *, grace: float) -> None:
    """End a process, all its descendants, whatever session they have put themselves into, and its own session.

    SIGTERM first, SIGKILL for what is left after ``grace`` seconds.
    """
    _end(lambda: {root, *_session_of(root)}, grace)


def end_marked(name: str, value: str, *, grace: float) -> None:
    """End all processes of this user that were started with ``name=value`` in their environment, as ``end_tree``."""
    _end(lambda: set(_marked(name, value)), grace)


def shell_below(root: psutil.Process, words: str) -> int | None:
    """Find the shell whose command begins with ``words`` among the descendants; the eldest of several."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in sorted(root.children(recursive=True), key=lambda child: child.pid):
            program, *rest = _words_of(process)
            if program.endswith("sh") and any(word.startswith(words) for word in rest):
                return int(process.pid)
    return None


def _end(find: Find, grace: float) -> None:
    """End what ``find`` finds, and what that starts meanwhile.

    A ``psutil.Process`` is a number and a time of birth: a number that somebody else has by now gets no signal.
    """
    known: set[psutil.Process] = set()
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 1.0)):
        told: set[psutil.Process] = set()
        deadline = time.monotonic() + patience
        while left := {process for process in _below(known | find()) if _runs(process)}:
            known |= left
            for process in left - told:
                with contextlib.suppress(psutil.Error):
                    process.send_signal(number)
            told |= left
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        else:
            return


def _below(family: set[psutil.Process]) -> set[psutil.Process]:
    """Return these processes and all their descendants."""
    found = set(family)
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            found.update(process.children(recursive=True))
    return found


def _session_of(leader: psutil.Process) -> set[psutil.Process]:
    """Return the session that a process leads, or led: its number is nobody else's while one of them is left."""
    if not leader.is_running() and psutil.pid_exists(leader.pid):
        return set()
    return {process for process in psutil.process_iter() if _session_number(process) == leader.pid}


def _session_number(process: psutil.Process) -> int | None:
    with contextlib.suppress(OSError):
        return os.getsid(process.pid)
    return None


def _marked(name: str, value: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(name) == value:
                yield process


def _words_of(process: psutil.Process) -> list[str]:
    """Words of its command line; one without any for a process of the kernel's, or one that has ended."""
    with contextlib.suppress(psutil.Error):
        return process.cmdline() or [""]
    return [""]


def _runs(process: psutil.Process) -> bool:
    """Whether it has not ended; one that waits for its parent to notice has."""
    try:
        return process.is_running() and process.status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.NoSuchProcess:
        return False
