"""The entry point: whatever happens, one clear message and a documented exit code."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from netlab.cli.app import run_command
from netlab.errors import BUG_EXIT_CODE, Interrupted, NetlabError, NoSpace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

TERMINATED = 128 + signal.SIGTERM
BROKEN_PIPE = 128 + signal.SIGPIPE


class _Terminated(KeyboardInterrupt):
    """SIGTERM, as something that unwinds the stack and cleans up just as Ctrl-C does."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run netlab; return the exit code."""
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        return _guarded(argv)
    finally:
        signal.signal(signal.SIGTERM, before)


def _guarded(argv: Sequence[str] | None) -> int:
    try:
        code = run_command(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone, as with `netlab profiles | head -1`; Python must not complain at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return BROKEN_PIPE
    except KeyboardInterrupt as interrupt:
        _tell(Interrupted("interrupted", hint="the same command goes on from here; 'netlab down' removes the hosts"))
        return TERMINATED if isinstance(interrupt, _Terminated) else Interrupted.exit_code
    except NetlabError as error:
        return _tell(error)
    except OSError as error:
        return _tell(_of_the_machine(error)) if error.errno in _MACHINE else _crash()
    except Exception:  # noqa: BLE001 - the one place that catches everything: it becomes a crash log
        return _crash()
    return code


_MACHINE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT}
"""Errors of the file system that are no bugs of netlab's."""


def _of_the_machine(error: OSError) -> NetlabError:
    message = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return NoSpace(message, hint="free some space there") if full else NetlabError(message)


def _tell(error: NetlabError) -> int:
    message = error.message.replace("\n", "\n    ")  # further in than what follows it
    lines = [f"netlab: error: {message}", error.hint and f"  {error.hint}", error.log and f"  log: {error.log}"]
    sys.stderr.write("".join(f"{line}\n" for line in lines if line))
    return error.exit_code


def _crash() -> int:
    sys.stderr.write(f"netlab: this is a bug in netlab; please report it with the log {_crash_log()}\n")
    return BUG_EXIT_CODE


def _crash_log() -> Path:
    from netlab import assets, lab  # noqa: PLC0415 - only a crash needs them

    here = lab.find_lab(Path.cwd())
    folder = here.logs if here.state_folder.is_dir() else assets.cache() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"crash-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.log"
    path.write_text(f"{sys.argv}\nPython {sys.version}\n\n{traceback.format_exc()}", encoding="utf-8")
    return path


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _Terminated


if __name__ == "__main__":
    sys.exit(main())
