"""``netlab up``: turn hosts into a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.cli import options
from netlab.cli.parser import add_command

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "up",
        run,
        summary="turn the lab's hosts into a profile",
        description="Make the lab's hosts, or take those that run, and turn them into a profile. Safe to repeat.\n"
        "Where nobody chose a stack, the name of a CNI means the real cluster; '--stack datapath' its replica.",
        example="netlab up --profile cilium",
        raises=options.MAKING,
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--profile", metavar="NAME", help="what to turn them into (the lab's first profile)")
    what.add_argument("--no-profile", action="store_true", help="freshly booted hosts, for work of your own")
    options.add_making(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")


def run(args: Namespace) -> int:
    """Run the command."""
    from netlab import workflow  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cli.work import open_lab, progress_of, spec_of_profile  # noqa: PLC0415 - as above
    from netlab.progress import Reporter  # noqa: PLC0415 - as above

    lab = open_lab()
    spec = spec_of_profile(lab, args)
    name = None if args.no_profile else args.profile or spec.profiles[0]
    if args.dry_run:
        print("\n".join(workflow.plan_of_up(lab, spec, name, Reporter()).steps))
        return 0
    with progress_of(lab, args) as progress:
        workflow.up(lab, spec, name, progress)
    return 0
