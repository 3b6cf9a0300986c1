"""The one place that runs processes: every run is an ``Outcome``, and no child outlives an error.

A child gets a session of its own. So a Ctrl-C reaches netlab alone, which then ends the child's whole process group.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, NoReturn

from netlab.errors import MissingTool, NetlabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

DEBIAN_PACKAGES = {
    "mkfs.ext4": "e2fsprogs",
    "mmdebstrap": "mmdebstrap",
    "newgidmap": "uidmap",
    "newuidmap": "uidmap",
    "qemu-img": "qemu-utils",
    "qemu-system-x86_64": "qemu-system-x86",
    "skopeo": "skopeo",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}

GRACE_S = 5.0
"""How long a process may take to end by itself after SIGTERM."""

_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A process that ended. Secrets are blanked in ``argv``; ``seconds`` is wall time."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str
    started: datetime
    seconds: float


class _Process(NamedTuple):
    pid: int
    parent: int
    group: int


class Child:
    """A long-lived process started by ``spawn``; it outlives netlab unless ``stop`` is called."""

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self._popen = popen
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
        """End it and its process group."""
        end_group(self.pid, grace=grace)
        self._popen.wait(1.0)


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
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    redact: Iterable[str] = (),
    log: Path | None = None,
    check: bool = True,
    error: type[NetlabError] = NetlabError,
) -> Outcome:
    """Run a program to its end. The words of ``argv`` are strings and paths, or whatever reads well as text.

    ``env`` is added to netlab's own environment. ``redact`` lists secrets that appear neither in the outcome nor in
    the log. ``error`` is raised on a time-out and, with ``check``, on an exit code other than 0.
    """
    started, clock = datetime.now(UTC), time.monotonic()
    stdin = subprocess.DEVNULL if input is None else subprocess.PIPE
    with _popen(argv, env=env, cwd=cwd, stdin=stdin) as child:
        try:
            out, err, expired = _communicate(child, input, timeout)
        except BaseException:
            end_group(child.pid)
            child.wait()
            raise
    blank = _blanker(redact)
    outcome = Outcome(
        argv=tuple(blank(str(word)) for word in argv),
        exit_code=child.returncode,
        stdout=blank(out),
        stderr=blank(err),
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


def spawn(
    argv: Sequence[object],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
) -> Child:
    """Start a long-lived program whose output goes to ``log``; it inherits the file descriptors of ``pass_fds``."""
    with log.open("ab") as output:
        return Child(_popen(argv, env=env, cwd=cwd, stdout=output, stderr=subprocess.STDOUT, pass_fds=pass_fds))


def replace(argv: Sequence[object]) -> NoReturn:
    """Become another program (which then owns the terminal); does not return."""
    words = [str(word) for word in argv]
    os.execv(find_tool(words[0]), words)  # noqa: S606 - no shell is wanted


def end_group(pid: int, *, grace: float = GRACE_S) -> None:
    """End the process group that ``pid`` leads: SIGTERM, then SIGKILL after ``grace`` seconds."""
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 1.0)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)
        if _gone(lambda: any(found.group == pid for found in _running()), patience):
            return


def end_tree(pid: int, *, grace: float = 1.0) -> None:
    """End a process and all its descendants, whatever session they have put themselves into."""
    family: set[int] = set()

    def there() -> bool:
        return any(found.pid in family for found in _running())

    for number in (signal.SIGTERM, signal.SIGKILL):
        family |= {pid, *_descendants(pid)}
        for each in family:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(each, number)
        if _gone(there, grace):
            return


def marked(name: str, value: str) -> list[int]:
    """Find the processes of this user that were started with ``name=value`` in their environment."""
    wanted = f"{name}={value}".encode()
    return [pid for pid in _pids() if wanted in _read(pid, "environ").split(b"\0")]


def descendant(pid: int, words: str) -> int | None:
    """Find the process below ``pid`` that is a shell whose command begins with ``words``."""
    wanted = words.encode()
    for found in sorted(_descendants(pid)):
        argv = _read(found, "cmdline").split(b"\0")
        if argv[0].endswith(b"sh") and any(word.startswith(wanted) for word in argv[1:]):
            return found
    return None


def _popen(  # noqa: PLR0913 - the streams of subprocess.Popen, by keyword
    argv: Sequence[object],
    *,
    env: Mapping[str, str] | None,
    cwd: Path | None,
    stdin: int = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    program, *rest = (str(word) for word in argv)
    return subprocess.Popen(
        [find_tool(program), *rest],
        env={**os.environ, **(env or {})},
        cwd=cwd,
        start_new_session=True,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=pass_fds,
    )


def _communicate(child: subprocess.Popen[bytes], text: str | None, timeout: float | None) -> tuple[str, str, bool]:
    """Output, errors and whether the time was up; what came before a time-out is kept."""
    expired = False
    try:
        out, err = child.communicate(None if text is None else text.encode(), timeout)
    except subprocess.TimeoutExpired:
        end_group(child.pid)
        expired = True
        out, err = _rest(child)
    return out.decode(errors="replace"), err.decode(errors="replace"), expired


def _rest(child: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Read what an ended child wrote; a daemon that it left behind may hold the pipes open, so never wait for long."""
    try:
        return child.communicate(timeout=1.0)
    except subprocess.TimeoutExpired as late:
        return late.stdout or b"", late.stderr or b""


def _blanker(secrets: Iterable[str]) -> Callable[[str], str]:
    words = [secret for secret in secrets if secret]

    def blank(text: str) -> str:
        for word in words:
            text = text.replace(word, "***")
        return text

    return blank


def _append(log: Path, outcome: Outcome) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {shlex.join(outcome.argv)}\n{outcome.stdout}{outcome.stderr}")
        file.write(f"[exit code {outcome.exit_code} after {outcome.seconds:.1f} s]\n")


def _failure(outcome: Outcome) -> str:
    lines = (outcome.stderr.strip() or outcome.stdout.strip() or "it said nothing").splitlines()
    return f"{Path(outcome.argv[0]).name} failed with exit code {outcome.exit_code}: {lines[-1].strip()}"


def _gone(there: Callable[[], bool], patience: float) -> bool:
    """Whether nothing was ``there`` any more within ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while there():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _read(pid: int, name: str) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/{name}").read_bytes()
    return b""


def _running() -> Iterator[_Process]:
    """All processes but those that ended and wait for their parent to notice."""
    for pid in _pids():
        # The fields follow the last bracket, because a process's name may hold anything.
        fields = _read(pid, "stat").rpartition(b")")[2].split()
        if fields and fields[0] not in b"ZX":
            yield _Process(pid=pid, parent=int(fields[1]), group=int(fields[2]))


def _descendants(pid: int) -> set[int]:
    parents = {found.pid: found.parent for found in _running()}
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return family - {pid}
