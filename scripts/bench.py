"""Print the figures that netlab promises: ``make bench``. Nothing here passes or fails; read and compare.

Everything happens in folders of its own with a cache of its own, so 'cold' is cold. Times are wall seconds.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NETLAB = str(Path(sys.executable).with_name("netlab"))
PROFILE = "ipvlan-l2"


def main() -> None:
    """Measure one thing after the other and print each as it is known."""
    print(f"netlab --help, median of 11:      {statistics.median(help_times()):8.2f} s", flush=True)
    with tempfile.TemporaryDirectory(prefix="netlab-bench-") as name:
        folder = Path(name)
        environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
        print_times(folder, environment)
        print_spread(folder, environment)


def help_times() -> list[float]:
    """Wall seconds of ``netlab --help``, as a user meets it."""
    return [timed(["--help"], Path.cwd(), dict(os.environ)) for _ in range(11)]


def print_times(folder: Path, environment: dict[str, str]) -> None:
    """Cold and warm ``run`` and ``up``."""
    lab = folder / "lab"
    lab.mkdir()
    for words in (["run"], ["run"]):
        report("netlab run", "cold" if words is None else "", timed(words, lab, environment))
    report("netlab up", "after down", timed(["up", "--profile", PROFILE], lab, environment))
    report("netlab up", "again", timed(["up", "--profile", PROFILE], lab, environment))


def timed(words: list[str], folder: Path, environment: dict[str, str]) -> float:
    """Wall seconds of one netlab command."""
    begin = time.monotonic()
    subprocess.run([NETLAB, *words], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - begin


def report(what: str, which: str, seconds: float) -> None:
    """Print one figure."""
    print(f"{f'{what}, {which}:':34}{seconds:8.1f} s", flush=True)


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """Keep every core busy with something else, inside and outside of memory."""
    program = "while True: sorted(range(300_000), key=lambda n: -n)"
    burners = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
