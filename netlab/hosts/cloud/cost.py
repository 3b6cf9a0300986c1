"""What hosts in a cloud cost, from list prices: an estimate, never a bill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.model.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta


class Prices(Frozen):
    """List prices of one place, without taxes and discounts."""

    hosts: dict[str, float]
    """An hour of a host, by its type."""
    gib_month: float
    """A month of a GiB of disk."""
    address: float
    """An hour of a public IPv4 address."""


class Cost(Frozen):
    """What hosts cost in an hour; None where a price is not known."""

    per_hour: float | None
    currency: str
    source: str
    """Of the prices, with their date; or why they are not known."""


HOURS_A_MONTH = 730


def estimate(types: Iterable[str], gib: int, prices: Prices | None, *, currency: str, source: str) -> Cost:
    """Add up hosts of these types, each with ``gib`` of disk and a public address."""
    wanted = list(types)
    if prices is None:
        return Cost(per_hour=None, currency=currency, source="no list prices of this place are known to netlab")
    unknown = sorted(set(wanted) - prices.hosts.keys())
    if unknown:
        return Cost(
            per_hour=None, currency=currency, source=f"no list price of {', '.join(unknown)} is known to netlab"
        )
    each = gib * prices.gib_month / HOURS_A_MONTH + prices.address
    return Cost(per_hour=sum(prices.hosts[name] + each for name in wanted), currency=currency, source=source)


def described(cost: Cost, hours: float) -> str:
    """Say what the hosts cost in an hour, and in ``hours``."""
    if cost.per_hour is None:
        return f"cost: unknown ({cost.source})"
    return (
        f"cost: about {cost.per_hour:.2f} {cost.currency} an hour, {cost.per_hour * hours:.2f} {cost.currency} in "
        f"{hours:g} h (an estimate from {cost.source}, without traffic and taxes)"
    )


def spent(cost: Cost, age: timedelta) -> str:
    """Say what the hosts have cost so far."""
    if cost.per_hour is None:
        return "cost unknown"
    hours = age.total_seconds() / 3600
    return f"about {cost.per_hour:.2f} {cost.currency} an hour, {cost.per_hour * hours:.2f} {cost.currency} so far"
