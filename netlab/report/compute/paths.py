"""Recorded paths → what a report shows of them.

What happens on the wire, a bridge that stands for the Ethernet between hosts, is the lab's own: it is neither counted
nor compared.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from netlab.model.proof import WIRE
from netlab.report.values import PathCounts, PathHop, PathPicture, Visit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from netlab.model.proof import Hop, PathTrace, Proof
    from netlab.model.run import ProfileInfo


def pictures(
    proofs: Iterable[Proof], profiles: Mapping[str, ProfileInfo], base_key: tuple[str, str]
) -> tuple[PathPicture, ...]:
    """Compare every recorded path with the baseline's (profile, path), which comes first."""
    traces = {(proof.profile, trace.path): trace for proof in proofs for trace in proof.paths}
    base = next((trace for key, trace in traces.items() if key == base_key), None)
    found = [
        _picture(profile, profiles[profile].label if profile in profiles else profile, trace, base, "/".join(base_key))
        for (profile, _), trace in traces.items()
    ]
    order = list(profiles)
    return tuple(sorted(found, key=lambda one: (not one.is_baseline, _place_in(order, one.profile))))


def _place_in(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def _picture(profile: str, label: str, trace: PathTrace, base: PathTrace | None, base_name: str) -> PathPicture:
    itself = base is trace
    other = None if itself else base
    request = _visits(trace.request, other.request if other else None)
    response = _visits(trace.response, other.response if other else None)
    counts = _counts(trace)
    return PathPicture(
        profile=profile,
        label=label,
        path=trace.path,
        name=f"{label} · {trace.path}",
        is_baseline=itself,
        base=base_name if other else None,
        request=request,
        response=response,
        counts=counts,
        change=_difference(counts, _counts(other)) if other else None,
        new_hops=sum(hop.new for visit in (*request, *response) for hop in visit.hops) if other else None,
    )


def _visits(hops: Sequence[Hop], base: Sequence[Hop] | None) -> tuple[Visit, ...]:
    """Split at each change of place; hops on the wire are left out, the wire itself is not."""
    marks = iter(_marks(_off_wire(hops), _off_wire(base) if base is not None else None))
    return tuple(
        Visit(
            place=place,
            hops=() if place == WIRE else tuple(PathHop(what=hop.what, kind=hop.kind, new=next(marks)) for hop in run),
        )
        for place, run in groupby(hops, key=lambda hop: hop.place)
    )


def _off_wire(hops: Sequence[Hop]) -> list[Hop]:
    return [hop for hop in hops if hop.place != WIRE]


def _marks(hops: Sequence[Hop], base: Sequence[Hop] | None) -> list[bool]:
    """Whether each hop is one more of its kind than the base has.

    Of several equal hops, those in a place where the base has one too are the old ones.
    """
    if base is None:
        return [False] * len(hops)
    left = Counter((hop.kind, hop.what) for hop in base)
    placed = Counter((hop.place, hop.kind, hop.what) for hop in base)
    old = set()
    for at, hop in enumerate(hops):
        if placed[hop.place, hop.kind, hop.what]:
            placed[hop.place, hop.kind, hop.what] -= 1
            left[hop.kind, hop.what] -= 1
            old.add(at)
    for at, hop in enumerate(hops):
        if at not in old and left[hop.kind, hop.what]:
            left[hop.kind, hop.what] -= 1
            old.add(at)
    return [at not in old for at in range(len(hops))]


def _counts(trace: PathTrace) -> PathCounts:
    hops = _off_wire((*trace.request, *trace.response))
    kinds, whats = Counter(hop.kind for hop in hops), Counter(hop.what for hop in hops)
    return PathCounts(
        hops=len(hops),
        net_rx_queued=whats["netif_rx"],
        net_rx_raises=whats["raise NET_RX"],
        netfilter_calls=kinds["netfilter"],
        namespaces=len({hop.place for hop in hops}),
        wires=sum(
            place == WIRE for way in (trace.request, trace.response) for place, _ in groupby(hop.place for hop in way)
        ),
    )


def _difference(counts: PathCounts, base: PathCounts) -> PathCounts:
    before = base.model_dump()
    return PathCounts(**{name: value - before[name] for name, value in counts.model_dump().items()})
