"""What is in the user's cache folder: how large each entry is, when it was last used, what it lies on, what is wrong.

image             images/<key>             lies on nothing
snapshot          fleets/<key>/<tag>       lies on an image, maybe a payload, maybe another snapshot
payload           payloads/<name>          a copy: it lies on nothing
artifact          artifacts/sha256/<…>     named by its content
download          artifacts/partial/<…>    has begun to come
kubernetes-source                          what scripts/kubernetes_source.py builds
log               logs/<name>
leftover          .bake-…, .new-…          of processes that were killed
"""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from netlab.artifacts import payload
from netlab.artifacts.lock import read_lock
from netlab.artifacts.mirror import locate
from netlab.errors import ConfigError
from netlab.files import digest_of
from netlab.hosts.qemu import image, snapshot
from netlab.model.frozen import Frozen
from netlab.storage import leases, work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Kind = Literal[
    "image", "snapshot", "payload", "artifact", "download", "kubernetes-source", "log", "leftover"
]  # in the order in which they are listed
ARTIFACT_DIGITS = 16


class Entry(Frozen):
    """Something in the cache that is used, and removed, as a whole."""

    kind: Kind
    name: str
    path: Path
    size: int
    """Bytes on disk; what several entries share is counted with the first of them."""
    last_used: datetime
    lies_on: tuple[str, ...] = ()
    """Labels of the entries that it cannot be used without."""
    in_use: bool = False
    """Whether a netlab or a machine uses it now."""
    damage: str | None = None
    """What is wrong with it."""

    @property
    def label(self) -> str:
        """Kind and name, which nothing else in the cache has."""
        return f"{self.kind} {self.name}"


def entries(cache: Path, *, deep: bool = False, tell: Callable[[str], None] = lambda _: None) -> list[Entry]:
    """Look at everything in the cache; ``deep`` reads all content, and ``tell`` is told what is read next.

    Other netlabs work on meanwhile: what goes before it has been looked at is not there.
    """
    seen: set[tuple[int, int]] = set()
    looks = (_images, _snapshots, _payloads, _artifacts, _downloads, _built, _logs, _leftovers)
    found = [entry for look in looks for entry in look(cache, deep=deep, tell=tell)]
    here = (entry for entry in found if os.path.lexists(entry.path))
    return [entry.model_copy(update={"size": _size(entry.path, seen)}) for entry in here]


def _images(cache: Path, *, deep: bool, tell: Callable[[str], None]) -> Iterator[Entry]:
    for folder in _visible(cache / "images"):
        if folder.is_dir():
            tell(f"image {folder.name}")
            with _unless_gone():
                wrong = image.damage(folder, deep=deep)
                used = _in_use(cache, leases.image(folder.name))
                yield _entry("image", folder.name, folder, in_use=used, damage=wrong)


def _snapshots(cache: Path, *, deep: bool, tell: Callable[[str], None]) -> Iterator[Entry]:
    for fleet in _visible(cache / "fleets"):
        if not fleet.is_dir():
            continue
        used = _in_use(cache, leases.fleet(fleet.name))
        for folder in _visible(fleet):
            name = f"{fleet.name}/{folder.name}"
            tell(f"snapshot {name}")
            with _unless_gone():
                wrong = snapshot_damage(cache, folder, deep=deep)
                yield _entry("snapshot", name, folder, lies_on=below(folder), in_use=used, damage=wrong)


def snapshot_damage(cache: Path, folder: Path, *, deep: bool = False) -> str | None:
    """Say why nobody can use the snapshot, as far as what it lies on is there; None where somebody can."""
    wrong = snapshot.damage(folder, deep=deep)
    record = snapshot.read(folder)
    if wrong or record is None:
        return wrong
    base = record.base
    found = image.read(cache / "images" / base.image)
    if found is not None and found.digest != base.image_digest:
        return f"the image {base.image} that it lies on was baked again"
    disk = cache / "payloads" / base.payload if base.payload else None
    if disk is not None and disk.exists() and payload.digest_of_payload(disk) != base.payload_digest:
        return f"the payload {base.payload} that it lies on was made again"
    return None


def below(folder: Path) -> tuple[str, ...]:
    """Return the labels of what the snapshot in ``folder`` lies on."""
    record = snapshot.read(folder)
    if record is None:
        return ()
    parent = [f"snapshot {folder.parent.name}/{record.parent}"] if record.parent else []
    disk = [f"payload {record.base.payload}"] if record.base.payload else []
    return (*parent, f"image {record.base.image}", *disk)


def _payloads(cache: Path, *, deep: bool, tell: Callable[[str], None]) -> Iterator[Entry]:
    for place in _visible(cache / "payloads"):
        if place.suffix not in {".json", ".lock"}:
            tell(f"payload {place.name}")
            with _unless_gone():
                wrong = payload.damage(place, deep=deep)
                used = _in_use(cache, leases.payload(place.name))
                yield _entry("payload", place.name, place, in_use=used, damage=wrong)


def _artifacts(cache: Path, *, deep: bool, tell: Callable[[str], None]) -> Iterator[Entry]:
    for file in _visible(cache / "artifacts" / "sha256"):
        tell(f"artifact {file.name[:ARTIFACT_DIGITS]}")
        with _unless_gone():
            wrong = "its content has changed" if deep and digest_of(file) != file.name else None
            yield _entry("artifact", file.name, file, damage=wrong)


def _downloads(cache: Path, *, deep: bool, tell: Callable[[str], None]) -> Iterator[Entry]:  # noqa: ARG001 - as the others
    for path in _visible(cache / "artifacts" / "partial"):
        if path.suffix != ".lock":
            with _unless_gone():
                yield _entry("download", path.name, path)


def _built(cache: Path, *, deep: bool, tell: Callable[[str], None]) -> Iterator[Entry]:
    folder = cache / "kubernetes-source"
    if (folder / "lock.yml").is_file():
        tell("kubernetes-source")
        with _unless_gone():
            yield _entry("kubernetes-source", folder.name, folder, damage=_wrong_build(folder, deep=deep))


def _wrong_build(folder: Path, *, deep: bool) -> str | None:
    """Compare the build with its own lock."""
    try:
        lock = read_lock(folder / "lock.yml")
    except ConfigError as error:
        return error.message
    wanted = [(file.url, file.sha256) for component in lock.components for file in component.files]
    wanted += [(image.url or "", image.sha256 or "") for component in lock.components for image in component.images]
    for url, sha256 in wanted:
        file = Path(locate(url, str(folder / "mirror")))
        if not file.is_file():
            return f"{file.relative_to(folder)} is missing"
        if deep and digest_of(file) != sha256:
            return f"the content of {file.relative_to(folder)} has changed"
    return None


def _logs(cache: Path, *, deep: bool, tell: Callable[[str], None]) -> Iterator[Entry]:  # noqa: ARG001 - as the others
    for path in (*_visible(cache / "logs"), *sorted(cache.glob("*.log")), *sorted(cache.glob("images/*.log"))):
        with _unless_gone():
            yield _entry("log", path.name, path)


def _leftovers(cache: Path, *, deep: bool, tell: Callable[[str], None]) -> Iterator[Entry]:  # noqa: ARG001 - as the others
    for parent in working_folders(cache):
        for path in work.leftovers(parent):
            with _unless_gone():
                yield _entry("leftover", path.relative_to(cache).as_posix(), path)


def working_folders(cache: Path) -> list[Path]:
    """Return the folders in which something may be being made or removed."""
    fleets = cache / "fleets"
    inner = [path for path in _visible(fleets) if path.is_dir()]
    return [cache / "images", cache / "payloads", cache / "artifacts" / "partial", *inner]


def _entry(  # noqa: PLR0913 - the parts of an entry, most by keyword
    kind: Kind,
    name: str,
    path: Path,
    *,
    lies_on: tuple[str, ...] = (),
    in_use: bool = False,
    damage: str | None = None,
) -> Entry:
    return Entry(
        kind=kind,
        name=name,
        path=path,
        size=0,
        last_used=last_used(kind, path),
        lies_on=lies_on,
        in_use=in_use,
        damage=damage,
    )


def _unless_gone() -> contextlib.AbstractContextManager[None]:
    """Pass over what another process removed, or put into its place, after the folder was read."""
    return contextlib.suppress(FileNotFoundError)


def _visible(folder: Path) -> list[Path]:
    with _unless_gone():
        return sorted(folder.glob("[!.]*"))
    return []


def last_used(kind: Kind, path: Path) -> datetime:
    """When an entry was last used, or changed; FileNotFoundError where there is none any more."""
    record = path.with_name(f"{path.name}.json")
    marked = record if kind == "payload" and record.exists() else path
    return datetime.fromtimestamp(marked.lstat().st_mtime, UTC)


def _in_use(cache: Path, name: str) -> bool:
    if not (leases.place(cache) / name).exists():
        return False
    with leases.unused(cache, name) as free:
        return not free


def _size(path: Path, seen: set[tuple[int, int]]) -> int:
    """Bytes that a file, or all in a folder, takes on disk; what has been ``seen`` under another name counts once."""
    total = 0
    for each in _with_content(path):
        with _unless_gone():
            status = each.lstat()
            key = (status.st_dev, status.st_ino)
            total += 0 if key in seen else status.st_blocks * 512
            seen.add(key)
    return total


def _with_content(path: Path) -> Iterator[Path]:
    """Yield a file, or a folder and all below it; a folder that goes meanwhile ends where it was."""
    yield path
    for folder, folders, files in os.walk(path):
        yield from (Path(folder, name) for name in (*folders, *files))
