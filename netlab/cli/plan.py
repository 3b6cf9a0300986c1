"""``netlab plan``: what ``netlab run`` would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.cli import options
from netlab.cli.parser import add_command
from netlab.errors import ConfigError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from netlab.cli.parser import Subparsers
    from netlab.lab import Lab
    from netlab.spec import LabSpec


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
    from netlab.cli.work import open_lab, spec_of  # noqa: PLC0415 - imported late, so that --help is quick

    lab = open_lab()
    spec = spec_of(lab, args)
    show(lab, spec, None, as_json=args.json)
    return 0


def show(lab: Lab, spec: LabSpec, names: Sequence[str] | None, *, as_json: bool) -> None:
    """Print what ``up`` (one name) or ``run`` (None) would do; silently, and with no log, for nothing is changed."""
    from netlab import workflow  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.progress import Reporter  # noqa: PLC0415 - as above

    plan = workflow.plan(lab, spec, names, Reporter())
    print(plan.model_dump_json(indent=2) if as_json else "\n".join(plan.steps))
