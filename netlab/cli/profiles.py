"""``netlab profiles``: what hosts can be turned into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.cli import options
from netlab.cli.parser import add_command
from netlab.errors import ConfigError

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "profiles",
        run,
        summary="list what hosts can be turned into",
        description="List the profiles that come with netlab and those in the lab's own profiles/ folder.",
        example="netlab profiles --json",
        raises=(ConfigError,),
    )
    options.add_json(parser)


def run(args: Namespace) -> int:
    """Run the command."""
    import json  # noqa: PLC0415 - imported late, so that --help is quick

    from netlab import profiles  # noqa: PLC0415 - as above
    from netlab.cli.work import open_lab  # noqa: PLC0415 - as above

    own = open_lab().folder / "profiles"
    clusters = [profile for profile in profiles.of_stack("kubeadm", own) if profile.stack == "kubeadm"]
    found = [profile.info() for profile in (*profiles.of_stack("datapath", own), *clusters)]
    if args.json:
        print(json.dumps([info.model_dump(mode="json") for info in found], indent=2))
        return 0
    width = max((len(info.name) for info in found), default=0)
    for info in found:
        print(f"{info.name:<{width}}  {info.stack:<8}  {info.description}")
    return 0
