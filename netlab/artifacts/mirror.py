"""Where an artifact is looked for: at its own URL, or below a mirror.

A mirror is any HTTP server, or a folder, that has ``https://HOST/PATH`` as ``HOST/PATH``.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit


class Sources(NamedTuple):
    """Where to look instead of where the lock points; empty: there."""

    mirror: str = ""
    """A URL or a folder, for files."""
    registry_mirror: str = ""
    """``HOST[:PORT][/PREFIX]``, for images."""
    login: str = ""
    """``USER:PASSWORD`` of the mirror as its URL had it, in nothing that is shown."""
    registry_login: str = ""
    """The registry's."""


def locate(url: str, mirror: str) -> str | Path:
    """Return the URL or file at which the artifact of ``url`` is to be found; ``url`` itself without a mirror."""
    if not mirror:
        return url
    parts = urlsplit(url)
    if is_url(mirror):
        return f"{mirror.rstrip('/')}/{parts.netloc}{parts.path}"
    return Path(mirror, *segments(url))


def is_url(text: str) -> bool:
    """Tell a mirror behind HTTP from a folder, in whichever letters its scheme is written."""
    return text.lower().startswith(("http://", "https://"))


def segments(url: str) -> tuple[str, ...]:
    """Host and path of ``url`` as names of folders and a file; nothing when they could lead out of a folder."""
    try:
        parts = urlsplit(url)
        found = (parts.netloc, *(unquote(part, errors="strict") for part in parts.path.split("/")[1:]))
    except ValueError:
        return ()
    safe = all(name not in {"", ".", ".."} and not set("/\\\0") & set(name) for name in found)
    return found if safe and len(found) > 1 else ()
