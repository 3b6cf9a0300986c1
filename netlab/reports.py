"""What the commands do that only read stored runs: they know of no hosts, so that they need not wait for what does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.report.compute.build import build_report
from netlab.report.compute.compare import compare as compare_runs
from netlab.report.compute.gate import build_gate
from netlab.report.render.files import USUAL, Material, write_report
from netlab.report.render.junit import write_junit
from netlab.results.store import load_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netlab.report.comparison import Comparison
    from netlab.report.gate import Gate
    from netlab.report.render.files import Format
    from netlab.report.values import Report
    from netlab.spec.report import ReportSpec

    Written = dict[Format, list[Path]]


def report(
    folders: Sequence[Path],
    spec: ReportSpec,
    replicas: Sequence[Path] = (),
    *,
    formats: Sequence[Format] | None = None,
    out: Path | None = None,
) -> tuple[Report, Written]:
    """Compute the report over one or more runs and write it, as usual beside the first; return it and its files.

    Runs of ``replicas`` are compared with the clusters among the others.
    """
    runs, others = ([load_run(folder) for folder in side] for side in (folders, replicas))
    result = build_report(runs, others, spec)
    material = Material(result, (*runs, *others), (*folders, *replicas))
    return result, write_report(material, out or folders[0] / "report", formats or USUAL)


def gate(folders: Sequence[Path], spec: ReportSpec, max_loss_percent: float, junit: Path | None) -> Gate:
    """Judge the cells of one or more runs by what they may lose; ``junit`` is written, too."""
    judged = build_gate(build_report([load_run(folder) for folder in folders], spec=spec), max_loss_percent)
    if junit:
        write_junit(judged, junit)
    return judged


def compare(before: Path, after: Path, spec: ReportSpec, *, anyway: bool) -> Comparison:
    """Compare two runs, cell by cell."""
    return compare_runs(load_run(before), load_run(after), spec, anyway=anyway)
