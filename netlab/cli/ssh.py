"""``netlab ssh``: a shell or a command on a host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.cli.parser import add_command
from netlab.errors import NotUp, UsageError
from netlab.suggest import did_you_mean

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "ssh",
        run,
        summary="open a shell on a host, or run a command there",
        description="Become ssh with the lab's keys. A command is handed on as ssh does it; its exit code is ssh's.",
        example="netlab ssh node1 -- uname -a",
        raises=(NotUp,),
    )
    parser.add_argument("host", metavar="HOST", help="name of a host, as 'netlab status' shows it")
    parser.add_argument("words", metavar="CMD", nargs="*", help="command to run there, after --")


def run(args: Namespace) -> int:
    """Run the command."""
    from netlab import proc  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cli.work import open_lab  # noqa: PLC0415 - as above

    lab = open_lab()
    names = [host.name for host in lab.hosts()]
    if args.host not in names:
        hint = f"hosts: {', '.join(names)}"
        raise UsageError(f"the lab has no host '{args.host}'{did_you_mean(args.host, names)}", hint=hint)
    proc.replace(["ssh", "-F", lab.ssh_config, args.host, *(["--", *args.words] if args.words else [])])
