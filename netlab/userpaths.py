"""The one rule for every path that a user names: ``~`` and ``~user`` are homes, what is relative is below one folder.

That folder is the one of ``netlab.yml`` for what stands in it, and the current one for the command line.
"""

from __future__ import annotations

from pathlib import Path

from netlab.errors import UsageError


def expand(text: str) -> str:
    """Return the path with its home folder in place; ValueError for a user that does not exist, or for no path."""
    if "\0" in text or not _encodes(text):
        raise ValueError("a path cannot hold such a character")
    if not text.startswith("~"):
        return text
    user = text.partition("/")[0]
    try:
        found = Path(text).expanduser()
    except RuntimeError:
        found = Path(text)
    if not found.is_absolute():
        why = f"there is no user '{user[1:]}'" if user != "~" else "the user's home folder is not known (HOME)"
        raise ValueError(f"'{text}': {why}")
    return str(found)


def of_option(text: str, option: str) -> Path:
    """Return the absolute path that an option or an argument names; UsageError where ``expand`` fails."""
    try:
        return Path(expand(text)).absolute()
    except ValueError as error:
        raise UsageError(f"{option}: {error}", hint="a folder that is really called so is ./~…") from error


def _encodes(text: str) -> bool:
    try:
        text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return False
    return True
