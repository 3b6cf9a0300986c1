"""Where the parts of real clusters come from."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from netlab.credentials import blanked, hidden, split_login
from netlab.model.frozen import Frozen
from netlab.userpaths import expand


class ArtifactsSpec(Frozen):
    """Where the parts of real clusters come from: see docs/artifacts.md."""

    mirror: str = Field(default="", description="URL or folder that has them as `HOST/PATH` of their URLs.")
    registry_mirror: str = Field(default="", description="`HOST[:PORT][/PREFIX]` to ask for images instead.")
    lock: str = Field(default="", description="Lock file of the lab's own, laid over the one that comes with netlab.")
    locked: bool = Field(
        default=False, strict=True, description="Refuse what has no digest yet; else `netlab.lock.yml` pins it."
    )

    @field_validator("mirror")
    @classmethod
    def _is_a_url_or_a_folder(cls, text: str) -> str:
        if "://" in text and not _is_http(text):
            raise ValueError(f"'{blanked(text)}' is neither an http:// or https:// URL nor a folder")
        scheme, slashes, rest = text.partition("://")
        return f"{scheme.lower()}{slashes}{rest}" if slashes else expand(text)

    @field_validator("lock")
    @classmethod
    def _is_a_path(cls, text: str) -> str:
        return expand(text)

    @field_validator("registry_mirror")
    @classmethod
    def _is_a_registry(cls, text: str) -> str:
        login, at, place = text.rpartition("@")
        if text and not (
            re.fullmatch(r"[a-z0-9.-]+(:[0-9]{1,5})?(/[a-z0-9._-]+)*", place) and "/" not in login and (login or not at)
        ):
            shown = f"***@{place}" if at else hidden(place)
            raise ValueError(f"'{shown}' is not HOST[:PORT][/PREFIX]")
        return text


def _is_http(url: str) -> bool:
    """Whether somebody can be asked there."""
    try:
        parts = urlsplit(split_login(url)[0])
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
