"""The one place that runs processes: every run is an ``Outcome``, and no child outlives an error.

A child gets a session of its own. So a Ctrl-C reaches netlab alone, which then ends the child with all its descendants.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn

from netlab import locales, signals
from netlab.errors import MissingTool, NetlabError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEBIAN_PACKAGES = {
    "VBoxManage": "virtualbox",
    "mkfs.ext4": "e2fsprogs",
    "mmdebstrap": "mmdebstrap",
    "newgidmap": "uidmap",
    "newuidmap": "uidmap",
    "qemu-img": "qemu-utils",
    "qemu-system-x86_64": "qemu-system-x86",
    "skopeo": "skopeo",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "ssh-keyscan": "openssh-client",
    "vagrant": "vagrant",
    "virsh": "libvirt-clients",
}

GRACE_S = 5.0
"""How long a process may take to end by itself after SIGTERM."""

_FORCING_COLOUR = {"CLICOLOR_FORCE", "FORCE_COLOR", "TTY_COMPATIBLE"}
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A process that ended. ``seconds`` is wall time."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str
    started: datetime
    seconds: float


class Child:
    """A long-lived process started by ``spawn``; it outlives netlab unless ``stop`` is called."""

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        import psutil  # noqa: PLC0415 - imported late: most commands start no such process

        self._popen = popen
        self._process = psutil.Process(popen.pid)
        self.pid = popen.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._popen.poll()

    def wait(self, timeout: float) -> int | None:
        """Exit code, or None when it still runs after ``timeout`` seconds."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._popen.wait(timeout)
        return None

    def stop(self, *, grace: float = GRACE_S) -> None:
        """End it with all that it started."""
        from netlab import family  # noqa: PLC0415 - imported late: most commands end no process

        family.end_tree(self._process, grace=grace)
        if self._popen.stdin:
            self._popen.stdin.close()
        self.wait(1.0)

    def shell_below(self, words: str) -> int | None:
        """Find the shell among its descendants whose command begins with ``words``."""
        from netlab import family  # noqa: PLC0415 - as above

        return family.shell_below(self._process, words)


def find_tool(name: str) -> str:
    """Path of a program, also in the system folders that a user's PATH leaves out; MissingTool when there is none."""
    path = shutil.which(name) or shutil.which(name, path=_SBIN)
    if path is None:
        package = DEBIAN_PACKAGES.get(Path(name).name)
        hint = f"on Debian or Ubuntu: sudo apt-get install {package}" if package else "install it, or add it to PATH"
        raise MissingTool(f"the program '{name}' is not installed", hint=hint)
    return path


def run(  # noqa: PLR0913 - each is one independent property of a process, all by keyword
    argv: Sequence[object],
    *,
    timeout: float | None = None,
    input: str | None = None,  # noqa: A002 - subprocess's own name
    file: IO[bytes] | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    log: Path | None = None,
    check: bool = True,
    error: type[NetlabError] = NetlabError,
) -> Outcome:
    """Run a program to its end. The words of ``argv`` are strings and paths, or whatever reads well as text.

    It reads ``input``, or the unbuffered ``file`` from where that is. ``env`` is added to netlab's own environment.
    ``error`` is raised on a time-out and, with ``check``, on an exit code other than 0. Whatever ends the wait early
    ends the program with all that it started.
    """
    started, clock = datetime.now(UTC), time.monotonic()
    stdin = file or (subprocess.DEVNULL if input is None else subprocess.PIPE)
    with contextlib.ExitStack() as stack:
        with signals.held():
            child = stack.enter_context(_popen(argv, env=env, cwd=cwd, stdin=stdin))
            end = stack.enter_context(contextlib.ExitStack())
            end.callback(end_tree, child.pid, grace=GRACE_S)
        out, err, expired = _communicate(child, input, timeout)
        end.pop_all()
    outcome = Outcome(
        argv=tuple(str(word) for word in argv),
        exit_code=child.returncode,
        stdout=out,
        stderr=err,
        started=started,
        seconds=time.monotonic() - clock,
    )
    if log is not None:
        _append(log, outcome)
    if expired:
        raise error(f"{shlex.join(outcome.argv[:1])} did not end within {timeout:g} s", log=log)
    if check and outcome.exit_code:
        raise error(_failure(outcome), log=log)
    return outcome


def spawn(  # noqa: PLR0913 - as ``run``
    argv: Sequence[object],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
    held: bool = False,
) -> Child:
    """Start a long-lived program whose output goes to ``log``; it inherits the file descriptors of ``pass_fds``.

    ``held``: its standard input ends when netlab does, however that ends.
    Who has to end it starts it with signals held (``netlab.signals``) until that is arranged.
    """
    stdin = subprocess.PIPE if held else subprocess.DEVNULL
    with log.open("ab") as output:
        return Child(
            _popen(argv, env=env, cwd=cwd, stdin=stdin, stdout=output, stderr=subprocess.STDOUT, pass_fds=pass_fds)
        )


def attend(argv: Sequence[object], *, env: Mapping[str, str]) -> int:
    """Run a program that has the terminal to itself, and return its exit code as a shell would.

    What is typed to end or to interrupt something is meant for the program, which alone decides what it does.
    """
    program, *rest = (str(word) for word in argv)
    before = {number: signal.getsignal(number) for number in signals.KEYS}
    for number in (number for number, handler in before.items() if handler is not signal.SIG_IGN):
        signal.signal(number, lambda *_: None)  # not ignored, or the program would ignore it, too
    try:
        done = subprocess.run([find_tool(program), *rest], env={**os.environ, **env}, check=False)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


def replace(argv: Sequence[object]) -> NoReturn:
    """Become another program (which then owns the terminal); does not return."""
    words = [str(word) for word in argv]
    os.execv(find_tool(words[0]), words)  # noqa: S606 - no shell is wanted


def end_tree(pid: int, *, grace: float = 1.0) -> None:
    """End a process with all its descendants and its session: see ``netlab.family``."""
    import psutil  # noqa: PLC0415 - as below

    from netlab import family  # noqa: PLC0415 - imported late: most commands end no process

    with contextlib.suppress(psutil.NoSuchProcess):
        family.end_tree(psutil.Process(pid), grace=grace)


def end_marked(name: str, value: str, *, grace: float = 1.0) -> None:
    """End all processes of this user that were started with ``name=value`` in their environment, as ``end_tree``."""
    from netlab import family  # noqa: PLC0415 - as above

    family.end_marked(name, value, grace=grace)


def end_if_marked(pid: int, name: str, value: str, *, grace: float = 1.0) -> None:
    """End a process as ``end_tree``, if it is the one that was started with ``name=value`` in its environment.

    Daemons that it has started have sessions of their own, and run on.
    """
    import psutil  # noqa: PLC0415 - as above

    from netlab import family  # noqa: PLC0415 - as above

    with contextlib.suppress(psutil.Error, OSError):
        process = psutil.Process(pid)
        if process.environ().get(name) == value:
            family.end_tree(process, grace=grace)


def _popen(  # noqa: PLR0913 - the streams of subprocess.Popen, by keyword
    argv: Sequence[object],
    *,
    env: Mapping[str, str] | None,
    cwd: Path | None,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    program, *rest = (str(word) for word in argv)
    return subprocess.Popen(
        [find_tool(program), *rest],
        env={**_environment(), **(env or {})},
        cwd=cwd,
        start_new_session=True,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=pass_fds,
    )


def _environment() -> dict[str, str]:
    """Return what every child gets: texts in UTF-8, no colours in what netlab reads, a folder for temporary files."""
    own = {name: value for name, value in os.environ.items() if name not in _FORCING_COLOUR}
    return {**own, **locales.environment(), "TMPDIR": tempfile.gettempdir()}


def _communicate(child: subprocess.Popen[bytes], text: str | None, timeout: float | None) -> tuple[str, str, bool]:
    """Output, errors and whether the time was up; what came before a time-out is kept."""
    expired = False
    try:
        out, err = child.communicate(None if text is None else text.encode(), timeout)
    except subprocess.TimeoutExpired:
        end_tree(child.pid, grace=GRACE_S)
        expired = True
        out, err = _rest(child)
    return out.decode(errors="replace"), err.decode(errors="replace"), expired


def _rest(child: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Read what an ended child wrote; a daemon that it left behind may hold the pipes open, so never wait for long."""
    try:
        return child.communicate(timeout=1.0)
    except subprocess.TimeoutExpired as late:
        return late.stdout or b"", late.stderr or b""


def _append(log: Path, outcome: Outcome) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {shlex.join(outcome.argv)}\n{outcome.stdout}{outcome.stderr}")
        file.write(f"[exit code {outcome.exit_code} after {outcome.seconds:.1f} s]\n")


def _failure(outcome: Outcome) -> str:
    lines = (outcome.stderr.strip() or outcome.stdout.strip() or "it said nothing").splitlines()
    return f"{Path(outcome.argv[0]).name} failed with exit code {outcome.exit_code}: {lines[-1].strip()}"
