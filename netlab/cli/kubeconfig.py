"""``netlab kubeconfig``: how kubectl reaches the lab's cluster, and a command that does."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from netlab.cli.parser import add_command
from netlab.errors import MachineError, NotUp

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "kubeconfig",
        run,
        summary="print the cluster's kubeconfig, or run a command with it",
        description="Print the kubeconfig of the lab's cluster (stack kubeadm), with the API's address on this\n"
        "machine. It holds the administrator's key: keep it to yourself.\n"
        "Hosts that QEMU did not make are reached through SSH: what forwards the API is said, and a\n"
        "command after -- is run with KUBECONFIG set, and the API forwarded, until it ends.",
        example="netlab kubeconfig -- kubectl get nodes",
        raises=(NotUp, MachineError),
    )
    parser.add_argument("words", metavar="CMD", nargs="*", help="command to run, after --; its exit code is netlab's")


def run(args: Namespace) -> int:
    """Run the command."""
    from netlab import proc  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cli.work import open_lab  # noqa: PLC0415 - as above
    from netlab.provision import cluster  # noqa: PLC0415 - as above

    lab = open_lab()
    if args.words:
        with cluster.reached(lab) as file:
            return proc.attend(args.words, env={"KUBECONFIG": str(file)})
    print(cluster.kubeconfig(lab), end="")
    if (text := cluster.way(lab)) and not args.quiet:
        print(f"netlab: {text}", file=sys.stderr)
    return 0
