"""``netlab image``: a disk for Vagrant, for a hypervisor or for a cloud, out of what netlab bakes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from netlab.cli.parser import add_command
from netlab.errors import ImageError, RequirementError

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers
    from netlab.hosts.qemu.export import Exported

_FORMATS = ("box", "virtualbox", "qcow2", "raw")


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "image",
        run,
        summary="write a disk that boots by itself: a Vagrant box, qcow2 or raw",
        description=(
            "Bake a disk with all that netlab's hosts need, and write it in a format of others, with its checksum\n"
            "beside it. 'box' is a Vagrant box for libvirt, 'virtualbox' one for VirtualBox, whose tools make it;\n"
            "'qcow2' and 'raw' let in whom the cloud says (cloud-init)."
        ),
        example="netlab image --format box",
        raises=(RequirementError, ImageError),
    )
    parser.add_argument("--format", choices=_FORMATS, required=True, help="what to write")
    parser.add_argument(
        "--stack",
        choices=("datapath", "kubeadm"),
        default="datapath",
        help="whose hosts: those of packet paths (the default), or of a real cluster",
    )
    parser.add_argument("--output", metavar="FILE", help="where (netlab-STACK-KEY.FORMAT in this folder)")
    parser.add_argument("--force", action="store_true", help="overwrite the file that is there")


def run(args: Namespace) -> int:
    """Run the command."""
    from netlab import assets, userpaths  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cli.work import progress_to  # noqa: PLC0415 - as above
    from netlab.hosts.qemu import export, image  # noqa: PLC0415 - as above
    from netlab.hosts.qemu.bake import bake  # noqa: PLC0415 - as above

    recipe = image.recipe_of(args.stack, export.LOGINS[args.format])
    name = export.file_name(args.format, args.stack, recipe.key)
    path = userpaths.of_option(args.output, "--output") if args.output else Path.cwd() / name
    export.require_tools(args.format)
    export.require_place(path, force=args.force)
    log = assets.cache() / "logs" / "image.log"
    with progress_to(log, args) as progress:
        baked = bake(recipe, assets.cache(), progress)
        with progress.step(f"write {path.name}"):
            made = export.export(baked, args.format, path)
    _show(made, args.stack)
    return 0


def _show(made: Exported, stack: str) -> None:
    print(f"{made.path}\nsha256 {made.sha256}")
    if made.format in {"box", "virtualbox"}:
        checksum = f"--checksum-type sha256 --checksum {made.sha256}"
        print(f"vagrant box add --name netlab-{stack} {checksum} {made.path}")
