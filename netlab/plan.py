"""What would happen: the same questions that the work asks, answered without doing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab import assets
from netlab.hosts.qemu import image
from netlab.model.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from netlab.lab import Lab
    from netlab.model.profile import Profile
    from netlab.spec.lab import LabSpec


class Plan(Frozen):
    """Steps in order, each one sentence that says what would be done or that it is done already."""

    steps: tuple[str, ...]


def plan_up(lab: Lab, spec: LabSpec, chosen: Mapping[str, Profile], snapshots: Collection[str]) -> Plan:
    """Say what ``netlab up`` would do with the profile (or none), by its snapshot's name; ``snapshots`` exist."""
    turns = [_turn(lab, profile, tag, snapshots) for tag, profile in chosen.items()]
    return Plan(steps=(*_before(lab, spec), *(turns or ["the hosts stay as they had booted"])))


def plan_run(lab: Lab, spec: LabSpec, chosen: Mapping[str, Profile], snapshots: Collection[str]) -> Plan:
    """Say what ``netlab run`` would do with the profiles, each by its snapshot's name; ``snapshots`` exist already."""
    profiles = chosen.values()
    turns = [_turn(lab, profile, tag, snapshots) for tag, profile in chosen.items()]
    cells = [f"{profile.name}/{path}" for profile in profiles for path in profile.info(spec.paths).paths]
    load = spec.load
    measure = (
        f"measure {len(cells)} cells in each of {spec.rounds} rounds ({', '.join(cells)}): wrk with {load.connections} "
        f"connections for {load.duration_s} s after {load.warmup_s:g} s of warm-up"
    )
    steps = (*_before(lab, spec), *turns, measure, "profile each cell once", "write the report", "remove the hosts")
    return Plan(steps=steps)


def _before(lab: Lab, spec: LabSpec) -> tuple[str, str]:
    recipe = image.recipe_of(spec.stack)
    ready = image.find(recipe, assets.cache())
    wrong = image.damage(image.folder_of(recipe, assets.cache()))
    why = f" (the cached one is damaged: {wrong})" if wrong else ""
    bake = (
        f"image {ready.key}: there already"
        if ready
        else f"bake the image: {len(recipe.packages)} packages, then the roles{why}"
    )
    state = lab.load_state()
    names = ", ".join(spec.parts)
    hosts = f"hosts {names}: up already" if state else f"make the hosts {names} ({spec.provider}, clock: {spec.clock})"
    return bake, hosts


def _turn(lab: Lab, profile: Profile, tag: str, snapshots: Collection[str]) -> str:
    state = lab.load_state()
    if state is not None and state.snapshot == tag:
        return f"{profile.name}: the hosts are that already"
    if tag in snapshots:
        return f"{profile.name}: restore snapshot {tag}"
    roles = ", ".join(use.role for use in profile.roles)
    return f"{profile.name}: play {len(profile.roles)} roles ({roles}), keep snapshot {tag}"
