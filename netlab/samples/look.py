"""A machine where nothing is measured → ``Look``: the script that watches it, and the parser of what that writes.

The counters are those that each sample has, and are read by the same parser.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from netlab.errors import ResultsError
from netlab.gates.before import Look
from netlab.samples.procfs import RawCounters, RawHost, kernels

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 2
"""How long it is watched: 1 % of one processor is two of the kernel's ticks."""
SCRIPT = r"""
part() { printf '@%s\n' "$1"; }
counters() {
  part "$1 stat"; cat /proc/stat
  part "$1 softirqs"; cat /proc/softirqs
  part "$1 softnet"; cat /proc/net/softnet_stat
  part "$1 halted"
  cat /sys/devices/system/cpu/cpu[0-9]*/thermal_throttle/core_throttle_count 2> /dev/null
  sed -n 's/^nr_throttled //p' /sys/fs/cgroup/cpu.stat 2> /dev/null
}
part boot; cat /proc/sys/kernel/random/boot_id
part clock; date +%s.%N
counters before
sleep SECONDS
counters after
part frequencies
if cat /sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq > /dev/null 2>&1; then
  (while :; do :; done) & busy=$!
  sleep 0.5
  for cpu in /sys/devices/system/cpu/cpu[0-9]*/cpufreq; do
    printf '%s %s\n' "$(cat "$cpu/scaling_cur_freq")" "$(cat "$cpu/cpuinfo_max_freq")"
  done
  kill "$busy"
fi
part link
cat "/sys/class/net/INTERFACE/speed" 2> /dev/null
part end
""".replace("SECONDS", str(SECONDS))
"""For ``sh``; it changes nothing. INTERFACE is to be replaced by the name of the interface in the lab."""
_NAME = re.compile(r"[A-Za-z0-9_.@:-]{1,15}", re.ASCII)
NO_INTERFACE = "none"


def script(interface: str = NO_INTERFACE) -> str:
    """Return the script for a machine whose interface in the lab is called so; without one, no link is looked at."""
    return SCRIPT.replace("INTERFACE", interface if _NAME.fullmatch(interface) else NO_INTERFACE)


def parse_look(text: str, asked_s: tuple[float, float]) -> Look:
    """Read what the script wrote; ``asked_s``: when it was started and had ended, by the clock of who asked.

    ResultsError where a part is missing, or is not what Linux writes.
    """
    parts = _parts(text)
    try:
        before, after = (_counters(parts, when) for when in ("before", "after"))
        (counted,) = kernels({"": RawHost(boot_id=parts["boot"].strip(), before=before, after=after)})
        link = parts["link"].strip()
        return Look(
            cpu=counted.cpu,
            halted=sum(_numbers(parts["after halted"])) - sum(_numbers(parts["before halted"])),
            frequencies=_frequencies(parts["frequencies"]),
            link_mbit=int(link) if link.isdigit() and int(link) else None,  # -1 where it says nothing
            asked_s=(asked_s[0], max(asked_s[0], asked_s[1] - SECONDS)),  # it slept after it had read its clock
            clock_s=float(parts["clock"]),
        )
    except (KeyError, ValueError) as error:
        raise _unreadable(str(error), text) from error


def _parts(text: str) -> Mapping[str, str]:
    marks = [*re.finditer(r"^@([a-z ]+)\n", text, re.MULTILINE)]
    if not marks or marks[-1][1] != "end":
        raise _unreadable("it ended early", text)
    return {one[1]: text[one.end() : following.start()] for one, following in pairwise(marks)}


def _unreadable(why: str, text: str) -> ResultsError:
    message = f"what a machine says of its load cannot be read ({why}): {text.strip()[-100:]!r}"
    return ResultsError(message, hint="look whether /proc and date are as on other Linux systems there")


def _counters(parts: Mapping[str, str], when: str) -> RawCounters:
    return RawCounters(**{name: parts[f"{when} {name}"] for name in ("stat", "softirqs", "softnet")})


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split()]


def _frequencies(text: str) -> tuple[tuple[int, int], ...]:
    rows = [_numbers(line) for line in text.splitlines()]
    return tuple((row[0], row[1]) for row in rows if len(row) == 2)
