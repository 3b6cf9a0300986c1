"""Shell scripts in Linux namespaces of their own, where they are root and change nothing of this machine."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def run_apart(
    script: str, *words: str | Path, kinds: tuple[str, ...], timeout: float = 60, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a script with ``words`` as its ``$0``, ``$1``, …; skip the test where nobody may make such namespaces.

    ``kinds`` are options of unshare: ``--net``, ``--mount``, …
    """
    wrap = ["unshare", "--map-root-user", *kinds, "sh", "-c", script, *words]
    done = subprocess.run(wrap, capture_output=True, text=True, check=False, timeout=timeout, env=env)
    if "unshare" in done.stderr:
        pytest.skip(f"no namespaces here: {done.stderr.strip()}")
    return done
