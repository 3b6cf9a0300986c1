"""Consoles for text with colours: what a terminal gets and a file does not, and who may ask for colours in a file.

A real terminal gets live lines and tables of its own width. Colours also go to a file where the environment forces them
(FORCE_COLOR, CLICOLOR_FORCE, TTY_COMPATIBLE=1); live lines never do. NO_COLOR and --no-colour win over all of these.
"""

from __future__ import annotations

import os
from typing import IO

from rich.console import Console
from rich.text import Text

FILE_COLUMNS = 100
"""Width of tables that go to a file or a pipe, which have none of their own."""


def open_console(stream: IO[str], *, colour: bool = True) -> Console:
    """Open a console on the stream; ``colour`` is False where the command was told so."""
    colour = colour and not os.environ.get("NO_COLOR")
    terminal = stream.isatty() and os.environ.get("TTY_COMPATIBLE") != "0"
    knows = not _is_dumb() and (terminal or (colour and _is_forced()))
    console = Console(file=stream, no_color=not colour, force_terminal=knows)
    if not stream.isatty():
        console.width = FILE_COLUMNS
    return console


def is_live(stream: IO[str]) -> bool:
    """Whether lines on the stream can be written over: only a real terminal that knows how, and is not told off."""
    refused = "0" in {os.environ.get("TTY_INTERACTIVE"), os.environ.get("TTY_COMPATIBLE")}
    return stream.isatty() and not refused and bool(os.environ.get("TERM")) and not _is_dumb()


def paint(console: Console, text: str, style: str) -> str:
    """Return one line of text with the codes that colour it on this console, if it has colours."""
    with console.capture() as captured:
        console.print(Text(text, style), end="", soft_wrap=True)
    return captured.get()


def _is_dumb() -> bool:
    return os.environ.get("TERM", "").lower() in {"dumb", "unknown"}


def _is_forced() -> bool:
    environment = os.environ
    return (
        bool(environment.get("FORCE_COLOR"))
        or environment.get("CLICOLOR_FORCE", "0") not in {"", "0"}
        or environment.get("TTY_COMPATIBLE") == "1"
    )
