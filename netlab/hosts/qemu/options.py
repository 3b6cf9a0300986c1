"""Words of QEMU's command line: a comma begins the next part of an option, so one inside a value is written twice."""

from __future__ import annotations


def value(text: object) -> str:
    """Return ``text`` as the value of one part of an option, for example of ``file=`` in -drive."""
    return str(text).replace(",", ",,")
