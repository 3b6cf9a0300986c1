"""User and password in a URL: taken out of it, sent as curl sends them, never shown."""

from __future__ import annotations

import base64
import re
from urllib.parse import quote, unquote_to_bytes

_LOGIN = re.compile(r"(?<=//)[^\s/]*@")
_UP_TO_THE_LAST_AT = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)?.*@", re.DOTALL)
_OPTION = re.compile(r"--?[A-Za-z][A-Za-z-]*=")


def hidden(text: str) -> str:
    """Blank user and password of every URL in a text."""
    return _LOGIN.sub("***@", text)


def blanked(text: str) -> str:
    """Blank all before the last ``@`` but a scheme: for what is no URL, as with a password that has an unescaped ``/``.

    Not for texts in which an ``@`` may stand for something else, such as names of images.
    """
    return _UP_TO_THE_LAST_AT.sub(r"\1***@", text, count=1)


def blanked_word(word: str) -> str:
    """Do the same to a word of a command line, which may be an option with its value: ``--mirror=…``."""
    option = _OPTION.match(word)
    start = option.end() if option else 0
    return f"{word[:start]}{blanked(word[start:])}"


def split_login(url: str) -> tuple[str, str]:
    """Take ``USER:PASSWORD`` out of ``SCHEME://USER:PASSWORD@HOST…``; return the URL without, and it as it stood."""
    scheme, slashes, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    login, _, host = authority.rpartition("@")
    return f"{scheme}{slashes}{host}{rest[len(authority) :]}", login


def basic(login: str) -> str:
    """Return the header's value for ``USER:PASSWORD`` with its escapes undone; empty without any."""
    return f"Basic {encoded(login)}" if login else ""


def encoded(login: str) -> str:
    """Return ``USER:PASSWORD`` in base64, escapes undone, as headers and registries' log-in files have it."""
    user, _, password = login.partition(":")
    return base64.b64encode(unquote_to_bytes(user) + b":" + unquote_to_bytes(password)).decode()


def requoted(login: str) -> str:
    """Escape all that a stricter reader than curl would stumble over."""
    return ":".join(quote(unquote_to_bytes(part), safe="") for part in login.split(":", 1))
