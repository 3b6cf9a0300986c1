"""What is happening: live on a terminal, plain lines elsewhere, and all of it in a log on disk."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import IO, TYPE_CHECKING, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import RenderableType


class Progress(Protocol):
    """Whoever does long work says here what it does."""

    def step(self, title: str) -> contextlib.AbstractContextManager[None]:
        """Enclose a piece of work that takes seconds or more; steps may nest."""

    def task(self, host: str, name: str) -> None:
        """Name what a host begins to do inside the current step."""

    def rounds(self, done: int, total: int, eta: float | None) -> None:
        """Tell how many samples are done; ``eta`` is the time left in seconds where it is known."""

    def note(self, text: str) -> None:
        """Say something that the user will want to read again."""

    def warn(self, text: str) -> None:
        """Say something that the user should act on."""


class Sink(Protocol):
    """Shows progress in one way."""

    def begin(self, title: str) -> None:
        """Show that a step began."""

    def end(self, title: str, seconds: float, *, ok: bool) -> None:
        """Show that it ended."""

    def detail(self, text: str) -> None:
        """Show what goes on inside the step."""

    def say(self, text: str, *, warning: bool) -> None:
        """Show a note or a warning."""

    def close(self) -> None:
        """Show nothing any more."""


class Reporter:
    """A ``Progress`` that tells several sinks."""

    def __init__(self, *sinks: Sink) -> None:
        self._sinks = sinks

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show the step while it lasts, then how long it took."""
        begin, ok = time.monotonic(), False
        for sink in self._sinks:
            sink.begin(title)
        try:
            yield
            ok = True
        finally:
            for sink in self._sinks:
                sink.end(title, time.monotonic() - begin, ok=ok)

    def task(self, host: str, name: str) -> None:
        """Show the task."""
        self._detail(f"{host}: {name}")

    def rounds(self, done: int, total: int, eta: float | None) -> None:
        """Show the share of samples done and the time left."""
        left = f", {duration(eta)} left" if eta is not None and done < total else ""
        self._detail(f"{done} of {total} samples{left}")

    def note(self, text: str) -> None:
        """Show the text and keep it."""
        for sink in self._sinks:
            sink.say(text, warning=False)

    def warn(self, text: str) -> None:
        """Show the text, marked, and keep it."""
        for sink in self._sinks:
            sink.say(text, warning=True)

    def _detail(self, text: str) -> None:
        for sink in self._sinks:
            sink.detail(text)


class LinesSink:
    """One line an event on a stream; ``details`` are left out where a reader would drown in them."""

    def __init__(self, stream: IO[str], *, details: bool, times: bool = False, quiet: bool = False) -> None:
        self._stream = stream
        self._details = details
        self._times = times
        self._quiet = quiet

    def begin(self, title: str) -> None:
        """Write the title."""
        if not self._quiet:
            self._line(f"{title} …")

    def end(self, title: str, seconds: float, *, ok: bool) -> None:
        """Write the title and how long it took."""
        if not self._quiet:
            self._line(f"{title}: {'done' if ok else 'failed'} ({duration(seconds)})")

    def detail(self, text: str) -> None:
        """Write it where details are wanted."""
        if self._details:
            self._line(f"  {text}")

    def say(self, text: str, *, warning: bool) -> None:
        """Write it; with ``quiet`` only warnings."""
        if warning or not self._quiet:
            self._line(f"warning: {text}" if warning else text)

    def close(self) -> None:
        """Leave the stream open: it is its owner's."""

    def _line(self, text: str) -> None:
        stamp = time.strftime("%H:%M:%S ") if self._times else ""
        self._stream.write(f"{stamp}{text}\n")
        self._stream.flush()


class LiveSink:
    """The last line of a terminal shows the step, what it does and the time; finished steps stay above it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._open: list[tuple[str, float]] = []
        self._detail = ""
        self._spinner = Spinner("dots")
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=8, transient=True)

    def begin(self, title: str) -> None:
        """Start to show the step."""
        self._open.append((title, time.monotonic()))
        self._detail = ""
        if len(self._open) == 1:
            self._live.start()

    def end(self, title: str, seconds: float, *, ok: bool) -> None:
        """Leave one line of the step."""
        self._open.pop()
        self._detail = ""
        indent = "  " * len(self._open)
        mark = ("✓", "green") if ok else ("✗", "red")
        self._console.print(Text.assemble(indent, mark, f" {title} ", (duration(seconds), "dim")))
        if not self._open:
            self._live.stop()

    def detail(self, text: str) -> None:
        """Show it beside the step."""
        self._detail = text

    def say(self, text: str, *, warning: bool) -> None:
        """Print it above the live line."""
        self._console.print(Text(f"warning: {text}", "yellow") if warning else Text(text))

    def close(self) -> None:
        """Give the terminal back."""
        self._live.stop()

    def _render(self) -> RenderableType:
        lines = [
            Text.assemble("  " * depth, f"{title} ", (duration(time.monotonic() - begin), "dim"))
            for depth, (title, begin) in enumerate(self._open)
        ]
        for line in lines:
            line.no_wrap, line.overflow = True, "ellipsis"
        if lines:
            self._spinner.update(text=Text.assemble(lines[-1], (f"  {self._detail}", "cyan")))
        return Group(*lines[:-1], self._spinner) if lines else Group()


@contextlib.contextmanager
def open_progress(log: Path, *, quiet: bool = False, colour: bool = True) -> Iterator[Reporter]:
    """Open the display that fits: live on a terminal, plain lines elsewhere, warnings only when ``quiet``.

    It goes to stderr, so that stdout holds results alone; all of it, with times of day, goes to ``log``.
    """
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        console = Console(stderr=True, no_color=True if not colour else None)
        shown: Sink = LinesSink(sys.stderr, details=False, quiet=quiet)
        if console.is_terminal and not quiet:
            shown = LiveSink(console)
        try:
            yield Reporter(LinesSink(file, details=True, times=True), shown)
        finally:
            shown.close()


def duration(seconds: float) -> str:
    """Render as ``4.2 s``, ``3 min 05 s`` or ``1 h 02 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
