"""``netlab completion``: for the shell's Tab key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.cli.parser import add_command

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Parser, Subparsers


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "completion",
        run,
        summary="print a completion script for the shell",
        description="Print a script that completes netlab's commands and options.",
        example="netlab completion bash > ~/.local/share/bash-completion/completions/netlab",
    )
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="which shell")


def run(args: Namespace) -> int:
    """Run the command."""
    import shtab  # noqa: PLC0415 - imported late, so that --help is quick

    from netlab.cli.app import build_parser  # noqa: PLC0415 - app imports this module

    parser = build_parser()
    for each in (parser, *parser.commands().values()):
        complete_folders(each, shtab.DIRECTORY)
        for action in each.commands().values():
            complete_folders(action, shtab.DIRECTORY)
    print(shtab.complete(parser, shell=args.shell))
    return 0


def complete_folders(parser: Parser, kind: object) -> None:
    """Let -C complete names of folders."""
    for action in parser._actions:  # noqa: SLF001 - shtab itself reads it
        if action.dest == "directory":
            action.complete = kind  # type: ignore[attr-defined]  # where shtab looks
