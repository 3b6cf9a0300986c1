"""The locale that children of netlab get: one whose texts are UTF-8 and whose messages are in English.

Ansible refuses to start in any other, and netlab reads what programs say.
"""

from __future__ import annotations

import functools
import locale
import shutil
import subprocess

from netlab.errors import RequirementError

PREFERRED = ("C.UTF-8", "C.utf8", "en_US.UTF-8")
"""glibc 2.35, Debian's glibc and musl have the first built in; macOS has the last."""


def environment() -> dict[str, str]:
    """Return the variables that choose the locale for a child; none where this machine has no such locale."""
    name = utf8_locale()
    return {"LC_ALL": name, "LANGUAGE": ""} if name else {}


def required() -> dict[str, str]:
    """As ``environment``; RequirementError where there is no UTF-8 locale."""
    found = environment()
    if not found:
        hint = (
            "on Debian or Ubuntu: sudo apt-get install --reinstall libc-bin; elsewhere: localedef -i C -f UTF-8 C.UTF-8"
        )
        raise RequirementError("this machine has no UTF-8 locale, and Ansible needs one", hint=hint)
    return found


@functools.cache
def utf8_locale() -> str | None:
    """Name of the first locale that exists here and has UTF-8."""
    return next((name for name in (*PREFERRED, *_installed()) if _exists(name)), None)


def _installed() -> list[str]:
    """Names of all UTF-8 locales, asked for only where none of the usual ones exists."""
    if any(map(_exists, PREFERRED)) or not (program := shutil.which("locale")):
        return []
    # not through netlab.proc, which itself asks here what its children get
    names = subprocess.run([program, "-a"], capture_output=True, check=False).stdout.decode(errors="replace").split()
    return [name for name in names if name.lower().replace("-", "").endswith("utf8")]


def _exists(name: str) -> bool:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_CTYPE, before)
    return True
