"""What a host says of itself → ``Machine``: the script that asks, and the parser of its answer."""

from __future__ import annotations

import math
import re
import shlex

from netlab.errors import ResultsError
from netlab.model.run import Machine

SCRIPT = """. /etc/os-release
printf 'os=%s\\nkernel=%s\\ncpus=%s\\n' "$PRETTY_NAME" "$(uname -r)" "$(nproc --all)"
sed -n 's/^MemTotal: *\\([0-9]*\\) kB$/memory_kib=\\1/p' /proc/meminfo
# x86 says "model name" and "flags", Arm "CPU part" and "Features"
sed -n 's/^\\(model name\\|CPU part\\)[[:space:]]*: /cpu=/p' /proc/cpuinfo | head -n 1
sed -n 's/^\\(flags\\|Features\\)[[:space:]]*: /cpu_flags=/p' /proc/cpuinfo | head -n 1
"""
"""For ``sh`` on the host; it needs no program that a minimal Debian or Ubuntu is without."""


def parse_answers(text: str) -> dict[str, str]:
    """Read lines ``NAME=VALUE``, as scripts that ask a host write them; others are none."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def parse_number(text: str | None) -> float:
    """Return the number that a host said; where it is none, or none was said, one that no comparison accepts."""
    return float(text) if text and re.fullmatch(r" *[0-9]{1,18}(\.[0-9]*)?", text) else math.nan


def parse_machine(name: str, text: str) -> Machine:
    """Read what ``SCRIPT`` wrote on the host ``name``; ResultsError where a part is missing or is no number."""
    said = parse_answers(text)
    try:
        return Machine(
            name=name,
            os=said["os"],
            kernel=said["kernel"],
            cpu=said.get("cpu", "unknown"),
            cpus=int(said["cpus"]),
            memory_mib=int(said["memory_kib"]) // 1024,
            cpu_flags=said.get("cpu_flags", ""),
        )
    except (KeyError, ValueError) as error:
        shown = shlex.quote(text.strip()[:200])
        raise ResultsError(f"{name} does not say what it is ({error}): {shown}") from error
