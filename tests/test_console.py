import io

import pytest

from netlab.console import FILE_COLUMNS, is_live, open_console, paint


class Terminal(io.StringIO):
    def isatty(self):
        return True


CASES = {
    # environment: (colour in a file, colour on a terminal, live on a terminal)
    "": (False, True, True),
    "FORCE_COLOR=1": (True, True, True),
    "FORCE_COLOR=": (False, True, True),
    "CLICOLOR_FORCE=1": (True, True, True),
    "CLICOLOR_FORCE=0": (False, True, True),
    "TTY_COMPATIBLE=1": (True, True, True),
    "TTY_COMPATIBLE=0": (False, False, False),
    "TTY_INTERACTIVE=0": (False, True, False),
    "TTY_INTERACTIVE=1": (False, True, True),
    "NO_COLOR=1": (False, False, True),
    "NO_COLOR=1 FORCE_COLOR=1": (False, False, True),
    "TERM=dumb": (False, False, False),
    "TERM=dumb FORCE_COLOR=1": (False, False, False),
    "TERM= FORCE_COLOR=1": (True, True, False),
}


@pytest.mark.parametrize(("environment", "expected"), CASES.items(), ids=CASES)
def test_who_gets_colours_and_live_lines(monkeypatch, environment, expected):
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for word in environment.split():
        monkeypatch.setenv(*word.split("=", 1))
    coloured = ["\x1b[33m" in paint(open_console(stream), "text", "yellow") for stream in (io.StringIO(), Terminal())]
    assert (*coloured, is_live(Terminal())) == expected
    assert not is_live(io.StringIO())
    assert open_console(io.StringIO()).width == FILE_COLUMNS


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_a_command_that_was_told_so_has_no_colours(monkeypatch, stream):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert (
        paint(open_console(stream, colour=False), "a line that is longer " * 20, "yellow")
        == "a line that is longer " * 20
    )
