"""Two runs → what has become slower or faster from the one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.errors import ConfigError, ResultsError
from netlab.report.comparison import Comparison, Moved
from netlab.report.compute import configurations, looks
from netlab.report.compute.build import build_report, reference
from netlab.report.compute.cells import percents
from netlab.report.compute.environments import listed, unlike
from netlab.report.compute.predictions import as_ratio
from netlab.statistics.contrast import Contrast, level
from netlab.statistics.family import each
from netlab.statistics.verdict import CONFIDENCE, verdict

if TYPE_CHECKING:
    from netlab.model.lab import Load
    from netlab.model.run import Run
    from netlab.model.sample import Sample
    from netlab.report.values import Cell, Report
    from netlab.spec.report import ReportSpec
    from netlab.statistics.ratio import Ratio

    _Key = tuple[str, str, Load]
ORDER = ("lower", "higher", "cannot tell yet", "no difference at this precision")


def compare(before: Run, after: Run, spec: ReportSpec, *, anyway: bool = False) -> Comparison:
    """Compare each cell that both runs have.

    ConfigError where their environments differ, unless ``anyway``: then it is not requests/s that are compared, which
    have no common unit, but what each run's cell answers in relation to its own baseline.
    """
    runs = (before, after)
    configurations.refuse_twins(runs)
    differing = unlike(before.header, after.header)
    if differing and not anyway:
        raise ConfigError(
            f"runs {before.header.run_id} and {after.header.run_id} come from different environments "
            f"({listed(differing)})",
            hint="--anyway compares what each loses against its own baseline",
        )
    reports = [build_report([run], spec=spec) for run in runs]
    # the later run's name, where both have the cell
    names = {_key(cell): cell.name for report in reports for cell in report.cells}
    sides = [_relative(report) for report in reports] if differing else [_levels(run) for run in runs]
    common = [key for key in sides[0] if key in sides[1]]
    if not common:
        raise ResultsError("the two runs have no profile, path and load in common that could be compared")
    contrasts = {key: Contrast(sides[0][key], sides[1][key]) for key in common}
    return Comparison(
        runs=(reference(before.header), reference(after.header)),
        measure="requests/s against each run's own baseline" if differing else "requests/s",
        confidence_percent=100 * CONFIDENCE,
        margin_percent=spec.margin_percent,
        environment=differing,
        differences=configurations.differences(runs),
        cells=_cells(contrasts, names, spec.margin_percent, looks.paid([run.header for run in runs])),
        alone=tuple(names[key] for key in names if (key in sides[0]) != (key in sides[1])),
    )


def _key(cell: Cell | Sample) -> _Key:
    return cell.profile, cell.path, cell.load


def _levels(run: Run) -> dict[_Key, Ratio]:
    samples: dict[_Key, list[Sample]] = {}
    for sample in run.samples:
        samples.setdefault(_key(sample), []).append(sample)
    return {
        key: level([one.wrk.requests_per_second for one in mine], [one.build for one in mine])
        for key, mine in samples.items()
    }


def _relative(report: Report) -> dict[_Key, Ratio]:
    return {_key(cell): as_ratio(cell.change) for cell in report.cells if cell.change}


def _cells(contrasts: dict[_Key, Contrast], names: dict[_Key, str], margin: float, extra: int) -> tuple[Moved, ...]:
    known = sum(one.interval(CONFIDENCE) is not None for one in contrasts.values())
    confidence = each(CONFIDENCE, known + extra)
    found = [_moved(names[key], one, confidence, margin) for key, one in contrasts.items()]
    return tuple(sorted(found, key=lambda one: (ORDER.index(one.verdict), one.percent or 0.0)))


def _moved(name: str, contrast: Contrast, confidence: float, margin: float) -> Moved:
    found = percents(contrast.interval(confidence))
    return Moved(
        name=name,
        before=contrast.before.value,
        after=contrast.after.value,
        rounds=(contrast.before.n, contrast.after.n),
        builds=(contrast.before.groups, contrast.after.groups),
        percent=None if contrast.value is None else 100 * (contrast.value - 1),
        low_percent=found.low if found else None,
        high_percent=found.high if found else None,
        verdict=verdict(found, margin),
    )
