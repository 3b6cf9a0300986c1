"""All commands in the order in which ``netlab --help`` lists them."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from netlab import __version__, userpaths
from netlab.cli import (
    artifacts,
    bench,
    cache,
    compare,
    completion,
    doctor,
    down,
    explain,
    gate,
    image,
    init,
    inventory,
    kubeconfig,
    lock,
    plan,
    profiles,
    prove,
    report,
    reset,
    run,
    ssh,
    status,
    up,
)
from netlab.cli.parser import Parser, add_global_options
from netlab.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = (
    run,
    init,
    doctor,
    profiles,
    plan,
    up,
    prove,
    status,
    ssh,
    bench,
    report,
    compare,
    gate,
    explain,
    inventory,
    kubeconfig,
    lock,
    artifacts,
    cache,
    image,
    reset,
    down,
    completion,
)


def build_parser() -> Parser:
    """Make the parser of the whole command line."""
    parser = Parser(
        prog="netlab",
        description="Measure what a container network costs. 'netlab run' does it all, the others are its parts.",
        epilog="'netlab COMMAND --help' shows an example and the exit codes of a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"netlab {__version__}")
    add_global_options(parser)
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=Parser)
    for command in COMMANDS:
        command.register(subparsers)
    return parser


def run_command(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and run its command; return the exit code."""
    parser = build_parser()
    try:
        args = parser.parse(sys.argv[1:] if argv is None else argv)
    except SystemExit as done:  # argparse ends the process when it has printed a help page
        return int(done.code or 0)
    if args.command is None:
        parser.print_help(sys.stderr)
        return UsageError.exit_code
    if args.directory is not None:
        _enter(args.directory)
    _require_a_folder()
    return int(args.run(args))


def _enter(directory: str) -> None:
    try:
        os.chdir(userpaths.of_option(directory, "-C"))
    except OSError as error:
        raise UsageError(f"cannot work in {directory}: {error.strerror}") from error


def _require_a_folder() -> None:
    try:
        Path.cwd()
    except OSError as error:
        message = f"the folder that this command was started in cannot be used: {error.strerror}"
        raise UsageError(message, hint="it may have been removed; go to another one, or name it with -C") from error
