"""``netlab down``: remove the hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.cli import options
from netlab.cli.parser import add_command
from netlab.errors import CloudError, ConfigError, LabBusy

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "down",
        run,
        summary="remove the hosts, keep the results",
        description="End the hosts and remove all that belongs to them; stored runs stay.\n"
        "In a cloud, hosts are found by the lab's id, whether or not its state is still there.",
        example="netlab down",
        raises=(ConfigError, LabBusy, CloudError),
    )
    options.add_provider(parser)
    parser.add_argument(
        "--expired", action="store_true", help="remove all labs of the cloud's account whose time to live is over"
    )


def run(args: Namespace) -> int:
    """Run the command."""
    from netlab import workflow  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cli.work import open_lab, progress_of, spec_of  # noqa: PLC0415 - as above

    lab = open_lab()
    if args.expired:
        with progress_of(lab, args) as progress:
            removed = workflow.down_expired(lab, spec_of(lab, args), progress)
        print("\n".join(f"removed {each.name} ({each.lab}, {each.place})" for each in removed) or "no lab has expired")
    elif lab.state_folder.exists() or workflow.outlives_state(spec_of(lab, args)):
        with progress_of(lab, args) as progress:
            workflow.down(lab, spec_of(lab, args), progress)
    return 0
