"""What is happening: live on a terminal, plain lines elsewhere, and all of it in a log on disk."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Protocol

from rich.console import Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from netlab.console import is_live, open_console, paint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rich.console import Console, RenderableType


class Progress(Protocol):
    """Anyone who does long work says here what it does."""

    def step(self, title: str) -> contextlib.AbstractContextManager[None]:
        """Enclose a piece of work that takes seconds or more; steps may nest."""

    def task(self, host: str, name: str) -> None:
        """Name what a host begins to do inside the current step."""

    def rounds(self, done: int, total: int, eta: float | None, *, more: str = "") -> None:
        """Tell how many blocks are done; ``eta`` is the time left in seconds where it is known."""

    def milestone(self, text: str) -> None:
        """Tell how far long work is to those who see no live display."""

    def note(self, text: str) -> None:
        """Say something that the user will want to read again."""

    def warn(self, text: str) -> None:
        """Say something that the user should act on."""


@dataclass(eq=False)
class Step:
    """A piece of work that has begun."""

    title: str
    depth: int = 0
    """How many steps enclose it."""
    begin: float = field(default_factory=time.monotonic)
    task: str = ""
    """What happens inside it."""
    rounds: str = ""
    """How far it is."""

    @property
    def seconds(self) -> float:
        """Wall time since it began."""
        return time.monotonic() - self.begin


class Sink(Protocol):
    """Shows progress in one way."""

    def begin(self, step: Step) -> None:
        """Show that a step began."""

    def end(self, step: Step, *, ok: bool) -> None:
        """Show that it ended."""

    def detail(self, text: str) -> None:
        """Show what happens; the step that it belongs to holds it too."""

    def milestone(self, text: str) -> None:
        """Show how far a long step is."""

    def say(self, text: str, *, warning: bool) -> None:
        """Show a note or a warning."""

    def close(self) -> None:
        """Show nothing any more."""


class Reporter:
    """A ``Progress`` that tells several sinks. Threads may share it: each has steps of its own.

    The work, and what it cleans up, continues when the sink that is ``shown`` fails, as when its terminal has gone.
    """

    def __init__(self, *sinks: Sink, shown: Sink | None = None) -> None:
        self._sinks = sinks
        self._shown = shown
        self._turn = threading.Lock()
        self._steps: dict[int, list[Step]] = {}

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show the step while it lasts, then how long it took."""
        mine, ok = self._steps.setdefault(threading.get_ident(), []), False
        step = Step(title, depth=len(mine))
        mine.append(step)
        self._tell(lambda sink: sink.begin(step))
        try:
            yield
            ok = True
        finally:
            mine.remove(step)
            self._tell(lambda sink: sink.end(step, ok=ok))

    def task(self, host: str, name: str) -> None:
        """Show the task."""
        text = f"{host}: {name}"
        self._step().task = text
        self._tell(lambda sink: sink.detail(text))

    def rounds(self, done: int, total: int, eta: float | None, *, more: str = "") -> None:
        """Show the share of blocks done, where the work is, and the time left."""
        left = f"{duration(eta)} left" if eta is not None and done < total else ""
        text = ", ".join(filter(None, (f"{done} of {total} blocks", left, more)))
        self._step().rounds = text
        self._tell(lambda sink: sink.detail(text))

    def milestone(self, text: str) -> None:
        """Show the text where nothing is live."""
        self._tell(lambda sink: sink.milestone(text))

    def note(self, text: str) -> None:
        """Show the text and keep it."""
        self._tell(lambda sink: sink.say(text, warning=False))

    def warn(self, text: str) -> None:
        """Show the text, marked, and keep it."""
        self._tell(lambda sink: sink.say(text, warning=True))

    def _step(self) -> Step:
        """Return the step that this thread is in; one that began none works on the step of the thread that began it."""
        own = self._steps.get(threading.get_ident()) or next(filter(None, self._steps.values()), None)
        return own[-1] if own else Step("")

    def _tell(self, tell: Callable[[Sink], None]) -> None:
        with self._turn:
            for sink in self._sinks:
                tell(sink)
            if self._shown:
                with contextlib.suppress(OSError):
                    tell(self._shown)


class LinesSink:
    """One line an event on a stream; ``details`` are left out where a reader would drown in them."""

    def __init__(
        self,
        stream: IO[str],
        *,
        details: bool,
        times: bool = False,
        quiet: bool = False,
        console: Console | None = None,
    ) -> None:
        self._stream = stream
        self._console = console
        self._details = details
        self._times = times
        self._quiet = quiet

    def begin(self, step: Step) -> None:
        """Write the title."""
        if not self._quiet:
            self._line(f"{step.title} …")

    def end(self, step: Step, *, ok: bool) -> None:
        """Write the title and how long it took."""
        if not self._quiet:
            word = "done" if ok else "failed"
            self._line(f"{step.title}: {word} ({duration(step.seconds)})", "green" if ok else "red")

    def detail(self, text: str) -> None:
        """Write it where details are wanted."""
        if self._details:
            self._line(f"  {text}")

    def milestone(self, text: str) -> None:
        """Write it, unless ``quiet``."""
        if not self._quiet:
            self._line(f"  {text}")

    def say(self, text: str, *, warning: bool) -> None:
        """Write it; with ``quiet`` only warnings."""
        if warning or not self._quiet:
            self._line(f"warning: {text}" if warning else text, "yellow" if warning else "")

    def close(self) -> None:
        """Leave the stream open: it is its owner's."""

    def _line(self, text: str, style: str = "") -> None:
        text = paint(self._console, text, style) if self._console else text
        stamp = time.strftime("%H:%M:%S ") if self._times else ""
        self._stream.write(f"{stamp}{text}\n")
        self._stream.flush()


class LiveSink:
    """The last lines of a terminal show the open steps, what they do and the time; finished ones stay above them."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._open: list[Step] = []
        self._spinner = Spinner("line" if console.options.ascii_only else "dots")
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=8, transient=True)

    def begin(self, step: Step) -> None:
        """Start to show the step."""
        self._open.append(step)
        if len(self._open) == 1:
            self._live.start()

    def end(self, step: Step, *, ok: bool) -> None:
        """Leave one line of the step."""
        self._open.remove(step)
        mark = ("✓", "green") if ok else ("✗", "red")
        indent = "  " * step.depth
        self._console.print(Text.assemble(indent, mark, f" {step.title} ", (duration(step.seconds), "dim")))
        if not self._open:
            self._live.stop()

    def detail(self, text: str) -> None:
        """Nothing: the step holds it, and the next refresh shows it."""

    def milestone(self, text: str) -> None:
        """Nothing: the live lines say it already."""

    def say(self, text: str, *, warning: bool) -> None:
        """Print it above the live lines."""
        self._console.print(Text(f"warning: {text}", "yellow") if warning else Text(text))

    def close(self) -> None:
        """Give the terminal back."""
        self._live.stop()

    def _render(self) -> RenderableType:
        lines = [_live_line(step) for step in self._open.copy()]
        if not lines:
            return Group()
        self._spinner.update(text=lines[-1])
        return Group(*lines[:-1], self._spinner)


def _live_line(step: Step) -> Text:
    indent = "  " * step.depth
    text = Text.assemble(indent, f"{step.title} ", (duration(step.seconds), "dim"))
    for part, style in ((step.rounds, "bold"), (step.task, "cyan")):
        if part:
            text.append(f"  {part}", style)
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


@contextlib.contextmanager
def open_progress(log: Path, *, quiet: bool = False, colour: bool = True) -> Iterator[Reporter]:
    """Open the display that fits: live on a terminal, plain lines elsewhere, warnings only when ``quiet``.

    It goes to stderr, so that stdout holds results alone; all of it, with times of day, goes to ``log``.
    """
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8", errors="backslashreplace") as file:
        console = open_console(sys.stderr, colour=colour)
        painted = console if console.is_terminal else None
        shown: Sink = LinesSink(sys.stderr, details=False, quiet=quiet, console=painted)
        if is_live(sys.stderr) and not quiet:
            shown = LiveSink(console)
        try:
            yield Reporter(LinesSink(file, details=True, times=True), shown=shown)
        finally:
            with contextlib.suppress(OSError):
                shown.close()


def duration(seconds: float) -> str:
    """Render as ``4.2 s``, ``3 min 05 s`` or ``1 h 02 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def size(count: float) -> str:
    """Render bytes as ``812 B``, ``4.2 KiB``, ``76 MiB`` or ``1.3 GiB``."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"
