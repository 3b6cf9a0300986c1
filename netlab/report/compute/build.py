"""Runs → ``Report``: every number that a report shows is computed here, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.errors import ResultsError
from netlab.report.compute import (
    builds,
    checks,
    configurations,
    controls,
    credibility,
    ends,
    facts,
    flames,
    kernels,
    looks,
    paths,
    predictions,
    refused,
)
from netlab.report.compute.cells import Comparing, Source, Taken, against, build_cell, comparable
from netlab.report.compute.environments import base, refuse_mixtures
from netlab.report.text import coverage, labels, numbers, summary, words
from netlab.report.text.method import BLOCKS, BUILDS, CONTROLS, LOOKS, METHOD, SAME_BLOCK
from netlab.report.values import Cell, Control, GroupShare, Headline, Missing, Report, RunRef
from netlab.spec.report import ReportSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from netlab.model.lab import Load, Stack
    from netlab.model.proof import Proof
    from netlab.model.run import ExperimentInfo, ProfileInfo, Run, RunHeader
    from netlab.model.sample import HotSpots
    from netlab.report.compute.configurations import Configurations

MANY = 16
"""From more cells on, a chart that has a row or a line per cell is no longer read."""
COLUMNS = 10
"""Of a table with a column a subsystem: as many as a page has room for."""
_Key = tuple[str, str, "Load"]


def build_report(runs: Sequence[Run], replicas: Sequence[Run] = (), spec: ReportSpec | None = None) -> Report:
    """One report over ``runs``, which must have been measured in the same environment (else ``ConfigError``).

    What they measured under one name is pooled where it was made of the same things, and apart where it was not.
    ``replicas`` are runs of an environment of their own, to be compared with the clusters among ``runs``.
    """
    spec = spec or ReportSpec()
    if not replicas:
        return _report(runs, spec)
    predictions.refuse_wrong_sides([run.header for run in runs], [run.header for run in replicas])
    sides = _report(runs, spec), _report(replicas, spec, beside_clusters=True)
    return predictions.add(*sides, spec.margin_points)


def _experiment(runs: Sequence[Run]) -> ExperimentInfo | None:
    """Return what all the runs ask."""
    asked = [run.header.experiment for run in runs]
    return asked[0] if asked.count(asked[0]) == len(asked) else None


def _report(runs: Sequence[Run], spec: ReportSpec, *, beside_clusters: bool = False) -> Report:
    if not any(run.samples for run in runs):
        reason = next((f": {one.reason}" for run in runs for one in run.refused), "")
        raise ResultsError(f"there is no sample to report on{reason}", hint="measure a run first: netlab bench")
    configurations.refuse_twins(runs)
    refuse_mixtures([run.header for run in runs])
    header, told = runs[0].header, configurations.tell_apart(runs)
    runs = builds.numbered(runs)
    profiles = _profiles(runs, told, beside_clusters=beside_clusters)
    sources = _sources(runs, profiles, told)
    cells = _cells(sources, header, told, spec.margin_percent, looks.paid([run.header for run in runs]))
    repeated = controls.build(runs, told, spec.margin_percent)
    gates = credibility.results(runs, list(sources.values()), cells, repeated)
    charted, shares = _charted(cells), _shares(cells)
    differences = configurations.differences(runs)
    sides = list(_sides(runs, told))
    return Report(
        title=f"The cost of {_count(profiles, header)}",
        experiment=_experiment(runs),
        base=base(header),
        headlines=_headlines([cell for cell in cells if cell.name in charted], header, profiles),
        clock_note=words.clock_note(header.environment.clock),
        method=tuple(
            filter(None, (METHOD[0], BLOCKS[header.environment.resumed], *METHOD[1:], *_asked(runs, repeated)))
        ),
        warnings=(
            *ends.warnings([run.header for run in runs]),
            *ends.interrupted_rounds(runs),
            *refused.sentences(runs),
            *refused.profiles(runs),
            *configurations.warnings(runs, differences),
            *credibility.warnings(gates),
            *checks.warnings(list(sources.values()), cells),
        ),
        gates=gates,
        cells=cells,
        controls=repeated,
        margin_percent=spec.margin_percent,
        covers=coverage.sentence([cell.change for cell in cells if cell.change]),
        charted=charted,
        subsystems=tuple(shares),
        main_subsystems=_main(shares, cells),
        missing=_missing(profiles, sources, refused.reasons(runs, told)),
        descriptions={profile.label: profile.description for profile in profiles.values()},
        environment=header.environment,
        runs=tuple(reference(run.header) for run in runs),
        paths=tuple(one for base, proofs in sides for one in paths.pictures(proofs, profiles, base)),
        flames=tuple(flames.of_cells([cell for cell in cells if cell.name in charted], sources.values())),
        facts=tuple(one for base, proofs in sides for one in facts.of_profiles(proofs, profiles, base[0])),
        differences=differences,
        made_of=configurations.made_of(profiles),
        kernels=kernels.of_hosts(proof for run in runs for proof in run.proofs),
    )


def _count(profiles: dict[str, ProfileInfo], header: RunHeader) -> str:
    return numbers.counted(
        len({one.name for one in profiles.values()} - {header.baseline_profile}), "container network"
    )


def reference(header: RunHeader) -> RunRef:
    """Name a run in a report."""
    return RunRef(
        run_id=header.run_id,
        created_at=header.created_at,
        seed=header.seed,
        rounds=header.planned_rounds,
        builds=header.build_of(header.planned_rounds),
        precision_percent=header.precision_percent,
        stop=header.stop,
        resumed_at=header.resumed_at,
    )


def _asked(runs: Sequence[Run], repeated: Sequence[Control]) -> Iterator[str]:
    """Say how what not every run has was made."""
    if repeated:
        yield CONTROLS if all(one.own_blocks for one in repeated) else f"{CONTROLS} {SAME_BLOCK}"
    if any(run.header.builds > 1 for run in runs):
        yield BUILDS
    if any(run.header.precision_percent is not None for run in runs):
        yield LOOKS


def _profiles(runs: Sequence[Run], told: Configurations, *, beside_clusters: bool) -> dict[str, ProfileInfo]:
    """All profiles by their key, labelled so that neither a cluster nor another configuration can be mistaken."""
    found: dict[str, ProfileInfo] = {}
    stacks: dict[str, Stack] = {}
    for run in runs:
        for profile in run.header.profiles:
            if stacks.setdefault(profile.name, profile.stack) != profile.stack:
                raise predictions.two_stacks(profile.name)
            found.setdefault(told.key(run.header.run_id, profile.name), profile)
    labelled = labels.labelled(found, beside_clusters=beside_clusters)
    return {key: told.marked(key, profile) for key, profile in labelled.items()}


def _sides(runs: Sequence[Run], told: Configurations) -> Iterator[tuple[tuple[str, str], list[Proof]]]:
    """Group proofs by the baseline (profile's key, path) that they are compared with.

    One a profile: fleets that are equal proved the same promise, so that the first stands for all.
    """
    sides: dict[tuple[str, str], dict[str, Proof]] = {}
    for run in runs:
        header = run.header
        side = sides.setdefault((told.key(header.run_id, header.baseline_profile), header.baseline_path), {})
        for proof in run.proofs:
            key = told.key(header.run_id, proof.profile)
            side.setdefault(key, proof.model_copy(update={"profile": key}))
    return ((base, list(proofs.values())) for base, proofs in sides.items())


def _sources(runs: Sequence[Run], profiles: dict[str, ProfileInfo], told: Configurations) -> dict[_Key, Source]:
    taken: dict[_Key, list[Taken]] = {}
    spots: dict[tuple[str, str, bool], list[HotSpots]] = {}
    for run in runs:
        run_id = run.header.run_id
        for sample in run.samples:
            key = told.key(run_id, sample.profile), sample.path, sample.load
            taken.setdefault(key, []).append(Taken(run_id, sample))
        for spot in run.hotspots:
            spots.setdefault((told.key(run_id, spot.profile), spot.path, spot.keepalive), []).append(spot)
    loads = {load for _, _, load in taken}
    return {
        (name, path, load): Source(
            label=_label(profiles, name) + labels.load_suffix(load, loads),
            stack=profiles[name].stack if name in profiles else None,
            taken=tuple(found),
            hotspots=tuple(spots.get((name, path, load.keepalive), ())),
            planned=sum(run.header.planned_rounds for run in runs if _planned(run.header, name, path, told)),
            runs=told.runs.get(name, ()),
        )
        for (name, path, load), found in taken.items()
    }


def _planned(header: RunHeader, key: str, path: str, told: Configurations) -> bool:
    """Whether the run was to measure this path of what the key stands for."""
    return any(path in one.paths for one in header.profiles if told.key(header.run_id, one.name) == key)


def _label(profiles: dict[str, ProfileInfo], name: str) -> str:
    return profiles[name].label if name in profiles else name


def _cells(
    sources: dict[_Key, Source], header: RunHeader, told: Configurations, margin_percent: float, extra: int
) -> tuple[Cell, ...]:
    bases = {
        key: (told.key(source.taken[0].run_id, header.baseline_profile), header.baseline_path, key[2])
        for key, source in sources.items()
    }
    comparing = Comparing(
        base=f"{base(header)}, same round",
        comparisons=sum(comparable(source, sources.get(bases[key])) for key, source in sources.items()),
        margin_percent=margin_percent,
        looks=extra,
    )
    cpus = header.environment.guest_cpus
    cells = {
        key: build_cell(source, sources.get(bases[key]), comparing=comparing, cpus=cpus)
        for key, source in sources.items()
    }
    return tuple(sorted((against(cell, cells.get(bases[key])) for key, cell in cells.items()), key=_rank))


def _rank(cell: Cell) -> tuple[bool, float, str]:
    """Baseline first, then cheapest to costliest; what cannot be compared comes last."""
    change = cell.change.percent if cell.change and cell.change.percent is not None else float("-inf")
    return not cell.is_baseline, -change, cell.name


def _headlines(cells: Sequence[Cell], header: RunHeader, profiles: dict[str, ProfileInfo]) -> tuple[Headline, ...]:
    """Costliest first, but what chance alone may have made comes after all that it has not."""
    stack = next((one.stack for one in profiles.values() if one.name == header.baseline_profile), None)
    phrase = words.base_phrase(base(header), stack)
    found = [
        Headline(text=words.headline(cell, cell.change, phrase), verdict=cell.change.verdict)
        for cell in reversed(cells)
        if cell.change
    ]
    return tuple(sorted(found, key=lambda headline: headline.verdict not in {"higher", "lower"}))


def _charted(cells: Sequence[Cell]) -> tuple[str, ...]:
    """All cells where they are few; else the baseline and, of each other profile and load, the likeliest path."""
    if len(cells) <= MANY:
        return tuple(cell.name for cell in cells)
    chosen: dict[tuple[str, Load], Cell] = {}
    for cell in sorted(cells, key=summary.place):
        chosen.setdefault((cell.label, cell.load), cell)
    return tuple(cell.name for cell in cells if cell.is_baseline or cell in chosen.values())


def _shares(cells: Sequence[Cell]) -> dict[str, float]:
    """Every subsystem's largest share of any cell in %, the largest first."""
    largest: dict[str, float] = {}
    for share in (share for cell in cells for share in cell.hot_groups):
        largest[share.group] = max(share.percent, largest.get(share.group, 0.0))
    return dict(sorted(largest.items(), key=lambda item: -item[1]))


def _main(shares: dict[str, float], cells: Sequence[Cell]) -> tuple[str, ...]:
    """Choose the subsystems whose cost differs most between cells, in the order of ``shares``."""
    found = [{share.group: _cost(share) for share in cell.hot_groups} for cell in cells if cell.hot_groups]
    costs = {name: [cost.get(name, 0.0) for cost in found] for name in shares}
    apart = sorted(shares, key=lambda name: min(costs[name]) - max(costs[name]))[:COLUMNS]
    return tuple(name for name in shares if name in apart)


def _cost(share: GroupShare) -> float:
    return share.percent if share.us_per_request is None else share.us_per_request


def _missing(
    profiles: dict[str, ProfileInfo], sources: Iterable[_Key], unusable: dict[tuple[str, str], str]
) -> tuple[Missing, ...]:
    measured = {(key, path) for key, path, _ in sources}
    lacking: dict[tuple[str, str], list[str]] = {}
    for key, profile in profiles.items():
        for path in dict.fromkeys((*profile.paths, *profile.missing)):
            if (key, path) not in measured:
                reason = profile.missing.get(path) or unusable.get((key, path), words.UNMEASURED)
                lacking.setdefault((path, reason), []).append(profile.label)
    return tuple(Missing(path=path, labels=tuple(who), reason=reason) for (path, reason), who in lacking.items())
