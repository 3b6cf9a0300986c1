"""``netlab down``: remove the hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.cli.parser import add_command
from netlab.errors import ConfigError, LabBusy

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    add_command(
        subparsers,
        "down",
        run,
        summary="remove the hosts, keep the results",
        description="End the hosts and remove all that belongs to them; stored runs stay.",
        example="netlab down",
        raises=(ConfigError, LabBusy),
    )


def run(args: Namespace) -> int:
    """Run the command."""
    from netlab import workflow  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cli.work import open_lab, progress_of, spec_of  # noqa: PLC0415 - as above

    lab = open_lab()
    if lab.state_folder.exists():
        with progress_of(lab, args) as progress:
            workflow.down(lab, spec_of(lab, args), progress)
    return 0
