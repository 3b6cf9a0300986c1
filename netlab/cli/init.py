"""``netlab init``: a commented ``netlab.yml`` to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from netlab.cli.parser import add_command
from netlab.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "init",
        run,
        summary="write a commented netlab.yml",
        description="Write a netlab.yml in which every key stands with its default, commented out.",
        example="netlab -C my-lab init",
        raises=(ConfigError,),
    )
    parser.add_argument("--force", action="store_true", help="overwrite the netlab.yml that is there")


def run(args: Namespace) -> int:
    """Run the command."""
    from netlab.files import write_atomic  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.spec.file import FILE_NAME, find_file  # noqa: PLC0415 - as above
    from netlab.spec.generated import generate_sample  # noqa: PLC0415 - as above

    found = find_file(Path.cwd())
    path = found or Path.cwd() / FILE_NAME
    if found and not args.force:
        raise UsageError(f"{path} is there already", hint="'netlab init --force' overwrites it")
    write_atomic(path, generate_sample().encode(), mode=0o644)
    print(f"wrote {path}")
    return 0
