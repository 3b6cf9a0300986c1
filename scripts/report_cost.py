"""Print what a report costs: ``python scripts/report_cost.py RUN``. Nothing here passes or fails; read and compare.

The stored run RUN is made as large as asked, by copies of its profiles and of its rounds, in a temporary folder. Times
are seconds of processor time (user and system) of the whole command, memory is the largest resident set of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from netlab.results.store import hotspots_folder, proof_folder

SIZES = ((5, 5), (10, 30), (10, 300), (10, 1000))
"""Profiles and rounds."""


def main() -> None:
    """Enlarge the run and time its report, size by size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a stored run")
    parser.add_argument("--times", type=int, default=5, metavar="N", help="how often each is done; the median counts")
    parser.add_argument("--size", type=_size, action="append", metavar="PROFILESxROUNDS", help="instead of the usual")
    parser.add_argument("words", nargs="*", metavar="OPTION", help="options for netlab report, after --")
    args = parser.parse_args()
    for profiles, rounds in args.size or SIZES:
        with tempfile.TemporaryDirectory(prefix="netlab-report-") as name:
            folder = Path(name) / ".netlab" / "runs" / "large"
            cells = enlarge(args.run, folder, profiles, rounds)
            found = [cost(Path(name), args.words) for _ in range(args.times)]
        seconds, mib = (statistics.median(figures) for figures in zip(*found, strict=True))
        size = f"{profiles} profiles x {rounds} rounds ({cells} cells)"
        print(f"{size:44} {seconds:7.2f} s of processor time  {mib:7.0f} MiB", flush=True)


def _size(text: str) -> tuple[int, int]:
    profiles, rounds = text.split("x")
    return int(profiles), int(rounds)


def cost(folder: Path, words: list[str]) -> tuple[float, float]:
    """Seconds of processor time and MiB of memory of one `netlab report` in the folder."""
    command = [sys.executable, "-m", "netlab", "report", *words]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def enlarge(run: Path, target: Path, profiles: int, rounds: int) -> int:
    """Copy the run with so many profiles and rounds, which repeat its own; return how many cells it has then."""
    header = json.loads((run / "run.json").read_bytes())
    copies = [_copy(header["profiles"], header["baseline_profile"], at) for at in range(profiles)]
    samples = _samples(run / "raw", {original["name"] for original, _ in copies})
    (target / "raw").mkdir(parents=True)
    changed = {"run_id": target.name, "rounds": rounds, "profiles": [copy for _, copy in copies]}
    (target / "run.json").write_text(json.dumps(header | changed), encoding="utf-8")
    for original, copy in copies:
        for place in (hotspots_folder, proof_folder):
            source = place(run / "raw", original["name"])
            if source.is_dir():
                shutil.copytree(source, place(target / "raw", copy["name"]))
        _repeat(samples[original["name"]], target / "raw", copy, rounds)
    return sum(len(samples[original["name"]][0]) for original, _ in copies)


def _copy(known: list[dict[str, Any]], baseline: str, at: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the run's own profile and its copy at this place; there is one baseline."""
    if at < len(known):
        return known[at], known[at]
    others = [profile for profile in known if profile["name"] != baseline]
    original = others[at % len(others)]
    mark = f"-{at}"
    snapshot = original.get("snapshot")
    label = f"{original['label'].replace(original['name'], original['name'] + mark)}"
    return original, original | {
        "name": original["name"] + mark,
        "label": label,
        "snapshot": snapshot and snapshot + mark,
    }


def _samples(raw: Path, names: set[str]) -> dict[str, list[dict[str, Any]]]:
    """By profile, a list of rounds: the samples of each by the file's name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for folder in sorted(raw.glob("r*-p*-*")):
        name = folder.name.split("-", 2)[2]
        if name in names:
            files = sorted(folder.glob("*.json"))
            found.setdefault(name, []).append({file.name: json.loads(file.read_bytes()) for file in files})
    return found


def _repeat(samples: list[dict[str, Any]], raw: Path, profile: dict[str, Any], rounds: int) -> None:
    stamp = {"profile": profile["name"], "snapshot": profile.get("snapshot") or ""}
    texts = [
        {name: json.dumps(_stamped(sample, stamp), separators=(",", ":")) for name, sample in files.items()}
        for files in samples
    ]
    for at in range(rounds):
        folder = raw / f"r{at + 1:02d}-p00-{profile['name']}"
        folder.mkdir()
        for name, text in texts[at % len(texts)].items():
            (folder / name).write_text(text, encoding="utf-8")


def _stamped(sample: dict[str, Any], stamp: dict[str, str]) -> dict[str, Any]:
    return sample | {"stamps": dict.fromkeys(sample.get("stamps", {}), stamp)}


if __name__ == "__main__":
    main()
