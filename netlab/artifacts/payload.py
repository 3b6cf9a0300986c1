"""What hosts get of the artifacts: a read-only disk, and its index.

    index.json
    files/<component>/<name>
    images/<name with dots and dashes>.tar      docker-archive

``index.json`` maps each component to its version, and each of its files and images to a path and its SHA-256.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import ValidationError

from netlab import locks, proc
from netlab.artifacts import registry
from netlab.artifacts.cache import Cache
from netlab.artifacts.images import explore, label_of
from netlab.artifacts.lock import locked_sha256
from netlab.errors import ArtifactError, ArtifactMissing, NoSpace
from netlab.files import digest_of, write_atomic
from netlab.model.frozen import Frozen
from netlab.progress import size
from netlab.storage import manifest
from netlab.storage.work import discard, sweep, work_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from netlab.artifacts.lock import Arch, Component, Image

LABEL = "netlab-payload"
"""Of the disk's file system: hosts find it as /dev/disk/by-label/netlab-payload."""
LAYOUT = 1
"""Raise it when a payload is laid out differently."""
SPARE_BYTES = 8 << 20
BLOCK_BYTES = 4096


def payload_disk(
    components: Sequence[Component], arch: Arch, cache: Path, warn: Callable[[str], None] = lambda _: None
) -> Path:
    """Return an ext4 image that holds ``components`` for hosts of ``arch``, made when there is none.

    Everything must be in the cache (``fetch``): ArtifactMissing or ArtifactChanged otherwise. ``warn`` is told of a
    disk that is not as it was made, and so is made again.
    """
    with _made(disk_place(components, arch, cache).name, cache, warn) as (place, work):
        if work:
            _fill(work / "payload", components, arch, Cache(cache))
            _format(work / "payload", work / "disk")
            _publish(work / "disk", place)
    return place


def disk_place(components: Sequence[Component], arch: Arch, cache: Path) -> Path:
    """Return where the disk of these components is, or would be."""
    return cache / "payloads" / f"{payload_key(components, arch)}.ext4"


def damage(place: Path, *, deep: bool = False) -> str | None:
    """Say what is wrong with a payload; None where nothing is. ``deep`` reads all of it."""
    record = _read(place)
    if record is None:
        return f"{_record_of(place).name} is missing, unreadable or of another version of netlab"
    return manifest.damage(place.parent, record.files, deep=deep)


def digest_of_payload(place: Path) -> str:
    """SHA-256 over a payload's content; empty where there is none, or one that is not as it was made."""
    record = _read(place)
    return manifest.digest(record.files) if record and damage(place) is None else ""


class Content(NamedTuple):
    """A payload as one file: where it is, its bytes and their SHA-256."""

    place: Path
    size: int
    sha256: str


def content_of(place: Path) -> Content:
    """Return what a payload is as one file; ArtifactMissing where there is none, or one that is not as it was made."""
    record = _read(place)
    if record is None or damage(place) is not None:
        raise ArtifactMissing(f"{place} was removed or changed just now", hint="run the command again")
    return Content(place, record.files[place.name].size, record.files[place.name].sha256)


def payload_key(components: Sequence[Component], arch: Arch) -> str:
    """Return what a payload's content depends on, hashed."""
    _refuse_two_versions(components)
    data = [
        [each.name, each.version, _dumped(each.files_for(arch)), _dumped(each.images_for(arch))] for each in components
    ]
    return hashlib.sha256(json.dumps([LAYOUT, arch, data]).encode()).hexdigest()[:16]


def _dumped(items: Sequence[Any]) -> list[dict[str, Any]]:
    """Leave out where something came from: the same content is the same payload."""
    return [item.model_dump(exclude={"url", "arch"}) for item in items]


class _Record(Frozen):
    """``<name>.json`` beside a payload: its files, by their paths from there."""

    format: Literal[1] = 1
    files: dict[str, manifest.FileRecord]


@contextlib.contextmanager
def _made(name: str, cache: Path, warn: Callable[[str], None]) -> Iterator[tuple[Path, Path | None]]:
    """Hand out the payload's place and, where there is no sound one, a folder to make it in; under a lock."""
    payloads = cache / "payloads"
    payloads.mkdir(parents=True, exist_ok=True)
    place = payloads / name
    with locks.held(payloads / f"{name}.lock"):
        wrong = damage(place) if place.exists() else None
        if wrong:
            warn(f"the cached payload {name} is damaged ({wrong}); it is made again")
            remove_payload(place)
        if place.exists():
            os.utime(_record_of(place))  # when it was last used
            yield place, None
            return
        sweep(payloads)
        with work_folder(payloads, ".make-") as work:
            yield place, work


def remove_payload(place: Path) -> str | None:
    """Remove a payload and what is noted of it; return why something of it is left, as ``discard``."""
    left = discard(place)
    _record_of(place).unlink(missing_ok=True)
    return left


def _publish(made: Path, place: Path) -> None:
    """Put a payload into its place. Its record comes first: without the payload it says nothing."""
    record = _Record(files={place.name: manifest.record(made)})
    write_atomic(_record_of(place), record.model_dump_json(indent=2).encode())
    made.replace(place)


def _read(place: Path) -> _Record | None:
    try:
        return _Record.model_validate_json(_record_of(place).read_bytes())
    except (OSError, ValidationError):
        return None


def _record_of(place: Path) -> Path:
    return place.with_name(f"{place.name}.json")


def _fill(folder: Path, components: Sequence[Component], arch: Arch, store: Cache) -> None:
    index = {component.name: _lay_out(folder, component, arch, store) for component in components}
    (folder / "index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def _lay_out(folder: Path, component: Component, arch: Arch, store: Cache) -> dict[str, Any]:
    """Put a component into the folder; return its entry of the index."""
    files, images = {}, {}
    (folder / "files" / component.name).mkdir(parents=True, exist_ok=True)
    (folder / "images").mkdir(exist_ok=True)
    for file in component.files_for(arch):
        path = f"files/{component.name}/{file.name}"
        sha256 = locked_sha256(file, label := f"{component.label} {file.name}")
        _link(store.checked(sha256, label), folder / path)
        files[file.name] = {"path": path, "sha256": sha256}
    for image in component.images_for(arch):
        path = f"images/{sanitised(image.name)}.tar"
        images[image.name] = {"path": path, "sha256": _lay_out_image(folder / path, image, arch, store)}
    return {"version": component.version, "files": files, "images": images}


def _lay_out_image(place: Path, image: Image, arch: Arch, store: Cache) -> str:
    """Put an image's archive at ``place``, unless another component has; return its SHA-256."""
    if image.url:
        sha256 = locked_sha256(image, label_of(image))
        _link(store.checked(sha256, label_of(image)), place)
        return sha256
    if not place.exists():
        parts = explore(image, arch, lambda part: store.checked(part.sha256, label_of(image)))
        registry.write_archive(store, image.name, parts, place)
    return digest_of(place)


def sanitised(image: str) -> str:
    """Return an image's name as a file's name; different images get different ones."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", image)
    return f"{plain}-{hashlib.sha256(image.encode()).hexdigest()[:8]}"


def _link(entry: Path, place: Path) -> None:
    place.unlink(missing_ok=True)
    try:
        place.hardlink_to(entry)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copyfile(entry, place)


_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV, errno.EMLINK}
"""A file system without hard links, or one that has no more of them for this file."""


def _format(folder: Path, disk: Path) -> None:
    """Make the ext4 image of a folder; it is sparse until its files are in it."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    blocks = sum(-(-path.stat().st_size // BLOCK_BYTES) for path in files)
    needed = blocks * BLOCK_BYTES * 101 // 100 + SPARE_BYTES
    _check_space(disk.parent, needed)
    disk.touch()
    os.truncate(disk, needed)
    options = ["-q", "-F", "-O", "^has_journal", "-m", "0", "-b", BLOCK_BYTES, "-N", len(files) + 256]
    proc.run(["mkfs.ext4", *options, "-L", LABEL, "-d", folder, disk], error=ArtifactError)


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        hint = (
            f"'netlab cache prune' removes what is no longer used; or free {size(needed - free)} there, or point "
            "XDG_CACHE_HOME to another disk"
        )
        raise NoSpace(f"the payload needs {size(needed)} in {folder.parent}, but {size(free)} are free", hint=hint)


def _refuse_two_versions(components: Sequence[Component]) -> None:
    names = [each.name for each in components]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ArtifactError(f"a payload holds one version of each component, but {twice[0]} was asked for twice")
