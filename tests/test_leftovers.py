"""Processes in sessions of their own, as virtual machines are, end with the tests that had them started."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from netlab import proc
from tests import leftovers
from tests.conftest import wait_until

ROOT = Path(__file__).parents[1]
DETACHED = """
import subprocess, sys
child = subprocess.Popen(["sleep", "300"], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(child.pid)
"""
TESTS = f"""
import os, subprocess, sys, time
from tests import leftovers

with leftovers.ended() as mark:
    subprocess.run([sys.executable, "-c", {DETACHED!r}], env={{**os.environ, **mark}}, check=True)
    sys.stdout.flush()
    time.sleep(300)
"""


def detached(mark):
    """Start what starts a machine and is gone; return the machine."""
    done = subprocess.run(
        [sys.executable, "-c", DETACHED], env={**os.environ, **mark}, capture_output=True, text=True, check=True
    )
    return psutil.Process(int(done.stdout))


def runs(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.fixture
def tests_that_hang():
    """Tests of another process with a machine; returns them and it."""
    with subprocess.Popen([sys.executable, "-c", TESTS], stdout=subprocess.PIPE, text=True, cwd=ROOT) as tests:
        machine = psutil.Process(int(tests.stdout.readline()))
        yield tests, machine
        tests.kill()
        proc.end_tree(machine.pid)


@pytest.mark.parametrize("error", [None, KeyboardInterrupt, SystemExit])
def test_what_is_left_ends_however_the_test_does(error):
    with pytest.raises(error) if error else contextlib.nullcontext(), leftovers.ended() as mark:
        machine = detached(mark)
        assert runs(machine)
        if error:
            raise error
    wait_until(lambda: not runs(machine), seconds=5, what="the machine to end")


def test_what_killed_tests_have_left_ends_when_the_next_look(tests_that_hang):
    tests, machine = tests_that_hang
    leftovers.end_orphans()
    assert runs(machine), "tests that are still there keep theirs"
    tests.send_signal(signal.SIGKILL)
    tests.wait()
    assert runs(machine)
    with leftovers.ended():
        assert not runs(machine)
