"""What the raw files of a cell are called, no matter who writes or reads them."""

from __future__ import annotations

_CLOSE = "+close"
"""Ends the name of what was measured with one connection per request."""
_CONTROL = "+control"
"""Ends, after that, the name of the baseline's second sample in a round."""


def cell_file(path: str, *, keepalive: bool, control: bool = False) -> str:
    """Return the name of a cell's raw files, without their suffix."""
    return f"{path}{'' if keepalive else _CLOSE}{_CONTROL if control else ''}"


def cell_of(file: str) -> tuple[str, bool]:
    """Return path and keepalive of the cell whose raw files are called ``file``, without their suffix."""
    cell = file.removesuffix(_CONTROL)
    return cell.removesuffix(_CLOSE), not cell.endswith(_CLOSE)


def is_control(file: str) -> bool:
    """Whether a raw file that is called so is the A/A control's."""
    return file.endswith(_CONTROL)
