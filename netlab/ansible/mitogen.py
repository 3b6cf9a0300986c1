"""Mitogen, which makes Ansible faster on slow hosts: where it is, and whether it is for this Ansible."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import re
from pathlib import Path

from netlab.versions import numbers

NEWEST_ACCELERATED = (2, 19)
"""The newest ansible-core on which the tests ran with Mitogen; anything newer runs without, to the same results."""


def accelerator() -> Path | None:
    """Folder of Mitogen's strategy plugins; None when it is not installed or not for this ansible-core."""
    found = importlib.util.find_spec("ansible_mitogen")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent
    core = numbers(importlib.metadata.version("ansible-core"))[:2]
    low, high = supported((folder / "loaders.py").read_text(encoding="utf-8"))
    return folder / "plugins" / "strategy" if low <= core <= high else None


def supported(source: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Read the range of ansible-core that Mitogen declares; importing it would patch Ansible or raise."""
    bounds = dict(re.findall(r"^ANSIBLE_VERSION_(MIN|MAX) = (\(.+?\))$", source, re.MULTILINE))
    low = ast.literal_eval(bounds.get("MIN", "(0, 0)"))
    high = ast.literal_eval(bounds["MAX"]) if "MAX" in bounds else NEWEST_ACCELERATED
    return low, min(high, NEWEST_ACCELERATED)
