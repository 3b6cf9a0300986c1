"""The three standard streams of a command: all are there, and none fails for want of a glyph.

A stream that was closed when the command began is opened on /dev/null: otherwise the next file gets its number, and
anyone who writes to the stream writes into that file. Results that nobody can read are an error; messages are not.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
import unicodedata
from typing import TYPE_CHECKING, cast

from netlab.errors import NetlabError, NoSpace

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

INPUT, OUTPUT, ERRORS = 0, 1, 2

PLAIN = {
    "─": "-", "│": "|", "├": "+", "└": "+", "║": "|", "▼": "v", "→": "->", "←": "<-", "↔": "<->",
    "−": "-", "–": "-", "—": "-", "×": "x", "±": "+-", "≠": "!=", "≤": "<=", "≥": ">=", "≈": "~",  # noqa: RUF001 - meant as they are
    "·": "-", "•": "*", "…": "...", "“": '"', "”": '"', "‘": "'", "’": "'", "µ": "u", "μ": "u", "τ": "tau",  # noqa: RUF001 - as above
    "‰": "per mille", "✓": "ok", "✗": "failed",
}  # fmt: skip
"""How to write a character where the terminal has none for it."""

_HANDLER = "netlab.plain"


def prepare() -> None:
    """Make the streams of this process what the module's first lines say; once, before anything is written."""
    _open_closed()
    codecs.register_error(_HANDLER, plain)
    encoding = (sys.stdout and sys.stdout.encoding) or "utf-8"
    sys.stdout = _text(_Results(OUTPUT, "wb", closefd=False), encoding)
    if sys.stderr is None:
        sys.stderr = _text(io.FileIO(ERRORS, "wb", closefd=False), encoding)
    cast("io.TextIOWrapper", sys.stderr).reconfigure(errors=_HANDLER, line_buffering=True)


def forget(number: int) -> None:
    """Throw away what is still to be written to a stream that takes nothing; Python would complain of it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def plain(error: UnicodeError) -> tuple[str | bytes, int]:
    """Write the first character that the stream's encoding does not have in others; bytes of a file's name as they are.

    An error handler for ``codecs.register_error``.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letter = error.object[error.start]
    if "\udc80" <= letter <= "\udcff":
        return bytes([ord(letter) - 0xDC00]), error.start + 1
    return PLAIN.get(letter) or _without_accents(letter) or "?", error.start + 1


def _without_accents(letter: str) -> str:
    return unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()


class _Results(io.FileIO):
    """Standard output. An error of its own is not taken for one of a file that the command works on."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            message = f"standard output cannot be written: {error.strerror}"
            full = error.errno in {errno.ENOSPC, errno.EDQUOT}
            raise (NoSpace(message, hint="free some space there") if full else NetlabError(message)) from error


def _text(raw: io.FileIO, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=encoding, errors=_HANDLER, line_buffering=os.isatty(raw.fileno())
    )


def _open_closed() -> None:
    for number, mode in ((INPUT, os.O_RDONLY), (OUTPUT, os.O_RDONLY), (ERRORS, os.O_WRONLY)):
        try:
            os.set_blocking(number, True)  # another program may have changed it
        except OSError:
            opened = os.open(os.devnull, mode)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)  # noqa: FBT003 - os takes it by place
