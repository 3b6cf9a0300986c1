"""Where one build works: its folder, its log, its time limit, and the one way in which it runs programs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netlab import proc
from netlab.errors import NetlabError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class _Late(NetlabError):
    """A program still ran when the time was up."""


@dataclass(frozen=True, kw_only=True)
class BuildContext:
    """``limit`` is in wall seconds and holds for the whole build."""

    folder: Path
    log: Path
    jobs: int
    limit: float
    begin: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Wall seconds since the build began."""
        return time.monotonic() - self.begin

    def say(self, what: str) -> None:
        """Print one line of progress."""
        print(f"[{self.elapsed:5.0f} s] {what}", flush=True)

    def run(
        self, what: str, argv: Sequence[object], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> str:
        """Run a program to its end and return what it printed; an error says that one could not ``what``."""
        try:
            outcome = proc.run(argv, timeout=self.left(what), cwd=cwd, env=env, log=self.log, check=False, error=_Late)
        except _Late:
            raise self._late(what) from None
        if outcome.exit_code:
            raise NetlabError(f"could not {what}: {_reason(outcome)}", log=self.log)
        return outcome.stdout

    def left(self, what: str) -> float:
        """Wall seconds that are left to ``what``; NetlabError when there are none."""
        left = self.limit - self.elapsed
        if left <= 0:
            raise self._late(what)
        return left

    def _late(self, what: str) -> NetlabError:
        hint = "allow more with --limit SECONDS"
        return NetlabError(f"could not {what} within the limit of {self.limit:g} s", hint=hint, log=self.log)


def _reason(outcome: proc.Outcome) -> str:
    """Return the line that says most: the first that apt calls an error, else the last."""
    lines = (outcome.stderr.strip() or outcome.stdout.strip() or "it said nothing").splitlines()
    return next((line for line in lines if line.startswith("E: ")), lines[-1])
