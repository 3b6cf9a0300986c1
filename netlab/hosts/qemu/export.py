"""Files that leave netlab: a baked disk as raw, as qcow2, or as a Vagrant box, each with its checksum beside it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from netlab import proc
from netlab.errors import ImageError, NoSpace, UsageError
from netlab.files import digest_of, write_atomic
from netlab.hosts.qemu import box, virtualbox
from netlab.model.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from netlab.hosts.qemu.image import Image, Login
    from netlab.model.lab import Stack

Format = Literal["box", "virtualbox", "qcow2", "raw"]
LOGINS: dict[Format, Login] = {"box": "vagrant", "virtualbox": "vagrant", "qcow2": "cloud-init", "raw": "cloud-init"}
"""Who may enter: a box is for Vagrant, which replaces the key that everyone has; other disks are for clouds."""

CONVERT_TIMEOUT_S = 1800.0


class Exported(Frozen):
    """A file that was written."""

    format: Format
    path: Path
    sha256: str


def file_name(kind: Format, stack: Stack, key: str) -> str:
    """Return a name that tells what the file was made by: two of the same name come from the same recipe."""
    ending = {"virtualbox": "virtualbox.box"}.get(kind, kind)
    return f"netlab-{stack}-{key}.{ending}"


def require_tools(kind: Format) -> None:
    """MissingTool where a program for this format is missing, before minutes of work."""
    for name in {"raw": [], "virtualbox": ["qemu-img", virtualbox.TOOL]}.get(kind, ["qemu-img"]):
        proc.find_tool(name)


def require_place(path: Path, *, force: bool) -> None:
    """UsageError where the file cannot be written, or is there already and ``force`` does not say to replace it."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="--output names a file")
    if path.exists() and not force:
        raise UsageError(f"{path} is there already", hint="--force overwrites it")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", hint="make it first")


def export(image: Image, kind: Format, path: Path) -> Exported:
    """Write the disk in this format to ``path``, and its checksum beside it; a part of it is never seen."""
    _require_space(image, path.parent)
    with _unfinished(path) as work:
        made = work / path.name
        _WRITERS[kind](image.disk, made)
        digest = digest_of(made)
        made.chmod(0o644)
        made.replace(path)
    write_atomic(checksum_file(path), f"{digest}  {path.name}\n".encode(), mode=0o644)
    return Exported(format=kind, path=path, sha256=digest)


def checksum_file(path: Path) -> Path:
    """Return where a file's checksum is, in the form that ``sha256sum --check`` reads."""
    return path.with_name(f"{path.name}.sha256")


@contextlib.contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    work = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    work.mkdir(mode=0o700)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _require_space(image: Image, folder: Path) -> None:
    """NoSpace where the disk's content does not fit twice: converted, and packed."""
    needed = (2 * image.disk.stat().st_blocks * 512 >> 20) + 64
    free = shutil.disk_usage(folder).free >> 20
    if free < needed:
        hint = f"free {needed - free} MiB there, or name another place with --output"
        raise NoSpace(f"the file needs up to {needed} MiB in {folder}, but {free} MiB are free", hint=hint)


def _raw(disk: Path, made: Path) -> None:
    words = ["cp", "--sparse=always", "--reflink=auto", disk, made]
    proc.run(words, timeout=CONVERT_TIMEOUT_S, error=ImageError)


def _qcow2(disk: Path, made: Path) -> None:
    """Write only what is used, compressed: a tenth of the disk's size."""
    words = ["qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", "-W", "-m", str(os.cpu_count() or 1), disk, made]
    proc.run(words, timeout=CONVERT_TIMEOUT_S, error=ImageError)


def _box(disk: Path, made: Path) -> None:
    content = made.with_name(box.DISK)
    _qcow2(disk, content)
    box.pack(made, box.libvirt(disk.stat().st_size), [content])


_WRITERS: dict[Format, Callable[[Path, Path], None]] = {
    "box": _box,
    "virtualbox": virtualbox.write_box,
    "qcow2": _qcow2,
    "raw": _raw,
}
