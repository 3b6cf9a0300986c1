"""The one place that touches ansible-runner: a play's outcome is a value, its tasks go to the progress display."""

from __future__ import annotations

import ast
import contextlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from netlab import assets, locales, proc, ssh
from netlab.errors import AnsibleFailed, HostUnreachable
from netlab.excerpt import first_lines, last_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netlab.progress import Progress

NEWEST_ACCELERATED = (2, 19)
"""The newest ansible-core on which the tests ran with Mitogen; anything newer runs without, to the same results."""

_CONFIG = "ansible.cfg"
"""Empty, so that no setting of the user's counts."""

_ENDINGS = {"runner_on_ok", "runner_on_skipped", "runner_on_failed", "runner_on_unreachable"}
_IDENT = "play"
_MARK = "NETLAB_PLAY"
_plays: set[str] = set()
"""Marks of the plays that run now: each process that a play starts carries one in its environment."""
_LAST_LINES = 10
"""Lines of a failed command's output that are shown: what it said last is nearest to the reason."""


@dataclass(frozen=True, kw_only=True)
class HostStats:
    """Tasks of one host, counted by how they ended."""

    ok: int = 0
    changed: int = 0
    skipped: int = 0
    failed: int = 0
    unreachable: int = 0


@dataclass(frozen=True, kw_only=True)
class TaskTime:
    """Wall time of one task on one host."""

    host: str
    task: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class PlayResult:
    """A play that succeeded (one that did not raises)."""

    stats: Mapping[str, HostStats]
    tasks: tuple[TaskTime, ...]
    seconds: float
    accelerated: bool

    @property
    def changed(self) -> int:
        """Number of changed tasks on all hosts."""
        return sum(stats.changed for stats in self.stats.values())


def play(  # noqa: PLR0913 - what a play is made of, by keyword
    playbook: Path,
    inventory: Mapping[str, Any],
    *,
    folder: Path,
    log: Path,
    progress: Progress,
    extra_vars: Mapping[str, Any] | None = None,
    sockets: Path | None = None,
    accelerate: bool = True,
) -> PlayResult:
    """Run a playbook to its end; AnsibleFailed or HostUnreachable name host, task and message.

    ``inventory`` has the form of Ansible's YAML inventories. ``folder`` is private to the play and emptied by it.
    ``sockets`` is a short path where ssh keeps its connections open for the next play (end them with
    ``close_connections``); without it they end with the play. A Ctrl-C, or anything that ``progress`` raises, ends
    Ansible with all its descendants at once.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    (folder / _CONFIG).touch()
    strategy = accelerator() if accelerate else None
    begin = time.monotonic()
    with log.open("a", encoding="utf-8") as file, _sockets(sockets) as place:
        record = _Record(file, progress)
        exit_code = _run(
            private_data_dir=str(folder),
            playbook=str(playbook),
            inventory=dict(inventory),
            extravars=dict(extra_vars or {}),
            envvars=_environment(folder, place, strategy),
            event_handler=record.receive,
        )
    if exit_code != 0:
        raise record.error(playbook, log)
    return PlayResult(
        stats=record.stats,
        tasks=tuple(record.tasks),
        seconds=time.monotonic() - begin,
        accelerated=strategy is not None,
    )


def close_connections(sockets: Path) -> None:
    """End the ssh connections that plays keep open; needed before a snapshot is restored and on ``down``."""
    for socket in sorted(sockets.rglob("ssh-*")):
        proc.run(
            ["ssh", "-F/dev/null", f"-oControlPath={ssh.quoted(socket)}", "-Oexit", "netlab"], timeout=10, check=False
        )
        socket.unlink(missing_ok=True)


@contextlib.contextmanager
def _sockets(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="netlab-") as place:
        try:
            yield Path(place)
        finally:
            close_connections(Path(place))


def end_plays() -> None:
    """End every play of this process, with all that it started; each then raises AnsibleFailed in its own thread."""
    for mark in list(_plays):
        proc.end_marked(_MARK, mark)


def end_leftovers(folder: Path) -> None:
    """End what a netlab that was killed left running of a play in ``folder``."""
    proc.end_marked("ANSIBLE_CONFIG", str(folder / _CONFIG))


def _run(*, envvars: dict[str, str], **options: Any) -> int:
    import ansible_runner  # noqa: PLC0415 - 0.2 s that most commands do not need

    mark = uuid.uuid4().hex
    _plays.add(mark)
    try:
        with _unwritten(Path(options["private_data_dir"]) / "artifacts" / _IDENT / "command"):
            done = ansible_runner.run(
                **options,
                ident=_IDENT,
                envvars={**envvars, _MARK: mark},
                quiet=True,
                cancel_callback=lambda: False,  # or ansible-runner takes the signals of this process for itself
            )
    except BaseException:
        proc.end_marked(_MARK, mark)
        raise
    finally:
        _plays.discard(mark)
    return int(done.rc)


@contextlib.contextmanager
def _unwritten(path: Path) -> Iterator[None]:
    """Have what is written to ``path`` go nowhere: ansible-runner keeps all of its environment there, credentials too.

    So there is a pipe in the place of the file, and somebody who reads it to its end.
    """
    path.parent.mkdir(mode=0o700, parents=True)
    os.mkfifo(path, 0o600)
    reader = threading.Thread(target=path.read_bytes, daemon=True)
    reader.start()
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # where nobody has written, the reader still waits for somebody who does
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        reader.join()
        path.unlink()


def accelerator() -> Path | None:
    """Folder of Mitogen's strategy plugins; None when it is not installed or not for this ansible-core."""
    found = importlib.util.find_spec("ansible_mitogen")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent
    core = _version(importlib.metadata.version("ansible-core"))
    low, high = _supported((folder / "loaders.py").read_text(encoding="utf-8"))
    return folder / "plugins" / "strategy" if low <= core <= high else None


def _supported(source: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Read the range of ansible-core that Mitogen declares; importing it would patch Ansible or raise."""
    bounds = dict(re.findall(r"^ANSIBLE_VERSION_(MIN|MAX) = (\(.+?\))$", source, re.MULTILINE))
    low = ast.literal_eval(bounds.get("MIN", "(0, 0)"))
    high = ast.literal_eval(bounds["MAX"]) if "MAX" in bounds else NEWEST_ACCELERATED
    return low, min(high, NEWEST_ACCELERATED)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2])


def _environment(folder: Path, sockets: Path, strategy: Path | None) -> dict[str, str]:
    accelerated = {"ANSIBLE_STRATEGY_PLUGINS": str(strategy), "ANSIBLE_STRATEGY": "mitogen_linear"}
    return {
        **locales.required(),
        # ansible-playbook stands beside the interpreter, also when its environment is not activated.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "ANSIBLE_CONFIG": str(folder / _CONFIG),
        "ANSIBLE_ROLES_PATH": str(assets.roles()),
        "ANSIBLE_FORKS": "10",
        "ANSIBLE_TIMEOUT": "120",  # s; an emulated host may take long to answer
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_GATHERING": "explicit",
        "ANSIBLE_HOST_KEY_CHECKING": "1",
        "ANSIBLE_SSH_ARGS": "-F/dev/null -oControlMaster=auto -oControlPersist=60 -oServerAliveInterval=15",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(sockets),
        "ANSIBLE_SSH_CONTROL_PATH": "%(directory)s/ssh-%%C",
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_RETRY_FILES_ENABLED": "0",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_FORCE_COLOR": "0",
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
        "ANSIBLE_PYTHON_INTERPRETER": "auto_silent",
        **(accelerated if strategy else {"ANSIBLE_STRATEGY": "linear"}),
    }


class _Record:
    """What the events of one play added up to."""

    def __init__(self, log: IO[str], progress: Progress) -> None:
        self.stats: dict[str, HostStats] = {}
        self.tasks: list[TaskTime] = []
        self._log = log
        self._progress = progress
        self._failures: dict[str, _Failure] = {}
        self._output: list[str] = []

    def receive(self, event: dict[str, Any]) -> bool:
        if text := event.get("stdout"):
            self._log.write(f"{text}\n")
            self._log.flush()
            self._output.append(text)
        data = event.get("event_data", {})
        kind = event["event"]
        if kind == "runner_on_start":
            self._progress.task(data["host"], _task(data))
        elif kind == "playbook_on_stats":
            self.stats = _stats(data)
        elif kind in _ENDINGS:
            self._ended(data, lost=kind == "runner_on_unreachable", failed=kind == "runner_on_failed")
        return True

    def _ended(self, data: dict[str, Any], *, lost: bool, failed: bool) -> None:
        host, task = data["host"], _task(data)
        self.tasks.append(TaskTime(host=host, task=task, seconds=float(data.get("duration") or 0)))
        if lost or (failed and not data.get("ignore_errors")):
            self._failures[host] = _Failure(host, task, data.get("res") or {}, lost)

    def error(self, playbook: Path, log: Path) -> AnsibleFailed:
        """Name the first host that failed for good; a failure that a rescue caught is none."""
        final = {host for host, stats in self.stats.items() if stats.failed or stats.unreachable}
        failures = [found for host, found in self._failures.items() if host in final or not final]
        if not failures:
            return AnsibleFailed(f"{playbook.name} could not run: {_last_error(self._output)}", log=log)
        first = failures[0]
        others = f" (and on {len(failures) - 1} more)" if len(failures) > 1 else ""
        what = f"lost in task '{first.task}'" if first.lost else f"task '{first.task}' failed"
        reason = first_lines(explain(first.result), str(log))
        message = f"{first.host}: {what}{others}: {reason}"
        if first.lost:
            return HostUnreachable(message, hint="see 'netlab status'; run the command again to continue", log=log)
        return AnsibleFailed(message, log=log)


class _Failure(NamedTuple):
    host: str
    task: str
    result: dict[str, Any]
    lost: bool


def explain(result: Mapping[str, Any]) -> str:
    """Say why a task failed, from what its module returned; what a role says in several lines stays several lines."""
    if "censored" in result:
        return "its output is hidden (no_log)"
    for item in result.get("results") or ():
        if item.get("failed"):
            return f"item {_label(item)}: {explain(item)}"
    message = _text(result.get("msg"))
    details = _last_lines(result.get("stderr")) or _last_lines(result.get("stdout"))
    if "non-zero return code" in message:
        return f"exit code {result.get('rc')}{_after(details)}"
    if not message or "MODULE FAILURE" in message or "Module result deserialization failed" in message:
        crash = result.get("module_stderr") or result.get("exception") or result.get("module_stdout")
        return (
            last_line(str(crash or ""), "").removeprefix("(traceback unavailable)")
            or details
            or message
            or "no message"
        )
    return message


def _text(message: object) -> str:
    """Return a module's message, which some give as a list of lines."""
    lines = message if isinstance(message, list) else [message or ""]
    return "\n".join(str(line) for line in lines).strip()


def _after(details: str) -> str:
    """Put what follows a colon on its line, or below where it is several lines."""
    return f":\n{details}" if "\n" in details else details and f": {details}"


def _label(item: Mapping[str, Any]) -> str:
    label = item.get("_ansible_item_label", item.get("item", "?"))
    return label if isinstance(label, str) else repr(label)


def _last_lines(text: object) -> str:
    return "\n".join(str(text or "").strip().splitlines()[-_LAST_LINES:])


def _last_error(output: list[str]) -> str:
    """Find what Ansible said before it had a host to say it about."""
    lines = "\n".join(output).splitlines()
    errors = [line.strip() for line in lines if re.match(r"\s*(\[ERROR\]|ERROR!|fatal:)", line)]
    last = errors[-1] if errors else last_line("\n".join(lines), "it said nothing")
    return re.sub(r"^(\[ERROR\]:|ERROR!)\s*", "", last)


def _task(data: Mapping[str, Any]) -> str:
    name, role = str(data.get("task") or data.get("name") or "?"), data.get("role")
    return f"{role} : {name}" if role and not name.startswith(f"{role} :") else name


def _stats(data: Mapping[str, Any]) -> dict[str, HostStats]:
    columns = {"ok": "ok", "changed": "changed", "skipped": "skipped", "failed": "failures", "unreachable": "dark"}
    hosts = {host for key in columns.values() for host in data.get(key) or {}}
    return {
        host: HostStats(**{name: (data.get(key) or {}).get(host, 0) for name, key in columns.items()})
        for host in sorted(hosts)
    }
