"""Print the figures that netlab promises: ``make bench``. Nothing here passes or fails; read and compare.

Everything happens in a folder of its own with a cache of its own, so that cold is cold. Times are wall seconds.
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

from report_cost import cost, enlarge

from netlab import ansible
from netlab.lab import Lab
from netlab.progress import Reporter

if TYPE_CHECKING:
    from collections.abc import Iterator

NETLAB = [sys.executable, "-m", "netlab"]
PROFILE = "ipvlan-l2"
BASELINE = "baseline-vm"
TASKS = 10
SPREAD_ROUNDS = 5
REPORT = (10, 30)
"""Profiles and rounds."""


def main() -> None:
    """Measure one thing after the other and print each as it is known."""
    show("netlab --help, median of 11", statistics.median(timed(Path.cwd(), "--help") for _ in range(11)))
    with tempfile.TemporaryDirectory(prefix="netlab-bench-") as name:
        folder = Path(name) / "lab"
        folder.mkdir()
        os.environ["XDG_CACHE_HOME"] = f"{name}/first-cache"
        show("netlab up, cold (nothing cached)", timed(folder, "up", "--profile", PROFILE))
        netlab(folder, "down")
        os.environ["XDG_CACHE_HOME"] = f"{name}/cache"
        show("netlab run, cold (nothing cached)", timed(folder, "run"))
        show("netlab run, warm (image and snapshots cached)", timed(folder, "run"))
        show_large_report(max((folder / ".netlab" / "runs").iterdir()), Path(name) / "large")
        show("netlab up, warm, after down", timed(folder, "up", "--profile", PROFILE))
        show("netlab up, of what is up", timed(folder, "up", "--profile", PROFILE))
        for accelerate in (False, True):
            kind = "with Mitogen" if accelerate else "plain linear"
            show(f"an Ansible task on node1, {kind}, mean of {TASKS}", seconds_a_task(folder, accelerate=accelerate))
        with busy():
            run = netlab(folder, "bench", "--profiles", BASELINE, "--rounds", str(SPREAD_ROUNDS)).strip()
        report = json.loads(netlab(folder, "report", run, "--json"))
        rate = report["cells"][0]["rate"]
        what = f"{BASELINE}, {SPREAD_ROUNDS} rounds, every core busy with something else"
        print(f"{what}: median {rate['median']:.1f} requests/s, spread (max-min)/mean {rate['spread_percent']:.3f} %")
        netlab(folder, "down")


def show(what: str, seconds: float) -> None:
    """Print one figure at once."""
    print(f"{what:64} {seconds:8.2f} s", flush=True)


def show_large_report(run: Path, folder: Path) -> None:
    """Print what the report of a large run costs, which is made of copies of this one."""
    profiles, rounds = REPORT
    enlarge(run, folder / ".netlab" / "runs" / "large", profiles, rounds)
    seconds, mib = cost(folder, [])
    show(f"netlab report, {profiles} profiles x {rounds} rounds, processor time", seconds)
    print(f"{'the same, memory at the most':64} {mib:8.0f} MiB", flush=True)


def timed(folder: Path, *words: str) -> float:
    """Wall seconds of one netlab command."""
    begin = time.monotonic()
    netlab(folder, *words)
    return time.monotonic() - begin


def netlab(folder: Path, *words: str) -> str:
    """Return what the command prints; its errors are shown, and end this script."""
    return subprocess.run([*NETLAB, *words], cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


def seconds_a_task(folder: Path, *, accelerate: bool) -> float:
    """Mean wall seconds of a task that writes a file, the connection included, under one of the two strategies."""
    lab = Lab(folder)
    tasks = [
        {
            "name": f"Write {n}",
            "ansible.builtin.copy": {"content": f"{accelerate}{n}", "dest": f"/tmp/{n}", "mode": "0644"},
        }
        for n in range(TASKS)
    ]
    with tempfile.TemporaryDirectory() as name:
        playbook = Path(name) / "tasks.yml"
        playbook.write_text(json.dumps([{"hosts": "node1", "gather_facts": False, "tasks": tasks}]))
        ansible.close_connections(lab.sockets)
        result = ansible.play(
            playbook,
            lab.inventory(lab.hosts()),
            folder=lab.ansible,
            log=lab.logs / "bench.log",
            progress=Reporter(),
            accelerate=accelerate,
        )
    return result.seconds / TASKS


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """Keep every core busy with something else."""
    program = "while True: sorted(range(300_000), key=lambda n: -n)"
    burners = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


if __name__ == "__main__":
    main()
