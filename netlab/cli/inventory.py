"""``netlab inventory``: the lab's hosts for plain Ansible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netlab.cli.parser import add_command
from netlab.errors import NotUp

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from netlab.cli.parser import Subparsers


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "inventory",
        run,
        summary="print the hosts as an Ansible dynamic inventory",
        description="Print the hosts as JSON in the form of an Ansible dynamic inventory. An executable file with\n"
        "'#!/bin/sh' and 'exec netlab inventory \"$@\"' is an inventory for ansible-playbook -i.",
        example="netlab inventory --list",
        raises=(NotUp,),
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--list", action="store_true", help="all groups and hosts (the default)")
    which.add_argument("--host", metavar="NAME", help="variables of one host")


def run(args: Namespace) -> int:
    """Run the command."""
    import json  # noqa: PLC0415 - imported late, so that --help is quick

    from netlab.cli.work import open_lab  # noqa: PLC0415 - as above

    lab = open_lab()
    listing = dynamic(lab.inventory(lab.hosts()))
    if args.host is None:
        print(json.dumps(listing, indent=2))
    else:
        print(json.dumps(listing["_meta"]["hostvars"].get(args.host, {}), indent=2))
    return 0


def dynamic(inventory: dict[str, Any]) -> dict[str, Any]:
    """Turn the form of Ansible's YAML inventories into that of inventory scripts."""
    everything = inventory["all"]
    groups = dict(_with_groups_inside(everything["children"]))
    variables: dict[str, dict[str, Any]] = {}
    for group in groups.values():
        for host, values in group.get("hosts", {}).items():
            variables.setdefault(host, dict(everything["vars"])).update(values)
    return {
        "_meta": {"hostvars": variables},
        "all": {"children": list(everything["children"])},
        **{name: {kind: list(members) for kind, members in group.items()} for name, group in groups.items()},
    }


def _with_groups_inside(groups: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield groups by name, each with those in it: hosts that netlab has not made are in some of what they run."""
    for name, group in groups.items():
        yield name, group
        yield from _with_groups_inside(group.get("children", {}))
