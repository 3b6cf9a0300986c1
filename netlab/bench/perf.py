"""`perf script` of a profiling pass → where the CPU was, by kernel function and subsystem.

A sample counts for its *leaf*, the function that ran (self time). Its group is that of the nearest frame, from the leaf
towards the callers, that a rule of `netlab.bench.subsystems` knows: a memcpy under `tcp_sendmsg` belongs to tcp, one
under `veth_xmit` to veth. So one helper may appear in several groups, and "other" holds only chains without any known
frame. Time in user space is one entry a program: which of its functions ran is not the network's cost.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections import Counter
from typing import TYPE_CHECKING

from netlab.bench.subsystems import subsystem
from netlab.errors import ResultsError
from netlab.results.model import HotFunction, HotSpots

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# "nginx  1234 [000]  2079.398830:    5025125 cpu-clock: " (a command may hold spaces; the CPU is optional)
_HEADER = re.compile(r"^\s*(?P<command>\S.*?)\s+\d+(?:/\d+)?\s+(?:\[\d+\]\s+)?\d+\.\d+:\s")
# "	ffffffff821f236b pv_native_safe_halt+0xb ([kernel.kallsyms])" (the file may hold spaces and parentheses)
_FRAME = re.compile(r"^\s+(?P<address>[0-9a-f]+) (?P<symbol>.*?)(?:\+0x[0-9a-f]+)? \((?P<file>.*)\)$")
# What a compiler appends to the name of a function that it split or specialised
_CLONE = re.compile(r"(\.(isra|constprop|part|cold|llvm)(\.\d+)*)+$")
_KERNEL_ADDRESS = re.compile(r"ffff[0-9a-f]{12}")

_Frame = tuple[str, str]
"""Symbol and file; a module's file is ``[veth]``."""


def parse_hotspots(raw_gz: bytes, *, profile: str, path: str, keepalive: bool = True) -> HotSpots:
    """Count samples by (function, group), possibly none; ResultsError where this is no gzip of `perf script`'s text."""
    counts = Counter(_place(command, frames) for command, frames in _samples(_unpack(raw_gz)))
    functions = (HotFunction(symbol=symbol, group=group, samples=n) for (symbol, group), n in counts.items())
    ranked = sorted(functions, key=lambda function: (-function.samples, function.group, function.symbol))
    total = counts.total()
    return HotSpots(profile=profile, path=path, keepalive=keepalive, total_samples=total, functions=tuple(ranked))


def _unpack(raw_gz: bytes) -> str:
    try:
        return gzip.decompress(raw_gz).decode(errors="replace")
    except (OSError, EOFError, zlib.error) as error:
        raise ResultsError(f"the profile is not a whole gzip file: {error}") from error


def _samples(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield (command, lines of frames) of each sample; samples are separated by empty lines."""
    for block in re.split(r"\n(?:[ \t]*\n)+", text.strip("\n")):
        header, *frames = block.split("\n")
        if not header:
            continue
        match = _HEADER.match(header)
        if not match:
            raise ResultsError(f"the profile has a line that does not begin a sample: {header[:80]!r}")
        yield match["command"], frames


def _place(command: str, lines: list[str]) -> tuple[str, str]:
    """Return (symbol, group) of one sample."""
    frames = list(_kernel_frames(lines))
    if not frames:
        return command, "user" if lines else "other"
    return frames[0][0], _group(frames)


def _kernel_frames(lines: Iterable[str]) -> Iterator[_Frame]:
    """Yield the frames from the leaf up to where the kernel was entered."""
    for line in lines:
        match = _FRAME.match(line)
        if not match:
            raise ResultsError(f"the profile has a line that is not a frame: {line[:80]!r}")
        if not _KERNEL_ADDRESS.fullmatch(match["address"]):
            return
        yield _CLONE.sub("", match["symbol"]), match["file"]


def _group(frames: Iterable[_Frame]) -> str:
    return next((group for frame in frames if (group := subsystem(*frame))), "other")
