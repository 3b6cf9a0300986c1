"""``netlab compare``: what has become slower or faster from one run to another."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from netlab import userpaths
from netlab.cli import options
from netlab.cli.parser import add_command
from netlab.cli.report import find_run
from netlab.errors import ConfigError, NotUp, ResultsError

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "compare",
        run,
        summary="show what became slower or faster from one run to another",
        description="Compare two stored runs, cell by cell: what differs between them first, then the change of\n"
        "requests/s with its confidence interval and a verdict. Runs of different environments are refused, because\n"
        "their requests/s have no common unit; --anyway compares what each loses against its own baseline.\n\n"
        "  markdown  comparison.md: for a pull request\n"
        "  json      comparison.json: every number, unrounded; its schema lies beside it (comparison.schema.json)",
        example="netlab compare OLD_RUN NEW_RUN --format markdown",
        raises=(ConfigError, NotUp, ResultsError),
    )
    parser.add_argument("before", metavar="RUN", help="id or folder of the run to compare with")
    parser.add_argument("after", metavar="RUN", help="id or folder of the later run")
    parser.add_argument("--anyway", action="store_true", help="compare runs of different environments, too")
    options.add_margin(parser)
    options.add_formats(parser, options.COMPARISON_FORMATS, "none", "report, beside the later run")
    options.add_json(parser)


def run(args: Namespace) -> int:
    """Run the command."""
    from netlab import reports  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cli.work import open_lab, report_spec  # noqa: PLC0415 - as above
    from netlab.console import open_console  # noqa: PLC0415 - as above
    from netlab.report.render import json_  # noqa: PLC0415 - as above
    from netlab.report.render.compare_terminal import print_comparison  # noqa: PLC0415 - as above
    from netlab.report.render.comparison_files import write_comparison  # noqa: PLC0415 - as above

    lab = open_lab()
    folders = find_run(lab, args.before), find_run(lab, args.after)
    out = userpaths.of_option(args.out, "--out") if args.out else None
    found = reports.compare(*folders, report_spec(lab, args), anyway=args.anyway)
    formats = args.format or (options.COMPARISON_FORMATS if out else ())
    written = write_comparison(found, out or folders[1] / "report", formats) if formats else {}
    if args.json:
        print(json_.render_as("comparison", found), end="")
        return 0
    print_comparison(found, open_console(sys.stdout, colour=not args.no_colour))
    for name, files in written.items():
        print(f"{name}: {files[0]}")
    return 0
