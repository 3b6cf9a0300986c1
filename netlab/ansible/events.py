"""What ansible-runner tells of a play while it runs: into the log and the progress display, and added up."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, NamedTuple

from netlab.ansible.explanation import explain, last_error
from netlab.ansible.results import HostStats, TaskTime
from netlab.errors import AnsibleFailed, HostUnreachable
from netlab.excerpt import first_lines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from netlab.progress import Progress

_ENDINGS = {"runner_on_ok", "runner_on_skipped", "runner_on_failed", "runner_on_unreachable"}


class Record:
    """What the events of one play added up to."""

    def __init__(self, log: IO[str], progress: Progress) -> None:
        self.stats: dict[str, HostStats] = {}
        self.tasks: list[TaskTime] = []
        self._log = log
        self._progress = progress
        self._failures: dict[str, _Failure] = {}
        self._output: list[str] = []

    def receive(self, event: dict[str, Any]) -> bool:
        """Take note of an event; True: ansible-runner may keep it."""
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
            return AnsibleFailed(f"{playbook.name} could not run: {last_error(self._output)}", log=log)
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
