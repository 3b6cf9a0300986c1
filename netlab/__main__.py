"""The entry point: whatever happens, one clear message and a documented exit code."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from netlab import signals, streams
from netlab.cli.app import run_command
from netlab.credentials import blanked_word, hidden
from netlab.errors import BUG_EXIT_CODE, Interrupted, NetlabError, NoSpace, RequirementError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run netlab; return the exit code. Without ``argv`` it is what this process is there for, and has its streams."""
    alone = argv is None
    if alone:
        streams.prepare()
    with signals.unwinding(last=alone):
        return _guarded(argv)


def _guarded(argv: Sequence[str] | None) -> int:
    try:
        code = run_command(argv)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has gone, as with `netlab profiles | head -1`
        code = signals.BROKEN_PIPE
    except KeyboardInterrupt as signal:
        hint = "the same command continues from here; 'netlab down' removes the hosts"
        code = _tell(Interrupted("interrupted", hint=hint))
        code = signal.exit_code if isinstance(signal, signals.Ended) else code
    except NetlabError as error:
        code = _tell(error)
    except OSError as error:
        known = _of_the_machine(error)
        code = _tell(known) if known else _crash()
    except Exception:  # noqa: BLE001 - the one place that catches everything: it becomes a crash log
        code = _crash()
    else:
        return code
    return _without_results(code)


def _without_results(code: int) -> int:
    """Write what was printed before the error, where that is still possible."""
    try:
        sys.stdout.flush()
    except (OSError, NetlabError):
        streams.forget(streams.OUTPUT)
    return code


_IN_THE_WAY = "something else is where netlab needs a file or a folder: move it away"
_NOT_ALLOWED = "change the permissions, or work elsewhere: -C names the lab's folder, XDG_CACHE_HOME that of the cache"
_MACHINE = {
    errno.EACCES: _NOT_ALLOWED,
    errno.EAGAIN: "end other programs, or raise the limit: ulimit -u",
    errno.EDQUOT: "free some space there",
    errno.EEXIST: _IN_THE_WAY,
    errno.EIO: None,
    errno.EISDIR: _IN_THE_WAY,
    errno.ELOOP: _IN_THE_WAY,
    errno.EMFILE: "raise the limit: ulimit -n",
    errno.ENAMETOOLONG: "work in a folder whose path is shorter",
    errno.ENFILE: "end other programs",
    errno.ENOMEM: "end other programs",
    errno.ENOSPC: "free some space there",
    errno.ENOTDIR: _IN_THE_WAY,
    errno.EPERM: _NOT_ALLOWED,
    errno.EROFS: _NOT_ALLOWED,
    errno.ESTALE: None,
}
"""Errors of this machine and its file systems, which are no bugs of netlab's, and what to do about each."""


def _of_the_machine(error: OSError) -> NetlabError | None:
    """Return what the user is told; None for what can only be a bug."""
    if "No usable temporary directory" in str(error.strerror):
        return RequirementError("there is no folder for temporary files", hint="set TMPDIR to one that you may write")
    if error.errno not in _MACHINE:
        return None
    message = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return (NoSpace if full else NetlabError)(message, hint=_MACHINE[error.errno])


def _tell(error: NetlabError) -> int:
    message = error.message.replace("\n", "\n    ")  # further in than what follows it
    lines = [f"netlab: error: {message}", error.hint and f"  {error.hint}", error.log and f"  log: {error.log}"]
    _say("".join(f"{line}\n" for line in lines if line))
    return error.exit_code


def _crash() -> int:
    words = [blanked_word(word) for word in sys.argv]  # what is written here is made to be handed on
    text = hidden(f"{words}\nPython {sys.version}\n\n{traceback.format_exc()}")
    log = _crash_log(text)
    _say(f"netlab: this is a bug in netlab; please report it with {f'the log {log}' if log else 'this:'}\n")
    if log is None:
        _say(text)
    return BUG_EXIT_CODE


def _say(text: str) -> None:
    """Write to a standard error that may have gone with its terminal."""
    try:
        sys.stderr.write(hidden(text))
        sys.stderr.flush()
    except OSError:
        streams.forget(streams.ERRORS)


def _crash_log(text: str) -> Path | None:
    """Write the log where there is room for it; None where there is none anywhere."""
    name = f"crash-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.log"
    for folder in _places_for_logs():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        return folder / name
    return None


def _places_for_logs() -> Iterator[Path]:
    """Folders for a crash log, the best first; what made netlab crash may make some of them impossible, too."""
    from netlab import assets, lab  # noqa: PLC0415 - only a crash needs them

    try:
        here = lab.find_lab(Path.cwd())
        if here.state_folder.is_dir():
            yield here.logs
        yield assets.cache() / "logs"
    except (OSError, NetlabError):
        pass
    yield Path(tempfile.gettempdir())


if __name__ == "__main__":
    sys.exit(main())
