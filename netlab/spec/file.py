"""The lab's file, wherever it is and whatever it is called."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from netlab.errors import ConfigError
from netlab.spec.lab import LabSpec
from netlab.spec.renamed import RENAMED
from netlab.yamlfile import read_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILE_NAME = "netlab.yml"
FILE_NAMES = (FILE_NAME, "netlab.yaml")
"""The second is what many tools call theirs; only one of them may be there."""
PINS_NAME = "netlab.lock.yml"
"""Beside it: see ``netlab.artifacts.pins``."""


def load_spec(folder: Path, warn: Callable[[str], None] | None = None) -> LabSpec:
    """Read the folder's file, or take the defaults; ConfigError with file and line when it is wrong.

    ``warn`` is told of each key that has its name of an older netlab.
    """
    path = find_file(folder)
    return read_model(path, LabSpec, name=path.name, renamed=RENAMED, warn=warn) if path else LabSpec()


def find_file(folder: Path) -> Path | None:
    """Find the lab's file in its folder; ConfigError for two of them, or for one that only looks like it."""
    found = [folder / name for name in FILE_NAMES if os.path.lexists(folder / name)]
    if len(found) > 1:
        both = " and ".join(path.name for path in found)
        raise ConfigError(f"{folder} has both {both}", hint="keep one of them: only one can be meant")
    if not found and (stranger := _stranger(folder)):
        raise ConfigError(f"{folder / stranger} is not read", hint=f"netlab reads {FILE_NAME}: rename it")
    return found[0] if found else None


def _stranger(folder: Path) -> str | None:
    """Find what somebody may take for the lab's file; ``.netlab.yml`` is another tool's."""
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return None
    return next((name for name in names if name.lower() in _STRANGERS), None)


_STRANGERS = {*FILE_NAMES, "netlab.json", "netlab.toml", "netlab.yml.txt", "netlab.yaml.txt"}
"""In lower case."""
