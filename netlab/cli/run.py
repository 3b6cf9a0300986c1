"""``netlab run``: provision, measure, report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.cli import options
from netlab.cli.parser import add_command
from netlab.errors import BenchmarkFailed

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "run",
        run,
        summary="provision every profile, measure, write the report",
        description="Do the main job: turn hosts into each profile, measure all of them in interleaved rounds, and\n"
        "write one report. The hosts are removed at the end; images and snapshots are kept for the next time.",
        example="netlab run --profiles baseline-vm,ipvlan-l2 --rounds 5",
        raises=(*options.MAKING, BenchmarkFailed),
    )
    options.add_measuring(parser)
    parser.add_argument("--keep", action="store_true", help="leave the hosts running for 'netlab ssh'")


def run(args: Namespace) -> int:
    """Run the command."""
    from netlab import workflow  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cli.work import open_lab, progress_of, show_report, spec_of  # noqa: PLC0415 - as above

    lab = open_lab()
    spec = spec_of(lab, args)
    with progress_of(lab, args) as progress:
        report, paths = workflow.run(lab, spec, progress, keep=args.keep)
    show_report(report, paths, args)
    return 0
