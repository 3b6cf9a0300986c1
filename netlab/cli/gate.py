"""``netlab gate``: an exit code for CI out of stored samples."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from netlab import userpaths
from netlab.cli import options
from netlab.cli.parser import add_command
from netlab.cli.report import find_run
from netlab.errors import ConfigError, GateFailed, GateUndecided, NotUp, ResultsError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers
    from netlab.report.gate import Gate


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "gate",
        run,
        summary="fail where a network loses more than is allowed, for CI",
        description="Judge each network and path of stored runs by the confidence interval of its requests/s against\n"
        "the baseline: all of it at most --max-loss below passes, all of it further below fails, and anything else\n"
        "cannot be told yet, which is an exit code of its own. All judgements hold together with 95 % confidence.",
        example="netlab gate --max-loss 5% --junit netlab.xml",
        raises=(ConfigError, NotUp, ResultsError, GateFailed, GateUndecided),
    )
    parser.add_argument("runs", metavar="RUN", nargs="*", help="id or folder of a run (the newest)")
    parser.add_argument(
        "--max-loss",
        type=options.amount,
        required=True,
        metavar="PERCENT",
        help="how many requests/s may be lost against the baseline",
    )
    parser.add_argument("--junit", metavar="FILE", help="write the judgements as JUnit XML, too")
    options.add_json(parser)


def run(args: Namespace) -> int:
    """Run the command."""
    from netlab import reports  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cli.work import open_lab, report_spec  # noqa: PLC0415 - as above
    from netlab.results.store import latest  # noqa: PLC0415 - as above

    if not 0 <= args.max_loss < 100:
        raise UsageError(f"--max-loss: {args.max_loss:g} is not a loss in percent, 0 to less than 100")
    junit = userpaths.of_option(args.junit, "--junit") if args.junit else None
    lab = open_lab()
    folders = [find_run(lab, name) for name in args.runs] or [latest(lab.runs)]
    gate = reports.gate(folders, report_spec(lab, args), args.max_loss, junit)
    _show(gate, args)
    _refuse(gate)
    return 0


def _show(gate: Gate, args: Namespace) -> None:
    from netlab.console import open_console  # noqa: PLC0415 - as above
    from netlab.report.render import json_  # noqa: PLC0415 - as above
    from netlab.report.render.gate_terminal import print_gate  # noqa: PLC0415 - as above

    if args.json:
        print(json_.render_as("gate", gate), end="")
    else:
        print_gate(gate, open_console(sys.stdout, colour=not args.no_colour))


def _refuse(gate: Gate) -> None:
    if failed := gate.named("failed"):
        names = ", ".join(cell.name for cell in failed)
        raise GateFailed(f"more than {gate.max_loss_percent:g} % is lost against {gate.base} by {names}")
    if open_ := gate.named("cannot tell yet"):
        names = ", ".join(cell.name for cell in open_)
        raise GateUndecided(
            f"cannot tell yet whether more than {gate.max_loss_percent:g} % is lost against {gate.base} by {names}",
            hint="measure more rounds: netlab bench --rounds N; 'netlab report' says about how many",
        )
