"""``netlab kubeconfig``: how kubectl reaches the lab's cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.cli.parser import add_command
from netlab.errors import NotUp

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    add_command(
        subparsers,
        "kubeconfig",
        run,
        summary="print the cluster's kubeconfig",
        description="Print the kubeconfig of the lab's cluster (stack kubeadm), with the API's address on this\n"
        "machine. It holds the administrator's key: keep it to yourself.",
        example="netlab kubeconfig > lab.kubeconfig && kubectl --kubeconfig lab.kubeconfig get nodes",
        raises=(NotUp,),
    )


def run(_: Namespace) -> int:
    """Run the command."""
    from netlab.cli.work import open_lab  # noqa: PLC0415 - as above
    from netlab.provision import cluster  # noqa: PLC0415 - imported late, so that --help is quick

    print(cluster.kubeconfig(open_lab()), end="")
    return 0
