"""``netlab artifacts``: what clusters are made of, and how it gets here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.cli import options
from netlab.cli.parser import Parser, add_actions, add_command
from netlab.errors import ArtifactError, ConfigError, MissingTool

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from netlab.artifacts.lock import Component
    from netlab.artifacts.verify import Checked
    from netlab.cli.parser import Subparsers

ERRORS = (ConfigError, MissingTool, ArtifactError)


def register(subparsers: Subparsers) -> None:
    """Add the command with its actions."""
    parser = add_command(
        subparsers,
        "artifacts",
        run_list,
        summary="list, fetch and verify what clusters are made of",
        description="Work with the binaries, manifests, charts and images that the lock names (docs/artifacts.md).",
        example="netlab artifacts fetch kubernetes=1.35.8",
        raises=ERRORS,
    )
    add_actions(parser, _register_list, _register_fetch, _register_verify, _register_update, _register_bundle)


def _register_list(actions: Subparsers) -> None:
    parser = add_command(
        actions,
        "list",
        run_list,
        summary="list what the lock names and what of it is here",
        description="List every version of every component, or those named, and what of it is in the cache.",
        example="netlab artifacts list kubernetes",
        raises=(ConfigError, ArtifactError),
    )
    add_what(parser)
    options.add_json(parser)


def _register_fetch(actions: Subparsers) -> None:
    parser = add_command(
        actions,
        "fetch",
        run_fetch,
        summary="download what the lock names",
        description=(
            "Download components into the cache; what is there already is only checked. Safe to repeat. What has no\n"
            "digest yet is asked for, and pinned in netlab.lock.yml."
        ),
        example="netlab artifacts fetch kubernetes=1.35.8 containerd --mirror /media/usb/artifacts",
        raises=ERRORS,
    )
    add_what(parser)
    add_sources(parser)
    options.add_locked(parser)


def _register_verify(actions: Subparsers) -> None:
    parser = add_command(
        actions,
        "verify",
        run_verify,
        summary="compare the cache with the lock",
        description="Read all content of components in the cache and compare it with the lock.",
        example="netlab artifacts verify --json",
        raises=(ConfigError, ArtifactError),
    )
    add_what(parser)
    options.add_json(parser)


def _register_update(actions: Subparsers) -> None:
    parser = add_command(
        actions,
        "update",
        run_update,
        summary="write a newer version, or missing digests, into the lock",
        description=(
            "Ask upstream for the checksums of a version, put it first in the lock and show the difference. Without\n"
            "a COMPONENT: ask the registries for the digests that are missing in the lock."
        ),
        example="netlab artifacts update kubernetes=1.37.1 --dry-run",
        raises=ERRORS,
    )
    parser.add_argument("components", nargs="*", metavar="COMPONENT=VERSION", help="what to add to the lock")
    parser.add_argument("--lock", metavar="FILE", help="the lock file to change (default: the checkout's)")
    add_sources(parser)
    parser.add_argument("--dry-run", action="store_true", help="show the difference, change nothing")


def _register_bundle(actions: Subparsers) -> None:
    parser = add_command(
        actions,
        "bundle",
        run_bundle,
        summary="make a folder for machines without a network",
        description=(
            "Download components and lay them into a folder that serves elsewhere as --mirror, with the lab's pins as\n"
            "netlab.lock.yml."
        ),
        example="netlab artifacts bundle /media/usb/artifacts kubernetes containerd runc",
        raises=ERRORS,
    )
    parser.add_argument("folder", metavar="FOLDER", help="where to; what is there already stays")
    add_what(parser)
    add_sources(parser)
    options.add_locked(parser)


def add_what(parser: Parser, default: str = "all") -> None:
    """Add what says which components are meant."""
    parser.add_argument("components", nargs="*", metavar="COMPONENT[=VERSION]", help=f"which ones (default: {default})")
    parser.add_argument("--arch", choices=("amd64", "arm64"), help="for hosts of this kind (default: as this machine)")
    parser.add_argument("--lock", metavar="FILE", help="a lock of your own, laid over the one that comes with netlab")


def add_sources(parser: Parser) -> None:
    """Add what says where they come from."""
    parser.add_argument("--mirror", metavar="X", help="URL or folder that has files as X/HOST/PATH")
    parser.add_argument("--registry-mirror", metavar="HOST[:PORT][/PREFIX]", help="ask this registry for images")


def run_list(args: Namespace) -> int:
    """Run the action."""
    from netlab import assets  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.artifacts.verify import look  # noqa: PLC0415 - as above
    from netlab.cli.artifact_settings import Chosen  # noqa: PLC0415 - as above

    chosen = Chosen.of(args)
    components = chosen.lock.select(args.components) if args.components else chosen.lock.components
    _show(components, look(components, chosen.arch, assets.cache(), deep=False), args)
    return 0


def run_fetch(args: Namespace) -> int:
    """Run the action."""
    from netlab import assets  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.artifacts.obtain import obtain  # noqa: PLC0415 - as above
    from netlab.cli.artifact_settings import Chosen  # noqa: PLC0415 - as above

    chosen = Chosen.of(args)
    components = chosen.lock.select(args.components)
    with chosen.progress(args) as progress:
        obtain(components, chosen.arch, assets.cache(), progress, origin=chosen.origin)
    return 0


def run_verify(args: Namespace) -> int:
    """Run the action."""
    from netlab import assets  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.artifacts.verify import look, refuse  # noqa: PLC0415 - as above
    from netlab.cli.artifact_settings import Chosen  # noqa: PLC0415 - as above

    chosen = Chosen.of(args)
    components = chosen.lock.select(args.components)
    found = look(components, chosen.arch, assets.cache(), deep=True)
    _show(components, found, args)
    refuse(found)
    return 0


def run_update(args: Namespace) -> int:
    """Run the action."""
    from netlab import assets  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.artifacts.update import lock_to_change, plan_update  # noqa: PLC0415 - as above
    from netlab.artifacts.upstream import Upstream  # noqa: PLC0415 - as above
    from netlab.cli.artifact_settings import Chosen  # noqa: PLC0415 - as above

    chosen = Chosen.of(args)
    path = lock_to_change(chosen.lock_file)
    with chosen.progress(args) as progress:
        upstream = Upstream(assets.cache(), progress, chosen.origin.sources)
        change = plan_update(path, args.components, upstream, progress)
    print(change.diff or f"{path} is as upstream says", end="\n" if not change.diff else "")
    if change.diff and not args.dry_run:
        change.write()
    return 0


def run_bundle(args: Namespace) -> int:
    """Run the action."""
    from netlab import assets, userpaths  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.artifacts.bundle import write_bundle  # noqa: PLC0415 - as above
    from netlab.artifacts.obtain import obtain  # noqa: PLC0415 - as above
    from netlab.artifacts.pins import read_pins  # noqa: PLC0415 - as above
    from netlab.cli.artifact_settings import Chosen  # noqa: PLC0415 - as above

    chosen = Chosen.of(args)
    components, folder = chosen.lock.select(args.components), userpaths.of_option(args.folder, "FOLDER")
    with chosen.progress(args) as progress:
        known = obtain(components, chosen.arch, assets.cache(), progress, origin=chosen.origin)
        with progress.step(f"write {folder}"):
            new = write_bundle(known, chosen.arch, assets.cache(), folder, read_pins(chosen.origin.pins))
    print(f"{folder}: {new} new files; use it with --mirror {folder}")
    return 0


def _show(components: Sequence[Component], found: Sequence[Checked], args: Namespace) -> None:
    import json  # noqa: PLC0415 - imported late, so that --help is quick

    if args.json:
        print(json.dumps([each.model_dump(mode="json") for each in found], indent=2))
        return
    from netlab.artifacts.verify import table  # noqa: PLC0415 - as above

    print("\n".join(table(components, found)))
