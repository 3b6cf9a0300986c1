"""Little's law: rate and response time say how many requests were under way."""

from __future__ import annotations

FULLEST = 1.01
"""More requests in flight than connections cannot be; a hundredth more, as wrk's threads start before its clock."""
EMPTIEST = 0.6
"""wrk is between two requests for up to a fifth of the time on one CPU; far below, the client cannot keep up."""


def in_flight(rate: float, latency_us: float) -> float:
    """Mean number of requests under way; the rate is in 1/s."""
    return rate * latency_us / 1e6


def breaks_littles_law(flying: float, connections: int, *, keepalive: bool) -> bool:
    """Whether a closed loop of so many connections can have had so many requests under way (`in_flight`).

    Without keepalive the time to connect is outside wrk's latency, so that only "too many in flight" is impossible.
    """
    share = flying / connections
    return share > FULLEST or (keepalive and share < EMPTIEST)
