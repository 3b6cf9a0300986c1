"""``netlab lock``: complete the lab's own lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.cli import artifacts, options
from netlab.cli.parser import add_command

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.artifacts.lock import Component
    from netlab.cli.artifact_settings import Chosen
    from netlab.cli.parser import Subparsers


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "lock",
        run,
        summary="pin all that the lab would download",
        description=(
            "Ask the registries, or the mirror, for every digest that the lock does not have, and pin the answers in\n"
            "netlab.lock.yml beside netlab.yml; nothing but files without a published checksum is downloaded. Without\n"
            "a COMPONENT: for what the lab's profiles need (where nobody chose a stack: as real clusters)."
        ),
        example="netlab lock && git add netlab.lock.yml",
        raises=artifacts.ERRORS,
    )
    artifacts.add_what(parser, default="what the profiles need")
    parser.add_argument("--all", action="store_true", help="every version of every component")
    parser.add_argument("--profiles", type=options.names, metavar="A,B", help="for these profiles")
    artifacts.add_sources(parser)


def run(args: Namespace) -> int:
    """Run the command."""
    from netlab import assets  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.artifacts.obtain import pin  # noqa: PLC0415 - as above
    from netlab.cli.artifact_settings import Chosen  # noqa: PLC0415 - as above

    chosen = Chosen.of(args)
    components = _components(chosen, args)
    origin = chosen.origin._replace(locked=False)  # this is how pins are made on purpose
    with chosen.progress(args) as progress:
        pin(components, chosen.arch, assets.cache(), progress, origin=origin)
    print(_sentence(len(components)))
    return 0


def _sentence(count: int) -> str:
    if not count:
        return "nothing that the lab needs is downloaded"
    return f"all digests of {count} component{'s' * (count > 1)} are locked"


def _components(chosen: Chosen, args: Namespace) -> tuple[Component, ...]:
    if args.all:
        return chosen.lock.components
    words = args.components or _needed(args)
    return chosen.lock.select(words) if words else ()


def _needed(args: Namespace) -> list[str]:
    """Components that the profiles ask for: of clusters, unless somebody chose the other stack."""
    from netlab import profiles  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cli.work import open_lab, spec_of  # noqa: PLC0415 - as above

    lab = open_lab()
    spec = spec_of(lab, args)
    stack = spec.stack if "stack" in spec.model_fields_set else "kubeadm"
    found = [profiles.find(name, lab.folder / "profiles", stack) for name in spec.profiles]
    return sorted({word for profile in found for word in profile.requires.artifacts})
