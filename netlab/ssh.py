"""Paths in what ssh reads: its configuration and its options ``-o``, which it splits and expands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def quoted(path: Path) -> str:
    """Quote a path: ssh splits at spaces, and expands ``%``; ConfigError for one that it cannot be told."""
    text = str(path)
    if "${" in text or any(ord(character) < 32 for character in text):
        hint = "move the folder to a path without '${' and control characters"
        raise ConfigError(f"ssh cannot read files at the path {text!r}", hint=hint)
    for special, written in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%")):
        text = text.replace(special, written)
    return f'"{text}"'


def escaped(command: str) -> str:
    """Return a command as the value of ``ProxyCommand``, where ssh expands ``%``."""
    return command.replace("%", "%%")
