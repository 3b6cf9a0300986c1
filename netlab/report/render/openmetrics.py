"""The report as OpenMetrics text, for Prometheus and what reads its format.

All are gauges in base units (seconds, ratios), so that the file is valid in Prometheus' own text format, too, which
node_exporter's textfile collector reads. What is not known has no line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netlab.report.text import verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netlab.report.values import Bounds, Cell, Change, Percentiles, Report
    from netlab.statistics.interval import Interval

_QUANTILES = {"p50_us": "0.5", "p90_us": "0.9", "p99_us": "0.99"}
_ESTIMATE, _LOW, _HIGH = ({"bound": name} for name in ("estimate", "low", "high"))
_MICRO = 1e-6
_PERCENT = 1e-2


@dataclass(frozen=True)
class _Family:
    """All lines of one name; where ``unit`` is not empty, the name ends in it."""

    name: str
    unit: str
    help: str
    lines: list[str] = field(default_factory=list)

    def add(self, labels: Mapping[str, str], value: float | None) -> None:
        """Add a line, unless there is no value."""
        if value is not None:
            said = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
            self.lines.append(f"{self.name}{{{said}}} {value!r}")

    def add_bounded(
        self, labels: Mapping[str, str], value: float | None, found: Bounds | Interval | None, scale: float = 1
    ) -> None:
        """Add a value and its interval."""
        low, high = (found.low, found.high) if found else (None, None)
        for bound, figure in ((_ESTIMATE, value), (_LOW, low), (_HIGH, high)):
            self.add({**labels, **bound}, None if figure is None else figure * scale)

    def text(self) -> Iterator[str]:
        """Write the whole family."""
        yield f"# TYPE {self.name} gauge"
        if self.unit:
            yield f"# UNIT {self.name} {self.unit}"
        yield f"# HELP {self.name} {_escaped(self.help)}"
        yield from self.lines


class _Metrics:
    """The families of a report, in the order in which they are written."""

    def __init__(self) -> None:
        self.run = _Family("netlab_run_created_timestamp_seconds", "seconds", "When the run began, UNIX time.")
        self.rate = _Family(
            "netlab_requests_per_second",
            "requests_per_second",
            "Requests per second of the lab's clock over the rounds.",
        )
        self.rounds = _Family("netlab_rounds", "", "Number of rounds that the cell was measured in.")
        self.change = _Family(
            "netlab_change_ratio",
            "ratio",
            "Requests/s above those of the baseline in the same round, as a share of these; negative is a loss. "
            "The intervals of all cells hold together with 95 % confidence.",
        )
        self.builds = _Family("netlab_builds", "", "Number of builds of the hosts that the change's interval covers.")
        self.deviation = _Family(
            "netlab_change_deviation_ratio",
            "ratio",
            "Standard deviation of the change between builds of the hosts, and between the rounds of one build.",
        )
        self.verdict = _Family("netlab_verdict", "", "1 for what the interval of the change says.")
        self.times = _Family(
            "netlab_response_time_seconds",
            "seconds",
            "Quantiles of the response times of all requests; correction: wrk's, for coordinated omission.",
        )
        self.mean = _Family("netlab_response_time_mean_seconds", "seconds", "Mean response time of all requests.")
        self.longest = _Family("netlab_response_time_max_seconds", "seconds", "The longest response time.")
        self.cpu = _Family(
            "netlab_cpu_seconds_per_request", "seconds_per_request", "Busy CPU time of all kernels of the lab."
        )
        self.modes = _Family("netlab_cpu_ratio", "ratio", "CPU time by mode, as a share of one CPU.")
        self.softirqs = _Family(
            "netlab_softirqs_per_request", "", "Runs of each softirq vector, all kernels of the lab."
        )
        self.subsystems = _Family(
            "netlab_subsystem_seconds_per_request", "seconds_per_request", "CPU time by subsystem of the kernel."
        )


def render(report: Report) -> str:
    """Write the whole text, up to ``# EOF``."""
    metrics = _Metrics()
    for run in report.runs:
        metrics.run.add({"run": run.run_id}, run.created_at.timestamp())
    for cell in report.cells:
        _add(metrics, cell)
    families: list[_Family] = [one for one in vars(metrics).values() if one.lines]
    return "\n".join([*(line for one in families for line in one.text()), "# EOF", ""])


def _add(metrics: _Metrics, cell: Cell) -> None:
    labels = {"cell": cell.name, "profile": cell.profile, "path": cell.path}
    for name in ("median", "mean", "min", "max"):
        metrics.rate.add({**labels, "of_rounds": name}, getattr(cell.rate, name))
    metrics.rounds.add(labels, cell.rounds)
    _add_change(metrics, labels, cell.change)
    _add_times(metrics, {**labels, "correction": "none"}, cell.latency)
    _add_times(metrics, {**labels, "correction": "wrk"}, cell.corrected_latency)
    metrics.cpu.add_bounded(labels, cell.cpu_us_per_request, cell.cpu_interval, _MICRO)
    for use in cell.cpu:
        for mode, value in use.percent.items():
            of = {**labels, "kernel": ",".join(use.hosts), "mode": mode}
            metrics.modes.add_bounded(of, value, use.intervals.get(mode), _PERCENT)
    for vector, runs in cell.softirqs_per_request.items():
        metrics.softirqs.add_bounded({**labels, "vector": vector}, runs, cell.softirq_intervals.get(vector))
    for share in cell.hot_groups:
        spent = share.us_per_request
        metrics.subsystems.add({**labels, "subsystem": share.group}, None if spent is None else spent * _MICRO)


def _add_change(metrics: _Metrics, labels: Mapping[str, str], change: Change | None) -> None:
    if change is None:
        return
    metrics.change.add_bounded(labels, change.percent, verdicts.interval(change), _PERCENT)
    metrics.builds.add(labels, change.builds)
    for of, deviation in (("builds", change.between_builds_percent), ("rounds", change.within_builds_percent)):
        metrics.deviation.add({**labels, "between": of}, None if deviation is None else deviation * _PERCENT)
    metrics.verdict.add({**labels, "verdict": change.verdict}, 1)


def _add_times(metrics: _Metrics, labels: Mapping[str, str], found: Percentiles | None) -> None:
    if found is None:
        return
    for name, quantile in _QUANTILES.items():
        of = {**labels, "quantile": quantile}
        metrics.times.add_bounded(of, getattr(found, name), found.intervals.get(name), _MICRO)
    metrics.mean.add_bounded(labels, found.mean_us, found.intervals.get("mean_us"), _MICRO)
    metrics.longest.add(labels, found.max_us * _MICRO)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
