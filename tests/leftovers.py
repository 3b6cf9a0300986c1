"""What tests start that is meant to outlive who starts it: it ends with the test, or when the next one looks.

Machines of a molecule scenario are the scenario's, which destroys them at its end. Where it has none, because somebody
or a time limit ended it, they would run on: `netlab up`, which made them, is long gone.
"""

import contextlib
import os
from pathlib import Path

import psutil

from netlab import proc

MARK = "NETLAB_TESTS"
"""In the environment of all that is started: which process of tests did."""


@contextlib.contextmanager
def ended():
    """Yield what to put into the environment of what is started; afterwards all that is left of it ends."""
    end_orphans()
    mark = f"{os.getpid()}@{_birth(os.getpid())}"
    try:
        yield {MARK: mark}
    finally:
        proc.end_marked(MARK, mark)


def end_orphans():
    """End what tests have started that are not there any more, killed for example."""
    for mark in {mark for process in psutil.process_iter() if (mark := _mark_of(process))}:
        pid, _, birth = mark.partition("@")
        if _birth(pid) != birth:
            proc.end_marked(MARK, mark)


def _birth(pid):
    """Return when a process was born, in ticks since boot, as numbers are used again; None where it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return None


def _mark_of(process):
    with contextlib.suppress(psutil.Error, OSError):
        if process.uids().real == os.getuid():
            return process.environ().get(MARK)
    return None
