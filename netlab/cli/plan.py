"""``netlab plan``: what ``netlab run`` would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.cli import options
from netlab.cli.parser import add_command
from netlab.errors import ConfigError

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "plan",
        run,
        summary="say what 'netlab run' would do",
        description="Say what 'netlab run' would do with the same options; nothing is changed.",
        example="netlab plan --profiles baseline-vm,ipvlan-l2",
        raises=(ConfigError,),
    )
    options.add_measuring(parser)
    options.add_json(parser)


def run(args: Namespace) -> int:
    """Run the command."""
    from netlab import workflow  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cli.work import open_lab, spec_of  # noqa: PLC0415 - as above
    from netlab.progress import Reporter  # noqa: PLC0415 - as above

    lab = open_lab()
    plan = workflow.plan_of_run(lab, spec_of(lab, args), Reporter())  # told to nobody: nothing is changed
    print(plan.model_dump_json(indent=2) if args.json else "\n".join(plan.steps))
    return 0
