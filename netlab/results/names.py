"""What the raw files of a cell are called, no matter who writes or reads them."""

from __future__ import annotations

_CLOSE = "+close"
"""Ends the name of what was measured with one connection per request."""


def cell_file(path: str, *, keepalive: bool) -> str:
    """Return the name of a cell's raw files, without their suffix."""
    return path if keepalive else f"{path}{_CLOSE}"


def cell_of(file: str) -> tuple[str, bool]:
    """Return path and keepalive of the cell whose raw files are called ``file``, without their suffix."""
    return file.removesuffix(_CLOSE), not file.endswith(_CLOSE)
