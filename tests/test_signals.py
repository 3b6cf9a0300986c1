"""What ends netlab ends what it started, and leaves nothing half made. Real processes; the builder is a fake one."""

import contextlib
import os
import signal
import stat
import subprocess
import threading
import time

import psutil
import pytest

from tests.conftest import NETLAB, knows_its_accelerator, wait_until

pytestmark = pytest.mark.real

BUILDER = """#!/bin/sh
# mmdebstrap with a family: a child, one in a session of its own, and one whose parent has gone
{first}
sleep 301 &
setsid sleep 301 &
(sleep 301 & exec true)
echo $$ > {pids}
{end}
"""


class Bake:
    """``netlab up`` in an empty folder, in the middle of a bake that never comes to its end."""

    def __init__(self, folder, first="", end="wait", ignored=(), terminal=None):
        folder.mkdir()
        self.folder, self.cache, self._pids = folder, knows_its_accelerator(folder / "cache"), folder / "pids"
        tool = folder / "mmdebstrap"
        tool.write_text(BUILDER.format(pids=self._pids, first=first, end=end))
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
        path = f"{folder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        with (folder / "said").open("w") as said:
            self.process = subprocess.Popen(
                [*NETLAB, "up"],
                cwd=folder,
                env={
                    **os.environ,
                    "PATH": path,
                    "XDG_CACHE_HOME": str(self.cache),
                    "TERM": "xterm",
                    "FORCE_COLOR": "1",
                },
                stderr=said if terminal is None else terminal,
                preexec_fn=lambda: [signal.signal(each, signal.SIG_IGN) for each in ignored],  # noqa: PLW1509 - no threads
            )

    def wait_for_tools(self):
        wait_until(lambda: self._pids.exists() and self._pids.read_text().endswith("\n"), seconds=60, what="the bake")
        wait_until(lambda: len(self.tools()) >= 4, seconds=60, what="the family of the builder")

    def said(self):
        return (self.folder / "said").read_text()

    def tools(self):
        """Processes of the fake builder and its family."""
        found = []
        for process in psutil.process_iter():
            try:
                mine = process.environ().get("XDG_CACHE_HOME") == str(self.cache)
            except psutil.Error:
                continue
            if mine and process.pid != self.process.pid and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        return found

    def left(self):
        """What a command that was ended should not leave: processes, and half-made images."""
        return [*self.tools(), *self.cache.rglob(".bake-*")]


@pytest.fixture
def bake(tmp_path):
    made = []

    def start(name, **options):
        made.append(Bake(tmp_path / name, **options))
        return made[-1]

    yield start
    for each in made:
        each.process.kill()
        each.process.wait()
        for process in each.tools():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def test_whatever_ends_netlab_ends_its_tools_and_leaves_nothing_half_made(bake):
    signals = {signal.SIGHUP: 129, signal.SIGQUIT: 131}
    bakes = {number: bake(number.name) for number in signals}
    for number, each in bakes.items():
        each.wait_for_tools()
        each.process.send_signal(number)
    for number, each in bakes.items():
        assert (number, each.process.wait(60)) == (number, signals[number])
        assert "netlab: error: interrupted" in each.said()
        assert "Traceback" not in each.said()
        assert "\x1b[?25l" not in each.said(), "a live display in a file"
        assert (number, each.left()) == (number, [])


def test_a_signal_that_is_ignored_stays_so(bake):
    """So do nohup (SIGHUP) and a shell's jobs in the background (SIGINT, SIGQUIT) want it."""
    ignored = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
    each = bake("nohup", ignored=ignored)
    each.wait_for_tools()
    for number in ignored:
        each.process.send_signal(number)
    time.sleep(0.3)
    assert each.process.poll() is None
    each.process.terminate()
    assert each.process.wait(60) == 143
    assert each.left() == []


def test_a_second_ctrl_c_leaves_the_clean_up_in_peace_and_a_third_does_not(bake):
    patient = bake("patient", first="trap 'echo > told; exec sleep 2' TERM")
    hasty = bake("hasty", first="trap 'echo > told' TERM", end="while :; do sleep 0.05; done")
    for each in (patient, hasty):
        each.wait_for_tools()
        each.process.send_signal(signal.SIGINT)
        wait_until((each.folder / "told").exists, seconds=60, what="the clean-up")
        each.process.send_signal(signal.SIGINT)
        wait_until(lambda: "cleaning up; once more leaves" in each.said(), seconds=60, what="the warning")  # noqa: B023
    hasty.process.send_signal(signal.SIGINT)
    assert hasty.process.wait(20) == 130
    assert hasty.left() != []
    assert patient.process.wait(60) == 130
    assert patient.left() == []


def test_a_terminal_that_goes_stops_no_clean_up(bake):
    """Its end is SIGHUP for all that run on it, and an error for each that writes to it."""
    master, terminal = os.openpty()
    each = bake("terminal", terminal=terminal)
    os.close(terminal)
    threading.Thread(target=drain, args=[master], daemon=True).start()
    each.wait_for_tools()
    os.close(master)
    each.process.send_signal(signal.SIGHUP)
    assert each.process.wait(60) == 129
    assert each.left() == []


def drain(terminal):
    """Read what a terminal shows, until it goes."""
    with contextlib.suppress(OSError):
        while os.read(terminal, 4096):
            pass
