"""Little's law: rate and response time say how many requests were under way."""

from __future__ import annotations

FULLEST = 1.01
"""More requests in flight than connections cannot be; a hundredth more, as wrk's threads start before its clock."""
EMPTIEST = 0.6
"""wrk is between two requests for up to a fifth of the time on one CPU; far below, the client cannot keep up."""


def in_flight(rate: float, latency_us: float) -> float:
    """Mean number of requests under way; the rate is in 1/s."""
    return rate * latency_us / 1e6
