"""Numbers as text, with their units. A missing number is a dash, never a zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netlab.report.values import Bounds, Change, Percentiles

NONE = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
NARROW = "\N{NARROW NO-BREAK SPACE}"


def number(value: float | None, digits: int = 0) -> str:
    """Group thousands: ``20 224``; a dash where there is no value."""
    if value is None:
        return NONE
    return f"{value:,.{digits}f}".replace(",", NARROW).replace("-", MINUS)


def percent(value: float | None, digits: int = 1) -> str:
    """Add the sign to a value in percent: ``15.1 %``."""
    return NONE if value is None else number(value, digits) + NARROW + "%"


def signed(value: float | None, digits: int = 1) -> str:
    """Write a difference: ``+4.0``, and ``0.0`` without a sign."""
    if value is None:
        return NONE
    rounded = round(value, digits) or 0.0
    return ("+" if rounded > 0 else "") + number(rounded, digits)


def points(value: float) -> str:
    """Write a distance of two percentages: ``6.3 points``."""
    return f"{number(value, 1)} points"


def margin(value: float, unit: str) -> str:
    """Write a margin as it was set: ``1 %``, ``0.25 points``."""
    return f"{value:g}{NARROW}{unit}"


def counted(count: int, noun: str) -> str:
    """Choose singular or plural: ``1 round``, ``5 rounds``."""
    return f"{number(count)} {noun}" if count == 1 else f"{number(count)} {noun}s"


def joined(items: Iterable[str]) -> str:
    """Make a list in a sentence."""
    return ", ".join(items)


def rounds_named(rounds: Sequence[int]) -> str:
    """Name rounds in a sentence: ``round 2``, ``rounds 1, 3``."""
    return f"{'round' if len(rounds) == 1 else 'rounds'} {joined(map(str, rounds))}"


def difference(change: Change | None) -> str:
    """Write a cell's change: ``+4.1 %``; the baseline itself says so."""
    if change is None:
        return "base"
    return percent_change(change.percent)


def percent_change(value: float | None) -> str:
    """Write a change in percent: ``+4.1 %``."""
    return NONE if value is None else signed(value, 1) + NARROW + "%"


def interval(change: Change | None) -> str:
    """Write the confidence interval: ``+3.8 … +4.3 %``."""
    if change is None or change.low_percent is None:
        return NONE
    return f"{signed(change.low_percent, digits(change))} … {signed(change.high_percent, digits(change))}{NARROW}%"


def bounds(low: float | None, high: float | None) -> str:
    """Write an interval without its unit: ``−1.2 … +0.3``."""
    return NONE if low is None or high is None else f"{signed(low)} … {signed(high)}"


def digits(change: Change) -> int:
    """Count the decimals that an interval needs for its two ends to differ."""
    width = (change.high_percent or 0) - (change.low_percent or 0)
    return 1 if width >= 0.1 else 2


def times(found: Percentiles | None) -> list[str]:
    """Write response times in µs: p50, p90, p99."""
    return [number(time) for time in ((found.p50_us, found.p90_us, found.p99_us) if found else (None,) * 3)]


def span(found: Bounds, digits: int = 0) -> str:
    """Write an interval of something that has no sign: ``288 … 302``."""
    return f"{number(found.low, digits)} … {number(found.high, digits)}"


def within(text: str, found: Bounds | None, digits: int = 0) -> str:
    """Add a figure's own interval to it: ``295 (288 … 302)``."""
    return f"{text} ({span(found, digits)})" if found else text


def sure_times(found: Percentiles | None) -> list[str]:
    """Write response times in µs with their intervals; the longest has none."""
    intervals = found.intervals if found else {}
    names = ("p50_us", "p90_us", "p99_us", "mean_us", "max_us")
    return [within(text, intervals.get(name)) for text, name in zip(all_times(found), names, strict=True)]


def all_times(found: Percentiles | None) -> list[str]:
    """Write the same, and what is not needed at a glance: mean and longest."""
    return [*times(found), *(number(time) for time in ((found.mean_us, found.max_us) if found else (None,) * 2))]
