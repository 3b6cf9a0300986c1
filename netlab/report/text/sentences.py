"""What `netlab explain` says in words: what is on a path, what costs what, and what is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.report.text import numbers, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlab.report.explanation import Cost, CostChange
    from netlab.report.values import Cell, PathPicture

SUBSYSTEMS = {
    "veth": "veth crossing",
    "ipip": "the IPIP tunnel",
    "vxlan": "the VXLAN tunnel",
    "bpf": "eBPF",
    "tcp": "TCP",
    "ip": "IP",
    "user": "user space (app and client)",
    "device": "queueing and devices",
    "epoll": "waiting for events",
    "socket": "sockets",
    "softirq": "softirq handling",
    "syscall": "entering the kernel",
    "other": "other kernel code",
}
"""Groups of `netlab.samples.subsystems` whose own name does not say enough."""
MOST = 8
"""Subsystems of the baseline that a sentence names."""
_SHOWN = 0.05
"""µs that are not 0.0 when they are written."""


def named(group: str) -> str:
    """Name a subsystem in a sentence."""
    return SUBSYSTEMS.get(group, group)


def of_path(picture: PathPicture | None, again: str) -> Iterator[str]:
    """Count what is on a path."""
    if picture is None:
        yield f"The run did not record the way of this path's packets. To get it: {again}"
        return
    counts = f"A request and its response cross {words.path_counts(picture)}"
    if picture.is_baseline:
        yield f"{counts}. Every other path is compared with this one."
    elif picture.base is None:
        yield f"{counts}. The run did not record the baseline's path to compare with."
    else:
        yield f"{counts}; compared with {picture.base}."


def of_costs(
    cell: Cell | None, base: Cell | None, spent: Sequence[Cost], change: CostChange | None, again: str
) -> Iterator[str]:
    """Say what a request costs, or why that is not known and what to do."""
    if cell is None:
        yield f"The run did not measure this path. To do so: {again}"
    elif not spent:
        yield _unknown(cell, again)
    elif cell.is_baseline:
        yield f"A request costs {amount(cell.cpu_us_per_request or 0.0, spent)}: {_parts(spent[:MOST], '')}."
    elif base is None:
        yield f"The run did not measure the baseline to compare with. To do so: {again}"
    elif change is None:
        yield _unknown(base, again)
    else:
        yield from of_change(change)


def _unknown(cell: Cell, again: str) -> str:
    what = f"What a request of {cell.profile}/{cell.path} costs by subsystem is not known"
    if not cell.hot_groups:
        return f"{what}: the run has no samples of the profiler there. To take them: {again}"
    if cell.cpu_us_per_request is None:
        return f"{what}: the run has no CPU counters there. To take them: {again}"
    return f"{what}: it ran on several kernels, which the profiler does not tell apart. On one: {again} --clock virtual"


def of_change(change: CostChange) -> Iterator[str]:
    """``Of the 51.3 µs (12 825 instructions) that a request costs more than on …, 18.2 µs (35 %) are netfilter, …``."""
    total = _amount(change.us, change.instructions)
    than = f"{'more' if change.us > 0 else 'less'} than on {change.base}"
    if change.us > 0 and change.added and not _less(change):
        yield f"Of the {total} that a request costs {than}, {_parts(change.added)}{_rest(change, more=True)}."
        return
    yield f"A request costs {total} {than}."
    if change.added:
        yield f"What is added: {_parts(change.added)}{_rest(change, more=True)}."
    if change.saved:
        yield f"What costs less than there: {_parts(change.saved)}{_rest(change, more=False)}."
    elif _less(change) or not change.added:
        yield f"{numbers.signed(change.rest.us)} µs come from changes too small to tell from chance."


def _less(change: CostChange) -> bool:
    return bool(change.saved) or change.rest.us <= -_SHOWN


def _rest(change: CostChange, *, more: bool) -> str:
    """Say what is left on one side of the balance, where it is there."""
    us = change.rest.us if more else -change.rest.us
    if us < _SHOWN:
        return ""
    return f"; the rest, {numbers.number(us, 1)} µs, is of changes too small to tell from chance"


def amount(us: float, spent: Sequence[Cost]) -> str:
    """Write a sum of costs."""
    known = [cost.instructions for cost in spent if cost.instructions is not None]
    return _amount(us, sum(known) if known else None)


def _amount(us: float, instructions: float | None) -> str:
    counted = f" ({numbers.number(abs(instructions))} instructions)" if instructions is not None else ""
    return f"{numbers.number(abs(us), 1)} µs{counted}"


def _parts(parts: Sequence[Cost], verb: str = "are ") -> str:
    """Write ``18.2 µs (35 %) are netfilter, 9.1 µs (18 %) veth crossing``."""
    told = [
        (f"{numbers.number(abs(one.us), 1)} µs ({numbers.percent(one.percent, 0)})", named(one.group)) for one in parts
    ]
    return numbers.joined(f"{much} {'' if at else verb}{name}" for at, (much, name) in enumerate(told))
