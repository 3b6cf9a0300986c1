"""What was looked at, and what was found."""

from __future__ import annotations

from netlab.model.frozen import Frozen


class Check(Frozen):
    """One thing that netlab needs."""

    name: str
    ok: bool
    message: str
    hint: str | None = None
    needed: bool = True
    """Whether nothing works without; real clusters alone want the others."""

    @property
    def mark(self) -> str:
        """Say in a word what came out."""
        return "ok" if self.ok else "MISSING" if self.needed else "note"


class Looked(Check):
    """What one rule found where nothing is measured yet (docs/gates.md); measuring works without, as well as it may."""

    needed: bool = False
    value: float | None = None
    """The worst, in ``unit``; None where it could not be looked at."""
    unit: str
    limit: float
    """Beyond which ``ok`` is not true, in ``unit``."""

    @property
    def mark(self) -> str:
        """Say in a word what came out."""
        return "ok" if self.ok else "WARNING"
