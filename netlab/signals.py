"""What asks netlab to end: each such signal unwinds the stack, so that everything is cleaned up, and is an exit code.

A signal that is ignored when netlab begins stays ignored: so do nohup and a shell's jobs in the background want it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
KEYS = (signal.SIGINT, signal.SIGQUIT)
"""Those that somebody at a terminal sends: Ctrl-C and Ctrl-\\."""

BROKEN_PIPE = 128 + signal.SIGPIPE


class Ended(KeyboardInterrupt):
    """One of the signals, as something that unwinds the stack as Ctrl-C does."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.strsignal(number))
        self.number = number

    @property
    def exit_code(self) -> int:
        """As shells count it."""
        return 128 + self.number


@contextlib.contextmanager
def unwinding(*, last: bool = False) -> Iterator[None]:
    """Raise ``Ended`` at the first of the signals; what is cleaned up then is left in peace by the next ones.

    ``last`` says that the process ends afterwards, which takes so little that no signal needs to hurry it.
    """
    before = {number: signal.getsignal(number) for number in ENDING}
    mine = [number for number, handler in before.items() if handler is not None and handler is not signal.SIG_IGN]
    handle = _Handler()
    for number in mine:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in mine:
            signal.signal(number, signal.SIG_IGN if last else before[number])


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Have a signal wait for the end of what is inside: a process is started, and who will end it is told.

    For the main thread, which alone is unwound by one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _HELD.depth += 1
    try:
        yield
    finally:
        _HELD.depth -= 1
        if _HELD.number is not None and not _HELD.depth:
            number, _HELD.number = _HELD.number, None
            signal.raise_signal(number)


class _Held:
    """How many ``held`` are around what runs, and the first signal that waits; those after it would change nothing."""

    def __init__(self) -> None:
        self.depth = 0
        self.number: int | None = None


_HELD = _Held()


class _Handler:
    """Raises at the first signal. Of those that follow only the second that a person sends ends the clean-up, too."""

    def __init__(self) -> None:
        self._ending = False
        self._asked = False

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if _HELD.depth:
            _HELD.number = _HELD.number or number
            return
        if not self._ending or (self._asked and number in KEYS):
            self._ending = True
            raise Ended(number)
        if number in KEYS:
            self._asked = True
            with contextlib.suppress(OSError):
                os.write(2, b"netlab: cleaning up; once more leaves everything as it is\n")
