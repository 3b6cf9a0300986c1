"""How well replicas predict clusters, in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from netlab.report.text import numbers, words
from netlab.statistics.interval import Interval
from netlab.statistics.rank import FEWEST_RANKED
from netlab.statistics.ratio import FEWEST_ROUNDS
from netlab.statistics.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlab.report.values import Change, Prediction
    from netlab.statistics.agreement import Agreement
    from netlab.statistics.rank import RankAgreement

_COUNTED: dict[Agreement, str] = {
    "agrees": "agreeing within {}",
    "differs": "differing",
    "cannot tell yet": "that cannot be told yet",
}


def interval(change: Change) -> Interval | None:
    """Take a change with its interval, in %; None where there is none."""
    if change.percent is None or change.low_percent is None or change.high_percent is None:
        return None
    return Interval(change.percent, change.low_percent, change.high_percent)


def text(said: Agreement, margin: float, real: Change, guess: Change) -> str:
    """Say what the interval of the difference, which stands beside it, means, or why there is none."""
    if missing := [*_too_few("cluster", real), *_too_few("replica", guess)]:
        return f"{said}: {numbers.joined(missing)}"
    return f"{said} within {numbers.margin(margin, 'points')}" if said == "agrees" else said


def _too_few(who: str, change: Change) -> Iterator[str]:
    if change.standard_error is None:
        yield f"{numbers.counted(change.pairs, 'round')} of the {who} with a baseline"


def summary(rows: Sequence[Prediction]) -> str:
    """Count the verdicts, and say how far off the replicas are."""
    counts = Counter(row.agreement for row in rows)
    margin = numbers.margin(rows[0].margin_points, "points") if rows else ""
    parts = [f"{counts[verdict]} {said.format(margin)}" for verdict, said in _COUNTED.items() if counts[verdict]]
    return f"Of {numbers.counted(len(rows), 'cell')} measured on both: {numbers.joined(parts)}.{_misses(rows)}"


def _misses(rows: Sequence[Prediction]) -> str:
    told = [row for row in rows if row.difference_points is not None and row.agreement != "cannot tell yet"]
    if not told:
        return ""
    misses = [(abs(row.difference_points or 0.0), f"{row.network} · {row.path}") for row in told]
    most, worst = max(misses, key=lambda miss: miss[0])
    middle = summarise([points for points, _ in misses]).median
    return (
        f" Where it can be told, the replicas' estimates are off by {numbers.points(middle)} at the median and by "
        f"{numbers.points(most)} at most ({worst})."
    )


def order(found: RankAgreement, load: str) -> str:
    """Say how far the replicas' order is the clusters'."""
    cells = numbers.counted(found.n, "cell")
    if found.n < FEWEST_RANKED:
        return f"Order{load}: cannot tell from {cells} with an interval on both sides; {FEWEST_RANKED} can."
    if found.tau is None:
        return f"Order of {cells}{load}: cannot tell, because on one side all estimates are the same."
    return (
        f"Order of {cells}{load}, by their estimates: Kendall's τ = {numbers.signed(found.tau, 2)} (1: the clusters' "
        f"order, {numbers.MINUS}1: the reverse). The clusters' intervals settle the order of {found.settled} of "
        f"{numbers.counted(found.pairs, 'pair')}; the replicas have {found.kept} of these in the same order."
    )


def notes(base: str, replicas_base: str, margin: float) -> tuple[str, ...]:
    """Name base and unit, and say what each verdict means."""
    return (
        (
            "Change: requests/s in % of the baseline in the same round, with its 95 % CI; the baseline is "
            f"{words.bases(base, replicas_base)}. Difference: replica minus cluster in percentage points, with its "
            "95 % CI (Welch's t); negative where the replica loses more. The intervals of a column hold together."
        ),
        (
            f"Agrees: the whole interval of the difference is within {numbers.margin(margin, 'points')} "
            "(report.margin_points). Differs: it leaves out zero, and reaches beyond that. Cannot tell yet: it "
            f"does neither, or one side has fewer than {FEWEST_ROUNDS} rounds. A wide interval agrees with nothing: "
            "more rounds make it narrower."
        ),
        (
            "A replica is the data path alone, without the product's control plane, its agents on the nodes and its "
            "policy chains. A difference holds these, and all that sets the two environments apart."
        ),
    )
