"""A snapshot's folder: what is in it, what it lies on, and whether both are as they were when it was saved.

    <tag>/snapshot.json         what is in it, and the snapshot that its disks lie on
    <tag>/<machine>/…           disks and state
    <tag>/.evidence/…           what proves it

Disks name those that they lie on by relative paths, so a cache that is moved as a whole keeps its snapshots.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from netlab import proc
from netlab.errors import MachineError
from netlab.files import write_atomic
from netlab.model.frozen import Frozen
from netlab.storage import manifest

if TYPE_CHECKING:
    from collections.abc import Iterable

RECORD = "snapshot.json"


class Base(Frozen):
    """What a fleet's snapshots lie on in the end."""

    image: str
    """Key of the image."""
    image_digest: str
    payload: str | None = None
    """File name of the payload's disk."""
    payload_digest: str = ""


class Record(Frozen):
    """``snapshot.json``."""

    format: Literal[1] = 1
    base: Base
    parent: str | None = None
    """The snapshot that the disks lie on; None: the image."""
    parent_digest: str = ""
    files: dict[str, manifest.FileRecord]

    @property
    def digest(self) -> str:
        """SHA-256 over the contents of all files."""
        return manifest.digest(self.files)


def read(folder: Path) -> Record | None:
    """Return what the snapshot says of itself; None where that is missing, unreadable or of another version."""
    try:
        return Record.model_validate_json((folder / RECORD).read_bytes())
    except (OSError, ValidationError):
        return None


def damage(folder: Path, *, deep: bool = False) -> str | None:
    """Say what is wrong with the snapshot or with one that it lies on; None where nothing is.

    ``deep`` reads all of it; otherwise a content is read only where the file's date has changed.
    """
    record = read(folder)
    if record is None:
        return f"{RECORD} is missing, unreadable or of another version of netlab"
    wrong = manifest.damage(folder, record.files, deep=deep)
    if wrong or record.parent is None:
        return wrong
    below = read(folder.parent / record.parent)
    if below is None or below.digest != record.parent_digest:
        return f"the snapshot '{record.parent}' that it lies on has been replaced"
    wrong = damage(folder.parent / record.parent)
    return f"the snapshot '{record.parent}' that it lies on: {wrong}" if wrong else None


def lineage(folder: Path) -> list[Path]:
    """Return the snapshot's folder and those of all that it lies on."""
    record = read(folder)
    if record is None or record.parent is None:
        return [folder]
    return [folder, *lineage(folder.parent / record.parent)]


def seal(folder: Path, disks: Iterable[Path], base: Base) -> None:
    """Finish a snapshot in ``folder``, beside those that it may lie on: make its paths relative, write its record.

    MachineError where the disks lie on something that is neither the image nor another snapshot of the fleet, as when
    the machines were started from another cache.
    """
    fleet, baked = folder.parent.resolve(), (folder.parents[2] / "images" / base.image).resolve()
    parents = {parent for disk in disks if (parent := _detach(disk, fleet, baked)) is not None}
    if len(parents) > 1:
        raise MachineError(f"the machines' disks lie on different snapshots: {', '.join(sorted(parents))}")
    parent = parents.pop() if parents else None
    below = read(folder.parent / parent) if parent else None
    if parent and below is None:
        raise MachineError(f"the snapshot '{parent}' was removed while it was in use", hint="run the command again")
    files = manifest.record_folder(folder)
    record = Record(base=base, parent=parent, parent_digest=below.digest if below else "", files=files)
    write_atomic(folder / RECORD, record.model_dump_json(indent=2).encode())


def _detach(disk: Path, fleet: Path, baked: Path) -> str | None:
    """Have the disk name the one that it lies on by a relative path; return which snapshot that belongs to."""
    said = json.loads(proc.run(["qemu-img", "info", "--output=json", disk], error=MachineError).stdout)
    backing, kind = said.get("full-backing-filename"), said.get("backing-filename-format")
    if backing is None:
        return None
    place = Path(os.path.realpath(backing))
    if not place.is_relative_to(fleet) and place.parent != baked:
        hint = "'netlab down' removes the hosts, and the same command makes them on what is in this cache"
        raise MachineError(f"{disk.name} lies on {place}, which is not in this cache's {baked} or {fleet}", hint=hint)
    relative = os.path.relpath(backing, disk.parent)
    proc.run(["qemu-img", "rebase", "-u", "-F", kind, "-b", relative, disk], error=MachineError)
    return place.relative_to(fleet).parts[0] if place.is_relative_to(fleet) else None
