"""Rendered texts into files of one folder, each as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from netlab.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_Format = TypeVar("_Format", bound=str)


def write_all(texts: Mapping[_Format, Mapping[str, str]], directory: Path) -> dict[_Format, list[Path]]:
    """Write texts by format and by name of file, which may be in a folder; return the paths by format.

    All are rendered by now, so that what cannot be rendered leaves an older report as it was.
    """
    directory.mkdir(parents=True, exist_ok=True)
    return {name: [_write(directory / file, text) for file, text in files.items()] for name, files in texts.items()}


def _write(file: Path, text: str) -> Path:
    file.parent.mkdir(exist_ok=True)
    write_atomic(file, text.encode(), mode=0o644)
    return file
