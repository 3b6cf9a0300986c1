"""wrk's correction for coordinated omission, and how it is taken back.

wrk (4.1.0, `stats_correct` in stats.c) adds requests that nobody sent to its histogram before it reports anything: for
each response that took twice the mean interval between two requests of a connection, or longer, one shorter by an
interval, one shorter by two, and so on while more than an interval is left. It looks at each latency before anything is
added to it, so that above one interval each count is that of the requests plus the whole corrected count one interval
further up. One subtraction for each latency therefore gives the requests back, exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from netlab.model.latencies import Latencies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def interval_us(requests: int, duration_us: int, connections: int) -> int:
    """Mean µs between two requests of a connection, in wrk's integer arithmetic; 0 where wrk corrects nothing."""
    each = requests // connections if connections > 0 else 0
    return duration_us // each if each else 0


def uncorrected(corrected: Sequence[tuple[int, int]], interval: int, requests: int) -> Latencies | None:
    """Take the correction back; None unless wrk would make the same of what is left, and that is so many requests.

    ``corrected`` has (latency in µs, count) in rising order; neither it nor what is returned has a count of 0.
    """
    table = np.asarray(corrected, dtype=np.int64).reshape(-1, 2)
    if interval and not _has_all_additions(table[:, 0], interval):
        return None
    left = _without_additions(table, interval) if interval else table
    counts = left[:, 1]
    starts_alike = left[:1, 0].tolist() == table[:1, 0].tolist()
    if counts.sum() != requests or counts.min(initial=1) <= 0 or not starts_alike:
        return None
    return Latencies.of_table(left)


def _has_all_additions(printed: NDArray[np.int64], interval: int) -> bool:
    """Whether something is one interval below each latency where wrk adds; it prints nothing below the shortest."""
    lowest = max(interval, int(printed[0]) - 1) if printed.size else interval
    below = printed - interval
    return bool(np.isin(below[below > lowest], printed).all())


def _without_additions(table: NDArray[np.int64], interval: int) -> NDArray[np.int64]:
    values, counts = table.T
    above = np.searchsorted(values, values + interval).clip(max=values.size - 1)
    added = np.where((values > interval) & (values[above] == values + interval), counts[above], 0)
    left = np.column_stack((values, counts - added))
    kept: NDArray[np.int64] = left[left[:, 1] != 0]
    return kept
