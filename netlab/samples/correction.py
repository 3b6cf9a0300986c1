"""wrk's correction for coordinated omission, and how it is taken back.

wrk (4.1.0, `stats_correct` in stats.c) adds requests that nobody sent to its histogram before it reports anything: for
each response that took twice the mean interval between two requests of a connection, or longer, one shorter by an
interval, one shorter by two, and so on while more than an interval is left. It looks at each latency before anything is
added to it, so that above one interval each count is that of the requests plus the whole corrected count one interval
further up. One subtraction for each latency therefore gives the requests back, exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Histogram = tuple[tuple[int, int], ...]
"""(latency in µs, count) in rising order; no count is 0."""


def interval_us(requests: int, duration_us: int, connections: int) -> int:
    """Mean µs between two requests of a connection, in wrk's integer arithmetic; 0 where wrk corrects nothing."""
    each = requests // connections if connections > 0 else 0
    return duration_us // each if each else 0


def uncorrected(corrected: Sequence[tuple[int, int]], interval: int, requests: int) -> Histogram | None:
    """Take the correction back; None unless wrk would make the same of what is left, and that is so many requests."""
    if interval and not _has_all_additions(corrected, interval):
        return None
    left = _without_additions(corrected, interval) if interval else tuple(corrected)
    counts = [count for _, count in left]
    starts_alike = [value for value, _ in left[:1]] == [value for value, _ in corrected[:1]]
    return left if sum(counts) == requests and min(counts, default=1) > 0 and starts_alike else None


def _has_all_additions(corrected: Sequence[tuple[int, int]], interval: int) -> bool:
    """Whether something is one interval below each latency where wrk adds; it prints nothing below the shortest."""
    printed = {value for value, _ in corrected}
    lowest = max(interval, min(printed, default=0) - 1)
    return all(value - interval <= lowest or value - interval in printed for value in printed)


def _without_additions(corrected: Sequence[tuple[int, int]], interval: int) -> Histogram:
    counts = dict(corrected)
    return tuple(
        (value, count)
        for value, found in corrected
        if (count := found - (counts.get(value + interval, 0) if value > interval else 0))
    )
