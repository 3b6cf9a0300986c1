"""The one module that runs ``vagrant``: work is logged, known transient failures are tried again, errors are named."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netlab import proc, signals
from netlab.errors import MachineError
from netlab.excerpt import last_line
from netlab.hosts.vagrant import failures, output

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from netlab.progress import Progress

TRIES = 3
PAUSE_S = 10.0
QUESTION_TIMEOUT_S = 120.0
"""Of what only looks; Vagrant itself takes two seconds to start."""
MARK = "NETLAB_VAGRANT"
"""In the environment of every Vagrant of a lab, so that one whose netlab was killed is ended, and no other process."""


@dataclass(frozen=True)
class Vagrant:
    """Vagrant in the folder that has the lab's Vagrantfile."""

    folder: Path
    provider: str
    logs: Path
    progress: Progress

    def ask(self, *words: str) -> str:
        """Return what a command that only looks writes; an error of ``netlab.hosts.vagrant.failures``."""
        argv = ["vagrant", "--no-color", *words]
        done = proc.run(argv, env=self._environment, cwd=self.folder, timeout=QUESTION_TIMEOUT_S, check=False)
        if done.exit_code:
            raise failures.error_of(output.failure(done.stdout) or last_line(done.stderr))
        return done.stdout

    def work(self, *words: str, timeout: float, before_retry: Callable[[str], object] = lambda _: None) -> None:
        """Run a command that changes something, again where a known transient failure met it; shown while it lasts.

        ``before_retry`` is told what Vagrant said.
        """
        for left in reversed(range(TRIES)):
            message = self._attempt(words, timeout)
            if message is None:
                return
            reason = failures.transient(message)
            if reason is None or not left:
                error = failures.error_of(message)
                error.log = self._log(words)
                raise error
            self.progress.warn(f"vagrant {words[0]}: {reason}; it is tried again")
            time.sleep(PAUSE_S)
            before_retry(message)

    def end_forgotten(self) -> None:
        """End a Vagrant of this lab whose netlab was killed; it would work against this one."""
        with contextlib.suppress(OSError, ValueError):
            pid = int(self._pid_file.read_text(encoding="utf-8"))
            proc.end_if_marked(pid, MARK, str(self.folder), grace=proc.GRACE_S)

    def _attempt(self, words: tuple[str, ...], timeout: float) -> str | None:
        """Return what Vagrant said when it failed; None where it did not."""
        log = self._log(words)
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        begin = log.stat().st_size if log.exists() else 0
        argv = ["vagrant", "--no-color", "--machine-readable", *words]
        with contextlib.ExitStack() as stack:
            with signals.held():
                child = proc.spawn(argv, log=log, env=self._environment, cwd=self.folder)
                end = stack.enter_context(contextlib.ExitStack())
                end.callback(child.stop, grace=proc.GRACE_S)
                self._pid_file.write_text(str(child.pid), encoding="utf-8")
            text = self._follow(child, log, begin, timeout)
            if child.exit_code is None:
                raise MachineError(f"vagrant {words[0]} did not end within {timeout:g} s", log=log)
            end.pop_all()  # machines may have been started by it, which run on
        return None if child.exit_code == 0 else output.failure(text) or last_line(text)

    def _follow(self, child: proc.Child, log: Path, begin: int, timeout: float) -> str:
        """Show what happens until the command ends or its time is up; return all that it wrote."""
        deadline, shown = time.monotonic() + timeout, 0
        while True:
            ended = child.wait(1.0) is not None or time.monotonic() > deadline
            text = log.read_bytes()[begin:].decode(errors="replace")
            whole = text[: text.rfind("\n") + 1]
            for machine, what in output.tasks(whole[shown:]):
                self.progress.task(machine, what)
            shown = len(whole)
            if ended:
                return text

    @property
    def _environment(self) -> dict[str, str]:
        """Whatever the user has set: this folder, this Vagrantfile, this provider; no question about new versions."""
        return {
            "VAGRANT_CWD": str(self.folder),
            "VAGRANT_VAGRANTFILE": "Vagrantfile",
            "VAGRANT_DOTFILE_PATH": str(self.folder / ".vagrant"),
            "VAGRANT_DEFAULT_PROVIDER": self.provider,
            "VAGRANT_CHECKPOINT_DISABLE": "1",
            MARK: str(self.folder),
        }

    @property
    def _pid_file(self) -> Path:
        return self.folder / "vagrant.pid"

    def _log(self, words: tuple[str, ...]) -> Path:
        return self.logs / f"vagrant-{words[0]}.log"
