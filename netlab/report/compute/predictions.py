"""Clusters beside the replicas of their data paths, measured elsewhere: each loss is against a baseline of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netlab.errors import ConfigError
from netlab.report.compute import looks
from netlab.report.compute.configurations import run_numbers
from netlab.report.text import labels, numbers, verdicts
from netlab.report.values import Order, Prediction, Predictions
from netlab.statistics.agreement import agreement, difference
from netlab.statistics.family import each
from netlab.statistics.interval import Interval
from netlab.statistics.rank import rank_agreement
from netlab.statistics.ratio import Ratio
from netlab.statistics.verdict import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from netlab.model.lab import Load
    from netlab.model.run import RunHeader
    from netlab.report.values import Cell, Change, Report

COMMAND = "netlab report {cluster} --replicas {replica}"


def refuse_wrong_sides(runs: Sequence[RunHeader], replicas: Sequence[RunHeader]) -> None:
    """Raise ConfigError unless there are clusters to predict, and only replicas to predict them."""
    for run in filter(_has_clusters, replicas):
        raise ConfigError(
            f"--replicas takes runs of replicas, and this is one of clusters: {_profiles([run])}",
            hint=COMMAND.format(cluster=run.run_id, replica="REPLICA_RUN"),
        )
    if not any(map(_has_clusters, runs)):
        raise ConfigError(
            f"there is no cluster for replicas to predict: {_profiles(runs)}",
            hint=f"name a run of a cluster first: {COMMAND.format(cluster='CLUSTER_RUN', replica=replicas[0].run_id)}",
        )


def hint(one: RunHeader, other: RunHeader) -> str | None:
    """Say how two runs can be compared that cannot be mixed; None where neither predicts the other."""
    if _has_clusters(one) == _has_clusters(other):
        return None
    cluster, replica = (one, other) if _has_clusters(one) else (other, one)
    return f"to compare the replica with the cluster: {COMMAND.format(cluster=cluster.run_id, replica=replica.run_id)}"


def two_stacks(name: str) -> ConfigError:
    """Refuse a report in which one name means two things."""
    return ConfigError(
        f"profile '{name}' is a cluster in one run and a replica in another",
        hint=COMMAND.format(cluster="CLUSTER_RUN", replica="REPLICA_RUN"),
    )


def add(clusters: Report, replicas: Report, margin_points: float) -> Report:
    """Compare the replicas' cells with the clusters'; within ``margin_points`` they agree.

    ConfigError where no cell was measured on both sides, or where one name means several things among the replicas.
    """
    if replicas.differences:
        whats = numbers.joined(dict.fromkeys(one.what for one in replicas.differences))
        raise ConfigError(
            f"the runs of replicas were not made of the same things ({whats}), so that none of them is the prediction",
            hint="name one of them after --replicas; 'netlab report' of both shows what differs",
        )
    return clusters.model_copy(
        update={
            "title": f"{clusters.title}, and how well replicas predict it",
            "warnings": (*clusters.warnings, *(f"Replicas: {warning}" for warning in replicas.warnings)),
            "descriptions": {**replicas.descriptions, **clusters.descriptions},
            "predictions": _predictions(clusters, replicas, margin_points),
        }
    )


def _has_clusters(header: RunHeader) -> bool:
    return any(profile.stack == "kubeadm" for profile in header.profiles)


def _profiles(headers: Iterable[RunHeader]) -> str:
    """Write ``run a has baseline-vm (vm), calico-ipip (kubeadm); run b has …``."""
    return "; ".join(
        f"run {header.run_id} has {numbers.joined(f'{one.name} ({one.stack})' for one in header.profiles)}"
        for header in headers
    )


def _predictions(clusters: Report, replicas: Report, margin_points: float) -> Predictions:
    pairs = _pairs(clusters, replicas)
    rows = _rows(pairs, margin_points, looks.paid([*clusters.runs, *replicas.runs]))
    paired = {row.cluster for row in rows}
    return Predictions(
        base=clusters.base,
        replicas_base=replicas.base,
        clusters_clock=clusters.environment.clock,
        replicas_clock=replicas.environment.clock,
        summary=verdicts.summary(rows),
        rows=rows,
        orders=tuple(_orders(rows)),
        unpaired=tuple(cell.name for cell in _of_clusters(clusters) if cell.name not in paired),
        notes=(*verdicts.notes(clusters.base, replicas.base, margin_points), *_sample_lengths(pairs)),
        clock_notes=(f"Clusters. {clusters.clock_note}", f"Replicas. {replicas.clock_note}"),
        cells=replicas.cells,
        environment=replicas.environment,
        runs=replicas.runs,
        kernels=replicas.kernels,
    )


def _pairs(clusters: Report, replicas: Report) -> list[tuple[Cell, Cell]]:
    """Every cell of a cluster that was measured on its replica too, with the replica's."""
    if not _ask_the_same(clusters.base, replicas.base):
        raise ConfigError(
            f"the clusters are compared with {clusters.base}, the replicas with {replicas.base}",
            hint="measure one of them again with the other's baseline (netlab.yml)",
        )
    found = [(cell, partner) for cell in _of_clusters(clusters) if (partner := _partner(cell, replicas.cells))]
    if not found:
        raise ConfigError(
            "no profile was measured on the same path under the same load both as a cluster and as a replica: "
            f"the clusters are {_places(_of_clusters(clusters))}; the replicas are {_places(_of_replicas(replicas))}",
            hint="measure the clusters' profiles, paths and load on the stack 'datapath' too",
        )
    return found


def _ask_the_same(one: str, other: str) -> bool:
    """Whether two baselines are one, or both the app on a host's own network: a cluster's host, and the bare VM."""
    return one == other or all(base.endswith("/host") for base in (one, other))


def _of_clusters(report: Report) -> list[Cell]:
    return [cell for cell in report.cells if cell.stack == "kubeadm" and not cell.is_baseline]


def _of_replicas(report: Report) -> list[Cell]:
    return [cell for cell in report.cells if cell.stack == "datapath" and not cell.is_baseline]


def _places(cells: Sequence[Cell]) -> str:
    """Write ``calico-ipip (pod-ip, nodeport-local), macvlan (pod-ip)``."""
    paths: dict[str, dict[str, None]] = {}
    for cell in cells:
        paths.setdefault(cell.profile, {})[cell.path] = None
    return numbers.joined(f"{name} ({numbers.joined(found)})" for name, found in paths.items()) or "none"


def _partner(cell: Cell, replicas: Sequence[Cell]) -> Cell | None:
    """Find the replica's cell; of several, the one whose samples took as long."""
    same = [
        one
        for one in replicas
        if (one.stack, one.profile, one.path) == ("datapath", cell.profile, cell.path)
        and _shape(one.load) == _shape(cell.load)
        and not one.is_baseline
    ]
    return min(same, key=lambda one: one.load != cell.load, default=None)


def _shape(load: Load) -> Load:
    """Take from a load how long it lasts."""
    return load.model_copy(update={"duration_s": 0, "warmup_s": 0.0})


def _rows(pairs: Sequence[tuple[Cell, Cell]], margin_points: float, extra: int) -> tuple[Prediction, ...]:
    loads = {cluster.load for cluster, _ in pairs}
    changes = [(cluster, replica, cluster.change, replica.change) for cluster, replica in pairs]
    compared = sum(bool(real and guess and _known(real) and _known(guess)) for *_, real, guess in changes)
    confidence = each(CONFIDENCE, compared + extra)
    return tuple(
        _row(
            cluster,
            replica,
            _miss(real, guess, confidence, margin_points),
            _network(cluster, loads),
        )
        for cluster, replica, real, guess in changes
        if real and guess
    )


def _known(change: Change) -> bool:
    return change.standard_error is not None


def _network(cell: Cell, loads: Collection[Load]) -> str:
    """Write ``calico-ipip``, and ``calico-ipip (run 2)`` where runs have several configurations of it."""
    runs = f" ({run_numbers(cell.runs)})" if cell.runs else ""
    return f"{cell.profile}{runs}{labels.load_suffix(cell.load, loads)}"


@dataclass(frozen=True)
class _Miss:
    """By how much a replica's change is not the cluster's, in points."""

    real: Change
    guess: Change
    points: float | None
    interval: Interval | None
    margin: float


def _miss(real: Change, guess: Change, confidence: float, margin_points: float) -> _Miss:
    found = difference(as_ratio(guess), as_ratio(real), confidence)
    points = None if real.percent is None or guess.percent is None else guess.percent - real.percent
    scaled = found and Interval(100 * found.value, 100 * found.low, 100 * found.high)
    return _Miss(real, guess, points, scaled, margin_points)


def as_ratio(change: Change) -> Ratio:
    """Read a change as the ratio that it was made of."""
    value = None if change.percent is None else 1 + change.percent / 100
    return Ratio(change.pairs, value, change.standard_error, change.builds)


def _row(cluster: Cell, replica: Cell, miss: _Miss, network: str) -> Prediction:
    said = agreement(miss.interval, miss.margin)
    return Prediction(
        profile=cluster.profile,
        path=cluster.path,
        load=cluster.load,
        network=network,
        cluster=cluster.name,
        replica=replica.name,
        cluster_change=miss.real,
        replica_change=miss.guess,
        difference_points=miss.points,
        low_points=miss.interval.low if miss.interval else None,
        high_points=miss.interval.high if miss.interval else None,
        margin_points=miss.margin,
        agreement=said,
        text=verdicts.text(said, miss.margin, miss.real, miss.guess),
    )


def _orders(rows: Sequence[Prediction]) -> Iterator[Order]:
    loads = list(dict.fromkeys(row.load for row in rows))
    for load in loads:
        ranked = [
            (real, guess)
            for row in rows
            if row.load == load
            and (real := verdicts.interval(row.cluster_change))
            and (guess := verdicts.interval(row.replica_change))
        ]
        found = rank_agreement([real for real, _ in ranked], [guess.value for _, guess in ranked])
        text = verdicts.order(found, labels.load_suffix(load, loads))
        yield Order(load=load, cells=found.n, tau=found.tau, settled=found.settled, kept=found.kept, text=text)


def _sample_lengths(pairs: Sequence[tuple[Cell, Cell]]) -> Iterator[str]:
    real, guess = (sorted({cell.load.duration_s for cell in side}) for side in zip(*pairs, strict=True))
    if real != guess:
        sides = [numbers.joined(f"{seconds} s" for seconds in lengths) for lengths in (real, guess)]
        yield "Samples took {} on the clusters and {} on the replicas; the load is otherwise the same.".format(*sides)
