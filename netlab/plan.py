"""What would happen: the same questions that the work asks, answered without doing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.hosts.provider import Snapshots
from netlab.model.frozen import Frozen
from netlab.spec.rounds import rounds_of, rounds_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from netlab.hosts.provider import Provider
    from netlab.lab import Lab, LabState
    from netlab.model.profile import Profile
    from netlab.spec.lab import LabSpec


class Plan(Frozen):
    """Steps in order, each one sentence that says what would be done or that it is done already."""

    steps: tuple[str, ...]


def plan_up(lab: Lab, provider: Provider, chosen: Mapping[str, Profile]) -> Plan:
    """Say what ``netlab up`` would do with the profile (or none), by its snapshot's name."""
    steps = _applied(lab, provider, chosen) or ["the hosts stay freshly booted"]
    return Plan(steps=(*provider.outline(), *steps))


def plan_run(lab: Lab, spec: LabSpec, provider: Provider, chosen: Mapping[str, Profile]) -> Plan:
    """Say what ``netlab run`` would do with the profiles, each by its snapshot's name."""
    cells = [f"{profile.name}/{path}" for profile in chosen.values() for path in profile.info(spec.paths).paths]
    load, snapshots = spec.load, isinstance(provider, Snapshots)
    rounds = rounds_text(rounds_of(spec, provider.clock, snapshots=snapshots))
    measure = (
        f"measure {len(cells)} cells ({', '.join(cells)}) in each of {rounds}: wrk with {load.connections} connections "
        f"for {load.duration_s} s after {load.warmup_s:g} s of warm-up"
    )
    if spec.control:
        measure += "; the baseline twice a round (A/A control)"
    steps = (*provider.outline(), *_applied(lab, provider, chosen))
    if not snapshots:
        measure += "; before each profile of a round, the previous one's roles are undone and its own are played"
    return Plan(steps=(*steps, measure, "profile each cell once", "write the report", "remove the hosts"))


def _applied(lab: Lab, provider: Provider, chosen: Mapping[str, Profile]) -> list[str]:
    state = lab.load_state()
    snapshots = provider.snapshots(reserve=False) if isinstance(provider, Snapshots) else None
    return [_step(profile, tag, state, snapshots) for tag, profile in chosen.items()]


def _step(profile: Profile, tag: str, state: LabState | None, snapshots: Collection[str] | None) -> str:
    if state is not None and state.snapshot == tag:
        return f"{profile.name}: applied already"
    if snapshots and tag in snapshots:
        return f"{profile.name}: resume snapshot {tag}"
    roles = ", ".join(use.role for use in profile.roles)
    kept = "prove it" if snapshots is None else f"keep snapshot {tag}"
    return f"{profile.name}: play {len(profile.roles)} roles ({roles}), {kept}"
