"""The kernel's counters in /proc, read before and after a sample → what the sample cost.

A host's counters are those of its kernel: hosts that report the same boot id share one, and are counted once.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from netlab.errors import ResultsError
from netlab.model.frozen import Frozen
from netlab.model.sample import Counters, CpuTicks, ProcessorCounters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_CPU_FIELDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice")
_NOT_MONOTONIC = ("idle", "iowait")  # proc(5): the kernel may take some back
_WRAP = 2**32  # softirq and softnet counts are 32 bits wide
_MAX_DIGITS = 20
_DIGITS = {10: frozenset("0123456789"), 16: frozenset("0123456789abcdefABCDEF")}


class RawCounters(Frozen):
    """Text of /proc/stat (its cpu lines), /proc/softirqs and /proc/net/softnet_stat."""

    stat: str
    softirqs: str
    softnet: str


class RawHost(Frozen):
    """One host's readings around a sample."""

    boot_id: str
    before: RawCounters
    after: RawCounters


def kernels(hosts: Mapping[str, RawHost], known: Sequence[tuple[str, ...]] = ()) -> tuple[Counters, ...]:
    """Return one `Counters` a kernel, in the order of the hosts; ResultsError where a text is not what Linux writes.

    ``known`` are the hosts that share a kernel whatever they report (systemd-nspawn makes a boot id each).
    """
    by_boot: dict[str, list[str]] = {}
    for name, host in hosts.items():
        by_boot.setdefault(host.boot_id, []).append(name)
    found: dict[tuple[str, ...], RawHost] = {}
    for names in by_boot.values():
        together = next((one for one in known if set(names) & set(one)), tuple(names))
        found.setdefault(together, hosts[names[0]])
    return tuple(_counters(names, host) for names, host in found.items())


def parse_stat(text: str) -> dict[str, dict[str, int]]:
    """Read ticks of 1/100 s by ``cpu`` (all processors together), ``cpu0``, …, and by the kernel's field names."""
    rows = [line.split() for line in text.splitlines() if line.startswith("cpu")]
    if not rows or rows[0][0] != "cpu" or not text.startswith("cpu"):
        raise ResultsError(f"/proc/stat: the first line is not 'cpu' and {len(_CPU_FIELDS)} figures: {text[:60]!r}")
    return {name: _ticks(name, words) for name, *words in rows}


def parse_softirqs(text: str) -> dict[str, dict[str, int]]:
    """Read softirqs since boot by vector, and by processor (``cpu0``, …)."""
    header, *rows = text.splitlines() or [""]
    cpus = header.split()
    if not rows or not cpus or not all(cpu.startswith("CPU") for cpu in cpus):
        raise ResultsError(f"/proc/softirqs: no line of CPUs and no vectors: {text[:60]!r}")
    return dict(_vector(row, [cpu.lower() for cpu in cpus]) for row in rows)


def parse_softnet(text: str) -> tuple[int, int, int]:
    """Read (processed, dropped, squeezed) since boot, all CPUs together; later columns vary by kernel."""
    rows = [_integers("/proc/net/softnet_stat", line.split(), base=16) for line in text.splitlines()]
    if not rows or any(len(row) < 3 for row in rows):
        raise ResultsError(f"/proc/net/softnet_stat: no rows of at least three figures: {text[:60]!r}")
    processed, dropped, squeezed = (sum(column) for column in list(zip(*rows, strict=False))[:3])
    return processed, dropped, squeezed


def _ticks(name: str, words: list[str]) -> dict[str, int]:
    if len(words) < len(_CPU_FIELDS):
        raise ResultsError(f"/proc/stat: {name[:40]!r} has fewer than {len(_CPU_FIELDS)} figures")
    return dict(zip(_CPU_FIELDS, _integers("/proc/stat", words), strict=False))


def _vector(row: str, cpus: list[str]) -> tuple[str, dict[str, int]]:
    name, colon, rest = row.partition(":")
    counts = _integers("/proc/softirqs", rest.split())
    if not colon or len(counts) != len(cpus):
        raise ResultsError(f"/proc/softirqs: not a vector and {len(cpus)} counts: {row[:60]!r}")
    return sys.intern(name.strip()), dict(zip(cpus, counts, strict=True))


def _integers(file: str, words: Iterable[str], base: int = 10) -> list[int]:
    words, digits = list(words), _DIGITS[base]
    if not digits.issuperset("".join(words)) or max(map(len, words), default=0) > _MAX_DIGITS:
        wrong = next(word for word in words if len(word) > _MAX_DIGITS or not digits.issuperset(word))
        raise ResultsError(f"{file}: {wrong[:40]!r} is not a count")
    return [int(word, base) for word in words]


def _counters(names: tuple[str, ...], host: RawHost) -> Counters:
    before, after = host.before, host.after
    processed, dropped, squeezed = (
        (new - old) % _WRAP
        for old, new in zip(parse_softnet(before.softnet), parse_softnet(after.softnet), strict=True)
    )
    started, ended = parse_stat(before.stat), parse_stat(after.stat)
    ticks = {name: _cpu(old, ended[name]) for name, old in started.items() if name in ended}
    softirqs = _softirqs(parse_softirqs(before.softirqs), parse_softirqs(after.softirqs))
    return Counters(
        hosts=names,
        cpu=ticks.pop("cpu"),
        softirqs={vector: sum(counts.values()) for vector, counts in softirqs.items()},
        softnet_processed=processed,
        softnet_dropped=dropped,
        softnet_squeezed=squeezed,
        processors=_processors(ticks, softirqs),
    )


def _processors(
    ticks: Mapping[str, CpuTicks], softirqs: Mapping[str, Mapping[str, int]]
) -> tuple[ProcessorCounters, ...]:
    """Of those that were there before and after the sample; none where that is a single one."""
    runs = {name: {vector: counts.get(name, 0) for vector, counts in softirqs.items()} for name in ticks}
    found = [ProcessorCounters(name=name, cpu=cpu, softirqs=runs[name]) for name, cpu in ticks.items()]
    return tuple(found) if len(found) > 1 else ()


def _softirqs(before: dict[str, dict[str, int]], after: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Count runs during the sample, by vector and processor."""
    if before.keys() != after.keys() or any(before[vector].keys() != after[vector].keys() for vector in before):
        raise ResultsError("/proc/softirqs: the vectors or processors before and after the sample differ")
    return {
        vector: {cpu: (after[vector][cpu] - count) % _WRAP for cpu, count in counts.items()}
        for vector, counts in before.items()
    }


def _cpu(before: dict[str, int], after: dict[str, int]) -> CpuTicks:
    delta = {field: after[field] - before[field] for field in _CPU_FIELDS}
    for field in _NOT_MONOTONIC:
        delta[field] = max(delta[field], 0)
    delta["user"] -= delta.pop("guest")  # the kernel counts a guest's time in both
    delta["nice"] -= delta.pop("guest_nice")
    backwards = next((field for field, ticks in delta.items() if ticks < 0), None)
    if backwards:
        raise ResultsError(f"/proc/stat: {backwards!r} went backwards during the sample")
    return CpuTicks(**delta)
