import errno
import io
import threading

import pytest
from rich.console import Console

from netlab.progress import LinesSink, LiveSink, Reporter, duration, open_progress


def test_plain_lines_name_steps_and_notes_but_no_tasks(tmp_path, capsys):
    with open_progress(tmp_path / "logs" / "up.log") as progress, progress.step("boot the fleet"):
        progress.task("node1", "wait for SSH")
        progress.note("two ports were taken")
        progress.warn("the disk is nearly full")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "boot the fleet …",
        "two ports were taken",
        "warning: the disk is nearly full",
        "boot the fleet: done (0.0 s)",
    ]
    log = (tmp_path / "logs" / "up.log").read_text()
    assert "  node1: wait for SSH\n" in log
    assert log[2] == log[5] == ":"


def test_quiet_shows_warnings_only(tmp_path, capsys):
    with open_progress(tmp_path / "log", quiet=True) as progress, progress.step("boot"):
        progress.note("note")
        progress.warn("care")
    assert capsys.readouterr().err == "warning: care\n"
    assert "note" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("name", ["FORCE_COLOR", "TTY_COMPATIBLE", "CLICOLOR_FORCE"])
def test_a_file_gets_colours_at_most(tmp_path, capsys, monkeypatch, name):
    monkeypatch.setenv(name, "1")
    monkeypatch.setenv("TERM", "xterm")
    with open_progress(tmp_path / "log") as progress, progress.step("boot"):
        progress.warn("care")
    assert capsys.readouterr().err.splitlines() == [
        "boot …",
        "\x1b[33mwarning: care\x1b[0m",
        "\x1b[32mboot: done (0.0 s)\x1b[0m",
    ]
    assert "\x1b" not in (tmp_path / "log").read_text()


def test_the_work_goes_on_when_its_terminal_has_gone(tmp_path, monkeypatch):
    class Gone(io.StringIO):
        def write(self, text):
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("sys.stderr", Gone())
    with open_progress(tmp_path / "log") as progress, progress.step("boot"):
        progress.warn("care")
    assert "boot: done" in (tmp_path / "log").read_text()


def test_a_terminal_without_glyphs_gets_a_plain_spinner():
    assert LiveSink(Console(file=io.TextIOWrapper(io.BytesIO(), "ascii")))._spinner.name == "line"
    assert LiveSink(Console(file=io.TextIOWrapper(io.BytesIO(), "utf-8")))._spinner.name == "dots"


def test_a_failed_step_says_so():
    stream = io.StringIO()
    progress = Reporter(LinesSink(stream, details=True))
    with pytest.raises(ValueError, match="x"), progress.step("boot"):
        raise ValueError("x")
    assert stream.getvalue().endswith("boot: failed (0.0 s)\n")


def test_rounds_tell_the_time_left():
    stream = io.StringIO()
    progress = Reporter(LinesSink(stream, details=True))
    progress.rounds(3, 12, 75.0)
    progress.rounds(4, 12, None, more="round 2 of 4")
    progress.rounds(12, 12, 0.0)
    assert stream.getvalue().splitlines() == [
        "  3 of 12 blocks, 1 min 15 s left",
        "  4 of 12 blocks, round 2 of 4",
        "  12 of 12 blocks",
    ]


@pytest.mark.parametrize("quiet", [False, True])
def test_milestones_are_for_those_who_see_nothing_live(quiet):
    stream, live = io.StringIO(), io.StringIO()
    sink = LiveSink(Console(file=live, force_terminal=True, width=100))
    Reporter(LinesSink(stream, details=False, quiet=quiet), sink).milestone("round 1 of 5 is measured")
    assert stream.getvalue() == ("" if quiet else "  round 1 of 5 is measured\n")
    assert "round 1" not in live.getvalue()


def test_live_display_ticks_steps_and_shows_the_task():
    stream = io.StringIO()
    sink = LiveSink(Console(file=stream, force_terminal=True, width=100))
    progress = Reporter(sink)
    with progress.step("bench"):
        with progress.step("round 1"):
            progress.task("client", "wrk [200 OK]")
            sink._live.refresh()
        progress.warn("noisy")
    sink.close()
    shown = stream.getvalue()
    assert "client: wrk [200 OK]" in shown
    assert "✓" in shown
    assert "warning: noisy" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def test_threads_have_steps_of_their_own():
    stream = io.StringIO()
    sink = LiveSink(Console(file=stream, force_terminal=True, width=100))
    progress = Reporter(sink)
    inside, shown = threading.Barrier(3), threading.Event()

    def work(name):
        with progress.step(f"provision {name}"):
            progress.task("node1", f"task of {name}")
            inside.wait(20)
            assert shown.wait(20)

    threads = [threading.Thread(target=work, args=[name]) for name in ("calico", "ipvlan")]
    for thread in threads:
        thread.start()
    inside.wait(20)
    lines = [line.plain for line in sink._render().renderables[:-1]] + [sink._spinner.text.plain]
    shown.set()
    for thread in threads:
        thread.join()
    sink.close()
    assert {(line.split()[1], line.split()[-1]) for line in lines} == {("calico", "calico"), ("ipvlan", "ipvlan")}


@pytest.mark.parametrize(
    ("seconds", "text"), [(4.24, "4.2 s"), (185, "3 min 05 s"), (3725, "1 h 02 min"), (59.99, "60.0 s")]
)
def test_duration(seconds, text):
    assert duration(seconds) == text
