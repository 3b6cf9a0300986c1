"""``netlab doctor``: what is missing on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.cli import options
from netlab.cli.parser import add_command
from netlab.errors import ConfigError, RequirementError

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers
    from netlab.model.check import Check


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "doctor",
        run,
        summary="check what is missing on this machine",
        description=(
            "Check what the lab's provider needs: programs, space and accelerator of this machine, or the hosts that\n"
            "are there; say how to get what is missing.\n"
            "Registries and servers that real clusters come from are asked too, for three seconds; nothing else needs\n"
            "them."
        ),
        example="netlab doctor --json",
        raises=(ConfigError, RequirementError),
    )
    options.add_provider(parser)
    options.add_json(parser)


def run(args: Namespace) -> int:
    """Run the command."""
    import json  # noqa: PLC0415 - imported late, so that --help is quick

    from netlab.cli.work import open_lab, spec_of  # noqa: PLC0415 - as above
    from netlab.doctor import checks  # noqa: PLC0415 - as above

    lab = open_lab()
    found = checks(lab, spec_of(lab, args))
    if args.json:
        print(json.dumps([check.model_dump(mode="json") for check in found], indent=2))
    else:
        for check in found:
            print(f"{_mark(check):<8}{check.name}: {check.message}")
            if check.hint:
                print(f"        {check.hint}")
    return 0 if all(check.ok or not check.needed for check in found) else RequirementError.exit_code


def _mark(check: Check) -> str:
    if check.ok:
        return "ok"
    return "MISSING" if check.needed else "note"
