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
