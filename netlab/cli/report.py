"""``netlab report``: stored samples into a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab import userpaths
from netlab.cli import options
from netlab.cli.parser import add_command
from netlab.errors import ConfigError, NotUp, ResultsError
from netlab.suggest import did_you_mean

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from netlab.cli.parser import Subparsers
    from netlab.lab import Lab


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "report",
        run,
        summary="show and write the report of stored runs",
        description="Compute the report from stored samples, show its main table, and write it as files. Runs of one\n"
        "report come from one environment. What they measured under one name is one row where it was made of the\n"
        "same things (profile, roles, image, artifacts, netlab), else a row each. Runs after --replicas come from\n"
        "another environment, and say how well a replica's loss predicts that of the real cluster.\n\n"
        "  html         report.html: everything, in one file\n"
        "  markdown     report.md: the same without pictures, for a pull request\n"
        "  json         report.json: every number, unrounded; its schema lies beside it (report.schema.json)\n"
        "  csv          cells.csv, samples.csv: a line per cell, a line per sample\n"
        "  openmetrics  report.prom: gauges for Prometheus\n"
        "  svg          svg/: each chart, packet's path and flame graph as a picture\n"
        "  folded       folded/: call stacks of each cell, for speedscope and flamegraph.pl",
        example="netlab report CLUSTER_RUN --replicas REPLICA_RUN",
        raises=(ConfigError, NotUp, ResultsError),
    )
    parser.add_argument("runs", metavar="RUN", nargs="*", help="id or folder of a run (the newest)")
    parser.add_argument(
        "--replicas",
        metavar="RUN",
        nargs="+",
        action="extend",
        help="runs of data-path replicas, to compare with the clusters",
    )
    options.add_margins(parser)
    options.add_formats(parser, options.FORMATS, "html,markdown,json", "report, beside the first run")
    options.add_json(parser)


def run(args: Namespace) -> int:
    """Run the command."""
    from netlab import reports  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cli.work import open_lab, report_spec, show_report  # noqa: PLC0415 - as above
    from netlab.results.store import latest  # noqa: PLC0415 - as above

    lab = open_lab()
    folders = [find_run(lab, name) for name in args.runs] or [latest(lab.runs)]
    replicas = [find_run(lab, name) for name in args.replicas or ()]
    out = userpaths.of_option(args.out, "--out") if args.out else None
    report, files = reports.report(folders, report_spec(lab, args), replicas, formats=args.format, out=out)
    if args.json:
        from netlab.report.render import json_  # noqa: PLC0415 - as above

        print(json_.render(report), end="")
    else:
        show_report(report, files, args)
    return 0


def find_run(lab: Lab, name: str) -> Path:
    """Find a run by its id, or by a folder anywhere."""
    for folder in (lab.runs / name, userpaths.of_option(name, "RUN")):
        if (folder / "run.json").is_file():
            return folder
    known = [run.parent.name for run in lab.runs.glob("*/run.json")]
    raise NotUp(f"there is no run '{name}'{did_you_mean(name, known)}", hint="'netlab status' lists the runs")
