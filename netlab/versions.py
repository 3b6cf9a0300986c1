"""Versions of kernels, packages and programs, compared by the numbers that they begin with.

None of them is a version of Python's (``packaging.version`` refuses 6.8.0-31-generic and 12.2.0-14+deb12u1), and what
stands behind the numbers says nothing about what the program can do.
"""

from __future__ import annotations

import re

_NUMBERS = re.compile(r"(?:v|[0-9]+:)?([0-9]{1,9}(?:\.[0-9]{1,9})*)")
"""As projects tag them (v1.37.1), as Debian puts an epoch in front (1:2.3)."""


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers that it begins with, without zeros at the end: 6.8 and 6.8.0 are the same; () for none."""
    found = _NUMBERS.match(version)
    numbers = [int(number) for number in found[1].split(".")] if found else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def at_least(version: str, least: str) -> bool:
    """Whether it is that version or a newer one; what has no numbers is not."""
    return _known(version) and numbers(version) >= numbers(least)


def older(version: str, than: str) -> bool:
    """Whether it is older than that version; what has no numbers is not."""
    return _known(version) and numbers(version) < numbers(than)


def _known(version: str) -> bool:
    return _NUMBERS.match(version) is not None
