import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest

from netlab import locales, proc, signals
from netlab.errors import ImageError, MissingTool, NetlabError

PYTHON = sys.executable


def gone(pid):
    """Whether the process ended, or does within seconds; one that waits for its parent to notice has ended."""
    deadline = time.monotonic() + 5
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not runs(pid)


def runs(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def read_when_there(path):
    deadline = time.monotonic() + 20
    while not (path.exists() and (text := path.read_text()).endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return text


def test_outcome_holds_output_and_times():
    outcome = proc.run(["sh", "-c", "cat; echo $COLOUR >&2"], input="hello", env={"COLOUR": "green"})
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (0, "hello", "green\n")
    assert outcome.seconds < 10
    assert outcome.started.tzinfo is not None


def test_a_program_reads_a_file_from_where_it_is(tmp_path):
    (tmp_path / "file").write_bytes(b"head and tail")
    with (tmp_path / "file").open("rb", buffering=0) as file:
        file.seek(9)
        assert proc.run(["cat"], file=file).stdout == "tail"


def test_a_held_program_is_told_when_nobody_holds_it_any_more(tmp_path):
    log = tmp_path / "log"
    child = proc.spawn(["sh", "-c", "trap '' TERM HUP; cat; echo released"], log=log, held=True)
    assert child.wait(0.2) is None
    child._popen.stdin.close()
    assert child.wait(20) == 0
    assert log.read_text() == "released\n"
    child.stop()


def test_a_program_that_has_the_terminal_decides_what_is_interrupted(tmp_path):
    script = (
        "import signal\nfrom netlab import proc\n"
        "before = signal.getsignal(signal.SIGINT)\n"
        "words = ['sh', '-c', 'trap \"echo interrupted $KIND; exit 7\" INT; kill -INT 0; sleep 20']\n"
        "print(proc.attend(words, env={'KIND': 'once'}), signal.getsignal(signal.SIGINT) is before)\n"
        "print(proc.attend(['sh', '-c', 'kill -KILL $$'], env={}))\n"
    )
    done = subprocess.run(
        [PYTHON, "-u", "-c", script], capture_output=True, text=True, check=False, start_new_session=True, timeout=60
    )
    assert (done.stdout.split("\n"), done.returncode) == (["interrupted once", "7 True", "137", ""], 0), done.stderr


def test_failure_ends_with_the_last_line_and_the_log(tmp_path):
    log = tmp_path / "log"
    with pytest.raises(ImageError, match=r"^sh failed with exit code 3: no space$") as caught:
        proc.run(["sh", "-c", "echo start; echo no space >&2; exit 3"], log=log, error=ImageError)
    assert caught.value.log == log
    assert log.read_text().splitlines()[1:3] == ["start", "no space"]


def test_unchecked_failure_is_an_outcome():
    assert proc.run(["false"], check=False).exit_code == 1


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
        proc.run(["sh", "-c", "sleep 60 & echo $!; wait"], timeout=2, log=log)
    assert gone(int(log.read_text().splitlines()[1]))


def test_ctrl_c_ends_the_whole_group(tmp_path):
    pids = tmp_path / "pids"

    def press():
        read_when_there(pids)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press).start()
    with pytest.raises(KeyboardInterrupt), signals.unwinding():
        proc.run(["sh", "-c", f"sleep 60 & echo $! > {pids}; wait"])
    assert gone(int(pids.read_text()))


def test_a_signal_that_comes_while_a_program_is_started_ends_it(tmp_path, monkeypatch):
    """The program runs, and netlab does not know its number yet."""
    start, pids = proc._popen, tmp_path / "pids"

    def interrupted(*words, **options):
        child = start(*words, **options)
        read_when_there(pids)
        signal.raise_signal(signal.SIGTERM)
        return child

    monkeypatch.setattr(proc, "_popen", interrupted)
    with pytest.raises(signals.Ended), signals.unwinding():
        proc.run(["sh", "-c", f"sleep 60 & echo $! > {pids}; wait"])
    assert gone(int(pids.read_text()))


def test_signals_wait_for_the_outermost_that_holds_them():
    reached = []

    def hold():
        with signals.held():
            with signals.held():
                signal.raise_signal(signal.SIGHUP)
                signal.raise_signal(signal.SIGTERM)
            reached.append("the end of the outer")
        reached.append("what comes after")

    with pytest.raises(signals.Ended) as caught, signals.unwinding():
        hold()
    assert (reached, caught.value.number) == (["the end of the outer"], signal.SIGHUP)


def test_a_process_that_ignores_sigterm_is_killed(tmp_path):
    script = "trap '' TERM; echo > deaf; while :; do sleep 0.1; done"
    child = proc.spawn(["sh", "-c", script], log=tmp_path / "log", cwd=tmp_path)
    read_when_there(tmp_path / "deaf")
    child.stop(grace=0.2)
    assert child.exit_code == -signal.SIGKILL


def test_spawned_output_goes_to_the_log(tmp_path):
    child = proc.spawn(["sh", "-c", "echo out; echo err >&2"], log=tmp_path / "log")
    assert child.wait(10) == 0
    assert (tmp_path / "log").read_text() == "out\nerr\n"
    child.stop()


SETSID = f"{PYTHON} -c 'import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])'"
INNER = SETSID.replace("'", '"')
WAIT = "echo $! >> pids; wait"
TREES = {
    "a child": f"sleep 60 & {WAIT}",
    "in a session of its own": f"{SETSID} sleep 60 & {WAIT}",
    "whose parent has gone": "(sleep 60 & echo $! >> pids) & wait; sleep 60",
    "whose parent has gone, and that ignores SIGTERM": "(trap '' TERM; sleep 60 & echo $! >> pids) & wait; sleep 60",
    "three deep, each in a session of its own": f"{SETSID} sh -c '{INNER} sleep 60 & {WAIT}' & wait",
    "that starts another when it is told": f"trap 'sleep 60 & {WAIT}' TERM; echo >> pids; while :; do sleep 0.05; done",
}


@pytest.mark.parametrize("script", TREES.values(), ids=TREES)
def test_a_tree_ends_as_a_whole(tmp_path, script):
    child = proc.spawn(["sh", "-c", script], log=tmp_path / "log", cwd=tmp_path)
    read_when_there(tmp_path / "pids")
    child.stop(grace=0.3)
    assert all(gone(int(pid)) for pid in read_when_there(tmp_path / "pids").split())
    assert child.exit_code is not None


def test_what_a_program_leaves_behind_ends_with_its_child(tmp_path):
    child = proc.spawn(["sh", "-c", "sleep 60 & echo $! > pids"], log=tmp_path / "log", cwd=tmp_path)
    assert child.wait(20) == 0
    pid = int(read_when_there(tmp_path / "pids"))
    assert runs(pid)
    child.stop()
    assert gone(pid)


def test_a_number_that_another_process_has_by_now_is_left_alone(tmp_path):
    """The process is another one when it was born at another time."""
    child = proc.spawn(["sleep", "60"], log=tmp_path / "log")
    stranger = proc.spawn(["sleep", "60"], log=tmp_path / "log")
    child.stop()
    child._process = psutil.Process(stranger.pid)
    child._process._ident = (stranger.pid, child._process._ident[1] - 1.0)
    child.stop()
    assert stranger.exit_code is None
    stranger.stop()
    assert stranger.exit_code is not None


def test_a_tree_that_has_gone_is_no_error():
    ended = subprocess.Popen(["true"])
    ended.wait()
    proc.end_tree(ended.pid)


def test_marked_processes_end_wherever_they_are(tmp_path):
    mark = {"NETLAB_TEST_MARK": str(tmp_path)}
    script = f"({SETSID} sleep 60 & echo $! >> pids) &"
    child = proc.spawn(["sh", "-c", script], log=tmp_path / "log", env=mark, cwd=tmp_path)
    other = proc.spawn(["sleep", "60"], log=tmp_path / "log", env={"NETLAB_TEST_MARK": "another"})
    pid = int(read_when_there(tmp_path / "pids"))
    child.wait(20)
    proc.end_marked("NETLAB_TEST_MARK", str(tmp_path))
    assert gone(pid)
    assert other.exit_code is None
    other.stop()


def test_a_shell_below_is_found_by_its_words(tmp_path):
    child = proc.spawn(["sh", "-c", "sh -c ': wanted; sleep 60; true' & wait"], log=tmp_path / "log")
    deadline = time.monotonic() + 20
    while (found := child.shell_below(": wanted")) is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert found in {below.pid for below in psutil.Process(child.pid).children()}
    assert child.shell_below(": unwanted") is None
    child.stop()
    assert child.shell_below(": wanted") is None


@pytest.mark.parametrize("name", ["FORCE_COLOR", "CLICOLOR_FORCE"])
def test_what_netlab_reads_is_english_utf8_without_colour(monkeypatch, name):
    monkeypatch.setenv("LC_ALL", "xx_XX.ISO-8859-1")
    monkeypatch.setenv("LANGUAGE", "de")
    monkeypatch.setenv(name, "1")
    variables = dict(line.split("=", 1) for line in proc.run(["env"]).stdout.splitlines() if "=" in line)
    assert (variables["LC_ALL"], variables["LANGUAGE"]) == (locales.utf8_locale(), "")
    assert name not in variables


def test_children_get_a_temporary_folder_that_exists(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    assert Path(proc.run(["sh", "-c", "echo $TMPDIR"]).stdout.strip()).is_dir()
