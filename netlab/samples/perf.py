"""`perf script` of a profiling pass → where the CPU was, by kernel function and subsystem.

A sample counts for its *leaf*, the function that ran (self time). Its group is that of the nearest frame, from the leaf
towards the callers, that a rule of `netlab.samples.subsystems` knows: a memcpy under `tcp_sendmsg` belongs to tcp, one
under `veth_xmit` to veth. So one helper may appear in several groups, and "other" holds only chains without any known
frame. Time in user space is one entry a program: which of its functions ran is not the network's cost.

perf's text has no grammar that is promised. A sample with a line that cannot be read is counted and left out, up to one
in twenty; with more, the shares would be of something else.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from netlab.errors import ResultsError
from netlab.model.sample import HotFunction, HotSpots, HotStack
from netlab.samples.subsystems import subsystem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MOST_UNREADABLE = 0.05
"""Share of the samples."""
UNNAMED = "(no name)"
"""A program whose name perf does not know: it writes ``:1234``, of a task that has exited ``:-1``."""

# "nginx  1234 [000]  2079.398830:    5025125 cpu-clock: " (a command may hold spaces, or nothing; the process may be
# -1, or stand with its thread; the CPU is optional; a frame may follow where there is no chain of them)
_WHERE = r"^ *(?:(?P<command>\S.*?) +)?-?\d+(?:/-?\d+)? +(?:\[\d+\] +)?\d+\.\d+: +"
_HEADER = re.compile(_WHERE + r"(?:\d+ +)?[^\s:]\S*:(?: +(?P<frame>\S.*))?\s*$")
_NO_SAMPLE = re.compile(_WHERE + r"PERF_RECORD_\w+")
# "	ffffffff821f236b pv_native_safe_halt+0xb ([kernel.kallsyms])" (the file may hold spaces and parentheses)
_FRAME = re.compile(r"^\s*(?P<address>[0-9a-f]+) (?P<symbol>.*?)(?:\+0x[0-9a-f]+)? \((?P<file>.*)\)$")
# What a compiler appends to the name of a function that it split or specialised
_CLONE = re.compile(r"(\.(isra|constprop|part|cold|llvm)(\.\d+)*)+$")
_BLANK_LINE = re.compile(r"\n\s*(?:\n|\Z)")
_UNKNOWN = re.compile(r":-?\d+")
_KERNEL_ADDRESS = re.compile(r"ffff[0-9a-f]{12}")

_INLINED = "inlined"
"""In a file's place: the frame is a part of the next one."""

_Frame = tuple[str, str]
"""Symbol and file; a module's file is ``[veth]``."""
_NAMELESS = "[unknown]"
_MOST_REMEMBERED = 1 << 16
"""Lines: the outer frames of stacks are the same again and again."""
_Key = TypeVar("_Key", bound=tuple[object, ...])


class _Place(NamedTuple):
    """Where a sample found the CPU."""

    symbol: str
    group: str
    chain: tuple[str, ...]
    """From the program to ``symbol``."""


class _Unreadable(Exception):
    """A sample has a line that is not what perf writes."""


def parse_hotspots(raw_gz: bytes, *, profile: str, path: str, keepalive: bool = True) -> HotSpots:
    """Count samples by (function, group), possibly none.

    ResultsError where this is no gzip of `perf script`'s text, or too much of it cannot be read.
    """
    counts, unreadable = _count(_samples(_unpack(raw_gz)), _place)
    leaves: Counter[tuple[str, str]] = Counter()
    chains: Counter[tuple[str, ...]] = Counter()
    for place, n in counts.items():
        leaves[place.symbol, place.group] += n
        if place.group != "idle":
            chains[place.chain] += n
    functions = (HotFunction(symbol=symbol, group=group, samples=n) for (symbol, group), n in leaves.items())
    ranked = sorted(functions, key=lambda function: (-function.samples, function.group, function.symbol))
    return HotSpots(
        profile=profile,
        path=path,
        keepalive=keepalive,
        total_samples=counts.total(),
        functions=tuple(ranked),
        unreadable_samples=unreadable,
        stacks=tuple(HotStack(frames=frames, samples=n) for frames, n in sorted(chains.items())),
    )


def parse_stacks(raw_gz: bytes) -> dict[tuple[str, ...], int]:
    """Count the samples that found the CPU busy by stack, the program first and the function that ran last.

    Frames in user space that have no name are left out. ResultsError as in `parse_hotspots`.
    """
    counts, _ = _count(_samples(_unpack(raw_gz)), _stack)
    return {stack: n for stack, n in counts.items() if stack}


def _count(samples: Iterable[list[str]], read: Callable[[str, list[str]], _Key]) -> tuple[Counter[_Key], int]:
    """Count the samples by what ``read`` makes of them, and those that cannot be read."""
    counts: Counter[_Key] = Counter()
    strange: list[str] = []
    for header, *frames in samples:
        try:
            counts[read(header, frames)] += 1
        except _Unreadable as error:
            strange.append(str(error))
    if len(strange) > MOST_UNREADABLE * (counts.total() + len(strange)):
        raise ResultsError(
            f"{len(strange)} of the profile's {counts.total() + len(strange)} samples cannot be read; the first has a "
            f"line that is not of 'perf script': {strange[0][:80]!r}"
        )
    return counts, len(strange)


def _unpack(raw_gz: bytes) -> str:
    try:
        return gzip.decompress(raw_gz).decode(errors="replace")
    except (OSError, EOFError, zlib.error) as error:
        raise ResultsError(f"the profile is not a whole gzip file: {error}") from error


def _samples(text: str) -> Iterator[list[str]]:
    """Yield the lines of each sample, the one that begins it first."""
    for block in text.split("\n\n"):
        whole = block.strip("\n")
        lines = whole.split("\n")
        framed = whole.count("\n\t") == len(lines) - 1 and not _BLANK_LINE.search(whole)
        if framed and _plainly_begins(lines[0]):
            yield lines
        else:
            yield from _line_by_line(lines)


def _plainly_begins(line: str) -> bool:
    """Whether nearly every sample begins so: with a first line that needs no second look."""
    return bool(line.strip()) and "PERF_RECORD_" not in line


def _line_by_line(lines: Iterable[str]) -> Iterator[list[str]]:
    """Yield the samples of some lines.

    An empty line ends a sample; where perf writes none, because there is no chain of frames, the next header does.
    """
    sample: list[str] = []
    for line in lines:
        if sample and (not line.strip() or _begins(line)):
            yield sample
            sample = []
        if line.strip() and not (not sample and _NO_SAMPLE.match(line)):
            sample.append(line)
    if sample:
        yield sample


def _begins(line: str) -> bool:
    return not line.startswith("\t") and bool(_HEADER.match(line) or _NO_SAMPLE.match(line))


def _place(header: str, lines: list[str]) -> _Place:
    command, chain = _begin(header, lines)
    frames = list(_kernel_frames(chain))
    if frames:
        return _Place(frames[0][0], _group(frames), (command, *(symbol for symbol, _ in reversed(frames))))
    return _Place(command, "user" if chain else "other", (command,))


def _stack(header: str, lines: list[str]) -> tuple[str, ...]:
    """Return the names of one sample's frames, the outermost first; nothing where the CPU was idle."""
    command, chain = _begin(header, lines)
    kernel = list(_kernel_frames(chain))
    if kernel and _group(kernel) == "idle":
        return ()
    user = [symbol for symbol, _, in_kernel in map(_frame, chain) if not in_kernel and symbol != _NAMELESS]
    return (command, *reversed(user), *(symbol for symbol, _ in reversed(kernel)))


def _begin(header: str, lines: list[str]) -> tuple[str, list[str]]:
    """Return the program's name and the lines of frames."""
    match = _HEADER.match(header)
    if not match:
        raise _Unreadable(header)
    command = match["command"] or UNNAMED
    chain = [match["frame"], *lines] if match["frame"] else lines
    return UNNAMED if _UNKNOWN.fullmatch(command) else command, chain


def _kernel_frames(lines: Iterable[str]) -> Iterator[_Frame]:
    """Yield the frames from the leaf up to where the kernel was entered."""
    for line in lines:
        symbol, file, in_kernel = _frame(line)
        if file == _INLINED:
            continue
        if not in_kernel:
            return
        yield symbol, file


@lru_cache(_MOST_REMEMBERED)
def _frame(line: str) -> tuple[str, str, bool]:
    """Read symbol, file, and whether the address is the kernel's."""
    match = _FRAME.match(line)
    if not match:
        raise _Unreadable(line)
    return _CLONE.sub("", match["symbol"]), match["file"], bool(_KERNEL_ADDRESS.fullmatch(match["address"]))


def _group(frames: Iterable[_Frame]) -> str:
    return next((group for frame in frames if (group := subsystem(*frame))), "other")
