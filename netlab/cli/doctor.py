"""``netlab doctor``: what this machine lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.cli import options
from netlab.cli.parser import add_command
from netlab.errors import RequirementError

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers
    from netlab.doctor import Check


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "doctor",
        run,
        summary="check what this machine lacks",
        description=(
            "Check the programs, the space and the accelerator netlab needs, and say how to get what lacks.\n"
            "Registries and servers that real clusters come from are asked too, for three seconds; nothing else needs\n"
            "them."
        ),
        example="netlab doctor --json",
        raises=(RequirementError,),
    )
    options.add_json(parser)


def run(args: Namespace) -> int:
    """Run the command."""
    import json  # noqa: PLC0415 - imported late, so that --help is quick

    from netlab.doctor import checks  # noqa: PLC0415 - as above

    found = checks()
    if args.json:
        print(json.dumps([check.model_dump(mode="json") for check in found], indent=2))
    else:
        for check in found:
            print(f"{_mark(check):<6}{check.name}: {check.message}")
            if check.hint:
                print(f"      {check.hint}")
    return 0 if all(check.ok or not check.needed for check in found) else RequirementError.exit_code


def _mark(check: Check) -> str:
    if check.ok:
        return "ok"
    return "LACKS" if check.needed else "note"
