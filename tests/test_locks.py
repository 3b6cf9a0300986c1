"""Locks between real processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from netlab import locks
from tests.conftest import wait_until

ROOT = Path(__file__).resolve().parents[1]

HOLD = """
import sys, pathlib
from netlab import locks
descriptor = locks.acquire(pathlib.Path(sys.argv[1]), shared=sys.argv[2] == "shared", wait=False)
print("held" if descriptor is not None else "refused", flush=True)
sys.stdin.read()
"""

HAMMER = """
import os, pathlib, sys, time
from netlab import workflow
from netlab.errors import LabBusy
from netlab.lab import Lab
from netlab.progress import Reporter
from netlab.spec.lab import LabSpec

lab, inside = Lab(pathlib.Path(sys.argv[1])), pathlib.Path(sys.argv[2])
(inside.parent / f"ready{os.getpid()}").touch()
while len(list(inside.parent.glob("ready*"))) < 2:
    time.sleep(0.001)
held = 0
while held < 30:
    try:
        with lab.lock():
            os.close(os.open(inside, os.O_CREAT | os.O_EXCL))  # fails where another process is inside too
            time.sleep(0.0005)
            inside.unlink()
        held += 1
        workflow.down(lab, LabSpec(clock="virtual"), Reporter())
    except LabBusy:
        pass
"""


@pytest.fixture
def start():
    """Start Python programs; none outlives the test."""
    children = []

    def begin(code, *words):
        command = [sys.executable, "-c", code, *map(str, words)]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        pipe = subprocess.PIPE
        children.append(subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True))
        return children[-1]

    yield begin
    for child in children:
        child.kill()
        child.communicate()


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        ("alone", "alone", "refused"),
        ("alone", "shared", "refused"),
        ("shared", "alone", "refused"),
        ("shared", "shared", "held"),
    ],
)
def test_who_may_hold_a_lock_beside_whom(start, tmp_path, first, second, outcome):
    descriptor = locks.acquire(tmp_path / "lock", shared=first == "shared")
    other = start(HOLD, tmp_path / "lock", second)
    said, err = other.communicate("")
    assert said.strip() == outcome, err
    os.close(descriptor)
    other = start(HOLD, tmp_path / "lock", second)
    assert other.communicate("")[0].strip() == "held"


def test_a_child_keeps_the_lock_that_it_inherits(tmp_path):
    descriptor = locks.acquire(tmp_path / "lock", shared=True)
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=(descriptor,))
    os.close(descriptor)
    with locks.tried(tmp_path / "lock") as mine:
        assert not mine
    child.communicate(b"")
    with locks.tried(tmp_path / "lock") as mine:
        assert mine


def is_blocked(pid):
    """Whether the process waits for a lock: the kernel lists ``1: -> FLOCK ADVISORY WRITE 42 08:01:7 0 EOF``."""
    waiting = [line.split() for line in Path("/proc/locks").read_text().splitlines() if "-> FLOCK" in line]
    return any(words[5] == str(pid) for words in waiting)


def test_a_lock_whose_file_was_removed_is_nobodys(start, tmp_path):
    """A process that waits for a file that its holder removes gets the lock of the file that is there now."""
    path = tmp_path / "lock"
    descriptor = locks.acquire(path)
    waiting = start(HOLD.replace("wait=False", "wait=True"), path, "alone")
    wait_until(lambda: is_blocked(waiting.pid), seconds=60, what="a wait for the lock")
    path.unlink()
    os.close(descriptor)
    assert waiting.stdout.readline().strip() == "held"
    with locks.tried(path) as mine:
        assert not mine
    waiting.communicate("")


def test_a_lab_that_is_removed_again_and_again_never_has_two_holders(start, tmp_path):
    (tmp_path / "lab").mkdir()
    children = [start(HAMMER, tmp_path / "lab", tmp_path / "inside") for _ in range(2)]
    for child in children:
        _, err = child.communicate(timeout=100)
        assert child.returncode == 0, err
    assert not (tmp_path / "lab" / ".netlab" / "lock").exists()
