"""The report as Markdown (GitHub's), for issues and pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.report.render.markdown_text import items, plain, table
from netlab.report.text import coverage, gates, labels, numbers, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netlab.report.values import Cell, CpuUse, PathPicture, Predictions, ProcessorUse, Report, Visit


def render(report: Report) -> str:
    """Render the whole document."""
    parts = [
        f"# {plain(report.title)}",
        _experiment(report),
        items(headline.text for headline in report.headlines),
        f"> {plain(report.clock_note)}",
        _costs(report.cells, report.base),
        plain(report.covers),
        _builds(report),
        items(control.text for control in report.controls),
        _section("Warnings", items(report.warnings), wanted=bool(report.warnings)),
        _section("Differences between the runs", _differences(report), wanted=bool(report.differences)),
        _section("How well replicas predict", _predictions(report), wanted=bool(report.predictions)),
        _section("Where the CPU time went", _subsystems(report), wanted=any(cell.hot_groups for cell in report.cells)),
        _section("The path each packet takes", _paths(report), wanted=bool(report.paths)),
        _section("Configuration differences", _facts(report), wanted=bool(report.facts)),
        _section("Response times", _latencies(report), wanted=any(cell.corrected_latency for cell in report.cells)),
        _section("CPU time by class, % of one CPU", _cpu(report), wanted=any(cell.cpu for cell in report.cells)),
        _section("Processor by processor", _processors(report), wanted=any(cell.processors for cell in report.cells)),
        _section("Softirq runs per request", _softirqs(report), wanted=bool(_vectors(report))),
        _section("Hot kernel functions", _functions(report), wanted=any(cell.hot_functions for cell in report.cells)),
        _section("Not measured", _missing(report), wanted=bool(report.missing)),
        _section("Gates", _gates(report), wanted=bool(report.gates)),
        _section("How the numbers were made", items(report.method), wanted=True),
        _section("Environment", _environment(report), wanted=True),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _experiment(report: Report) -> str:
    asked = report.experiment
    return f"**{plain(asked.question)}** {plain(asked.description)}" if asked else ""


def _section(title: str, body: str, *, wanted: bool) -> str:
    return f"## {title}\n\n{body}" if wanted else ""


def _gates(report: Report) -> str:
    return f"{plain(gates.CAPTION)}\n\n{table(list(gates.HEAD), (list(row) for row in gates.rows(report.gates)))}"


def _costs(cells: Sequence[Cell], base: str) -> str:
    head = ["network", "path", "requests/s", "spread", f"against {base}", "95 % CI"]
    head += ["verdict", "p50 µs", "p90 µs", "p99 µs", "CPU µs/request"]
    return table(head, (_cost(cell) for cell in cells))


def _builds(report: Report) -> str:
    rows = list(coverage.rows(report))
    return f"{plain(coverage.CAPTION)}\n\n{table(coverage.HEAD, rows)}" if rows else ""


def _cost(cell: Cell) -> list[str]:
    return [
        cell.label,
        cell.path,
        numbers.number(cell.rate.median),
        numbers.percent(cell.rate.spread_percent),
        numbers.difference(cell.change),
        numbers.interval(cell.change),
        words.verdict(cell.change) or numbers.NONE,
        *numbers.times(cell.latency),
        numbers.within(numbers.number(cell.cpu_us_per_request, 1), cell.cpu_interval, 1),
    ]


def _predictions(report: Report) -> str:
    found = report.predictions
    if not found:
        return ""
    said = [found.summary, *(order.text for order in found.orders)]
    said += [f"No replica was measured for {numbers.joined(found.unpaired)}."] if found.unpaired else []
    environments = table(["what", *words.sides(found)], words.environment_rows(report, found))
    runs = items(f"replicas' run {run.run_id}: {labels.run_text(run)}" for run in found.runs)
    parts = (items(said), _agreement(found), items((*found.notes, *found.clock_notes)))
    own = (
        f"### The replicas' own figures ({found.replicas_clock} clock)",
        _costs(found.cells, found.replicas_base),
        "### What the two environments do not have in common",
    )
    return "\n\n".join((*parts, *own, environments, runs))


def _agreement(found: Predictions) -> str:
    cluster, replica = words.sides(found)
    rows = (
        [
            row.network,
            row.path,
            numbers.difference(row.cluster_change),
            numbers.interval(row.cluster_change),
            numbers.difference(row.replica_change),
            numbers.interval(row.replica_change),
            numbers.signed(row.difference_points),
            numbers.bounds(row.low_points, row.high_points),
            row.text,
        ]
        for row in found.rows
    )
    head = ["network", "path", cluster, "95 % CI", replica, "95 % CI", "difference, points", "95 % CI", "verdict"]
    return table(head, rows)


def _subsystems(report: Report) -> str:
    rows = (
        [
            cell.name,
            share.group,
            numbers.percent(share.percent),
            numbers.number(share.us_per_request, 1),
            numbers.signed(share.change_us_per_request, 1),
        ]
        for cell in report.cells
        for share in cell.hot_groups
    )
    head = ["cell", "subsystem", "of the busy samples", "CPU µs/request", f"µs/request against {report.base}"]
    return table(head, rows)


def _latencies(report: Report) -> str:
    head = ["cell", "p50 µs", "p90 µs", "p99 µs", "mean µs", "longest µs"]
    head += [f"corrected {name}" for name in head[1:]]
    rows = (
        [cell.name, *numbers.sure_times(cell.latency), *numbers.sure_times(cell.corrected_latency)]
        for cell in report.cells
    )
    return table(head, rows)


def _cpu(report: Report) -> str:
    classes = ("user", "nice", "system", "irq", "softirq", "steal", "iowait", "idle")
    rows = (
        [cell.name, numbers.joined(use.hosts), *(_percent(use, name) for name in classes)]
        for cell in report.cells
        for use in cell.cpu
    )
    return table(["cell", "kernel of", *classes], rows)


def _percent(use: CpuUse | ProcessorUse, name: str) -> str:
    return numbers.within(numbers.number(use.percent[name], 1), use.intervals.get(name), 1)


def _processors(report: Report) -> str:
    classes = ("user", "system", "irq", "softirq", "steal", "idle")
    rows = (
        [
            cell.name,
            numbers.joined(use.hosts),
            use.name,
            *(_percent(use, name) for name in classes),
            _runs(use, "NET_RX", never=0),
        ]
        for cell in report.cells
        for use in cell.processors
    )
    shares = (f"{name}, % of its time" for name in classes)
    return table(["cell", "kernel of", "processor", *shares, "NET_RX runs per request"], rows)


def _vectors(report: Report) -> list[str]:
    return list(dict.fromkeys(vector for cell in report.cells for vector in cell.softirqs_per_request))


def _softirqs(report: Report) -> str:
    vectors = _vectors(report)
    rows = ([cell.name, *(_runs(cell, vector) for vector in vectors)] for cell in report.cells)
    return table(["cell", *vectors], rows)


def _runs(of: Cell | ProcessorUse, vector: str, never: float | None = None) -> str:
    runs = numbers.number(of.softirqs_per_request.get(vector, never), 3)
    return numbers.within(runs, of.softirq_intervals.get(vector), 3)


def _functions(report: Report) -> str:
    rows = (
        [cell.name, found.symbol, found.group, numbers.percent(found.percent)]
        for cell in report.cells
        for found in cell.hot_functions
    )
    return table(["cell", "function", "subsystem", "of the busy samples"], rows)


def _paths(report: Report) -> str:
    return "\n\n".join(_path(picture) for picture in report.paths)


def _path(picture: PathPicture) -> str:
    title = f"### {plain(picture.name)}\n\n{plain(words.path_counts(picture))}"
    marks = f"\n\n+: not on the way of {plain(picture.base)}" if picture.base else ""
    ways = (("Request", picture.request), ("Response", picture.response))
    return title + marks + "".join(f"\n\n{name}:\n\n{_steps(visits)}" for name, visits in ways)


def _steps(visits: Iterable[Visit]) -> str:
    return "\n".join(f"{at}. {plain(words.segment(visit))}" for at, visit in enumerate(visits, 1))


def _facts(report: Report) -> str:
    """Only what is not as on the baseline; the rest is in the JSON."""
    head = ["network", "place", "what", "here", "on the baseline"]
    return table(head, (row for facts in report.facts for row in words.fact_rows(facts)))


def _missing(report: Report) -> str:
    return table(
        ["path", "why", "networks"], ([gap.path, gap.reason, labels.together(gap.labels)] for gap in report.missing)
    )


def _environment(report: Report) -> str:
    runs = [[labels.run_name(report, at), labels.run_text(run)] for at, run in enumerate(report.runs)]
    facts = table(["what", "value"], [*words.environment(report), *runs])
    return "\n\n".join(part for part in (facts, _kernels(report), _made_of(report)) if part)


def _kernels(report: Report) -> str:
    """Write each kernel's command line and vulnerabilities as the kernel says them."""
    rows = [
        [numbers.joined(kernel.hosts), name, text]
        for kernel in report.kernels
        for name, text in {"kernel command line": kernel.arguments, **kernel.vulnerabilities}.items()
    ]
    return f"### Kernels\n\n{table(['hosts', 'what', 'value'], rows)}" if rows else ""


def _made_of(report: Report) -> str:
    rows = [[one.label, what, value] for one in report.made_of for what, value in one.digests.items()]
    head = ["network", "what", "version, or first digits of the SHA-256"]
    return f"### What each network was made of\n\n{table(head, rows)}" if rows else ""


def _differences(report: Report) -> str:
    runs = [labels.run_name(report, at) for at in range(len(report.runs))]
    return table(["what", "of", *runs], words.difference_rows(report))
