import os
import signal
import sys
import threading
import time

import pytest

from netlab import proc
from netlab.errors import ImageError, MissingTool, NetlabError

PYTHON = sys.executable


def gone(pid):
    return proc._gone(lambda: any(found.pid == pid for found in proc._running()), 5)


def test_outcome_holds_output_and_times():
    outcome = proc.run(["sh", "-c", "cat; echo $COLOUR >&2"], input="hello", env={"COLOUR": "green"})
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (0, "hello", "green\n")
    assert outcome.seconds < 10
    assert outcome.started.tzinfo is not None


def test_failure_ends_with_the_last_line_and_the_log(tmp_path):
    log = tmp_path / "log"
    with pytest.raises(ImageError, match=r"^sh failed with exit code 3: no space$") as caught:
        proc.run(["sh", "-c", "echo start; echo no space >&2; exit 3"], log=log, error=ImageError)
    assert caught.value.log == log
    assert log.read_text().splitlines()[1:3] == ["start", "no space"]


def test_unchecked_failure_is_an_outcome():
    assert proc.run(["false"], check=False).exit_code == 1


def test_secrets_are_blanked_everywhere(tmp_path):
    log = tmp_path / "log"
    with pytest.raises(NetlabError) as caught:
        proc.run(["sh", "-c", "echo s3cret >&2; exit 1"], redact=["s3cret"], log=log)
    assert "s3cret" not in str(caught.value) + log.read_text()


@pytest.mark.parametrize(
    ("program", "hint"),
    [("qemu-system-x86_64", "sudo apt-get install qemu-system-x86"), ("no-such-program", "add it to PATH")],
)
def test_missing_program_says_what_to_install(program, hint, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(proc, "_SBIN", str(tmp_path))
    with pytest.raises(MissingTool, match=program) as caught:
        proc.run([program])
    assert hint in caught.value.hint


def test_time_out_ends_the_whole_group_and_keeps_the_output(tmp_path):
    log = tmp_path / "log"
    with pytest.raises(NetlabError, match="did not end within"):
        proc.run(["sh", "-c", "sleep 60 & echo $!; wait"], timeout=0.3, log=log)
    assert gone(int(log.read_text().splitlines()[1]))


def test_ctrl_c_ends_the_whole_group(tmp_path):
    pids = tmp_path / "pids"
    threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        proc.run(["sh", "-c", f"sleep 60 & echo $! > {pids}; wait"])
    assert gone(int(pids.read_text()))


def test_a_process_that_ignores_sigterm_is_killed(tmp_path):
    child = proc.spawn(["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"], log=tmp_path / "log")
    assert child.wait(0.2) is None
    child.stop(grace=0.2)
    assert child.exit_code == -signal.SIGKILL


def test_spawned_output_goes_to_the_log(tmp_path):
    child = proc.spawn(["sh", "-c", "echo out; echo err >&2"], log=tmp_path / "log")
    assert child.wait(10) == 0
    assert (tmp_path / "log").read_text() == "out\nerr\n"
    child.stop()


def test_a_tree_ends_even_across_sessions(tmp_path):
    script = "import subprocess, sys; print(subprocess.Popen(['sleep', '60'], start_new_session=True).pid, flush=True)"
    child = proc.spawn([PYTHON, "-c", f"{script}; sys.stdin = None; import time; time.sleep(60)"], log=tmp_path / "log")
    deadline = time.monotonic() + 10
    while not (text := (tmp_path / "log").read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    proc.end_tree(child.pid)
    assert gone(int(text))
    assert child.wait(5) is not None


def test_marked_processes_are_found(tmp_path):
    child = proc.spawn(["sleep", "60"], log=tmp_path / "log", env={"NETLAB_TEST_MARK": str(tmp_path)})
    assert proc.marked("NETLAB_TEST_MARK", str(tmp_path)) == [child.pid]
    child.stop()
