"""What a profile promises against what the kernel recorded.

The wire and softirqs are left out: both depend on how the hosts are made (one kernel or several, how many CPUs), not on
the profile. So is the route's lookup on the way in, which the kernel spares itself for a socket that it already knows.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from netlab.errors import ProofFailed
from netlab.model.proof import WIRE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from netlab.model.profile import Profile, Promise
    from netlab.model.proof import Hop, Proof

Places = dict[str, tuple[str, ...]]
"""Hops by the network namespace they are in, both in order."""

NOTHING = "(nothing)"
UNPROMISED_KIND = "softirq"
UNPROMISED = "ip_route_input"


class Difference(NamedTuple):
    """One direction of one path on which packets do not go as promised."""

    path: str
    direction: str
    promised: tuple[str, ...]
    found: tuple[str, ...]
    """Both as ``node1: PREROUTING``, hop by hop."""
    problem: str
    """Why there was no answer; empty when there was one."""


def by_place(hops: Iterable[Hop]) -> Places:
    """Group the hops that a promise speaks of; a namespace that is entered twice goes on where it was."""
    places: dict[str, list[str]] = {}
    for hop in hops:
        if hop.place != WIRE and hop.kind != UNPROMISED_KIND and hop.what != UNPROMISED:
            places.setdefault(hop.place, []).append(hop.what)
    return {place: tuple(whats) for place, whats in places.items()}


def compare(profile: Profile, proof: Proof, problems: Mapping[str, str]) -> list[Difference]:
    """Return every difference; ``problems`` says by path why there was no answer."""
    found = {trace.path: trace for trace in proof.paths}
    differences = []
    for path in profile.paths:
        trace, promise = found.get(path), profile.promises.get(path)
        for direction in ("request", "response"):
            hops = getattr(trace, direction) if trace else ()
            differences += _compared(path, direction, promise, hops, problems.get(path, ""))
    return differences


def _compared(
    path: str, direction: str, promise: Promise | None, hops: Sequence[Hop], problem: str
) -> list[Difference]:
    seen = _lines(by_place(hops))
    wanted = _lines(getattr(promise, direction)) if promise else None
    if problem or not seen or (wanted is not None and wanted != seen):
        return [Difference(path, direction, wanted or (), seen, problem)]
    return []


def _lines(places: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    return tuple(f"{place}: {what}" for place, whats in places.items() for what in whats)


def check(profile: Profile, proof: Proof, problems: Mapping[str, str]) -> None:
    """ProofFailed, with both lists side by side, where packets do not take the promised path."""
    differences = compare(profile, proof, problems)
    if differences:
        first = differences[0]
        paths = ", ".join(dict.fromkeys(difference.path for difference in differences))
        reason = f": {first.problem}" if first.problem else ""
        tables = "\n\n".join(side_by_side(difference) for difference in differences[:4])
        raise ProofFailed(
            f"{profile.name}: packets do not take the promised path ({paths}){reason}\n\n{tables}\n",
            hint="'netlab ssh' leads to the hosts; 'netlab prove' looks again",
        )


def side_by_side(difference: Difference) -> str:
    """Both lists as columns; what is only in one of them is marked."""
    rows = list(_aligned(difference.promised, difference.found))
    width = max((len(left) for left, _, _ in rows), default=0)
    width = max(width, len("promised"))
    lines = [f"    {'promised':<{width}}     found"]
    lines += [f"    {left:<{width}}  {mark}  {right}".rstrip() for left, mark, right in rows]
    return "\n".join([f"  {difference.path}, {difference.direction}:", *lines])


def _aligned(left: Sequence[str], right: Sequence[str]) -> Iterable[tuple[str, str, str]]:
    """Rows (left, mark, right), equal hops beside each other."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - only a failure needs it

    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        mark = " " if tag == "equal" else "≠"
        yield from ((x, mark, y) for x, y in zip_longest(left[a:b] or (), right[c:d] or (), fillvalue=""))
    if not right:
        yield "", " ", NOTHING
