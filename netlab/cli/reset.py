"""``netlab reset``: the hosts freshly booted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.cli import options
from netlab.cli.parser import add_command
from netlab.errors import ConfigError, LabBusy, MachineError, NotUp

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "reset",
        run,
        summary="make the hosts freshly booted again",
        description="Take from the hosts what a profile made of them (a cluster, a network, rules): they are freshly\n"
        "booted again, and stay up. 'netlab down' removes them.",
        example="netlab reset",
        raises=(ConfigError, LabBusy, NotUp, MachineError),
    )
    options.add_locked(parser)


def run(args: Namespace) -> int:
    """Run the command."""
    from netlab import workflow  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cli.work import open_lab, progress_of, spec_of  # noqa: PLC0415 - as above

    lab = open_lab()
    with progress_of(lab, args) as progress:
        workflow.reset(lab, spec_of(lab, args), progress)
    return 0
