"""``netlab.lock.yml``: what upstream served when the lab first asked, where the lock itself has no digest."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from netlab.artifacts.cache import difference
from netlab.artifacts.lock import Component, Digest, File, Image, ImageName, Item, Lock, Sha256, Url, dump
from netlab.errors import ArtifactChanged
from netlab.files import write_atomic
from netlab.model.frozen import Frozen
from netlab.yamlfile import read_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from netlab.artifacts.lock import Arch

HEADER = """\
---
# What was served when this lab first asked for it; anything else is refused from then on. Commit it with the lab.
# netlab adds to it ('netlab lock' all at once). To take what is served now in place of a pin, delete its line.
"""


class Pins(Frozen):
    """Digests by the URL of a file (or of an image's archive) and by the name of an image."""

    schema_version: Literal[1]
    files: dict[Url, Sha256] = Field(default_factory=dict)
    images: dict[ImageName, Digest] = Field(default_factory=dict)

    @field_validator("files", "images", mode="before")
    @classmethod
    def _may_be_empty(cls, written: object) -> object:
        return {} if written is None else written  # what is left when somebody deletes the last line of it

    def of(self, item: File | Image) -> str | None:
        """Return the digest that is pinned for a file or image of a lock."""
        return self.files.get(item.url) if item.url is not None else self.images.get(item.name)

    def sentence(self) -> str:
        """Count them as ``2 files and 7 images``."""
        counts = (("file", len(self.files)), ("image", len(self.images)))
        return " and ".join(f"{count} {noun}{'s' * (count > 1)}" for noun, count in counts if count)


NONE = Pins(schema_version=1)


def read_pins(path: Path) -> Pins:
    """Read a lab's pins; none where there is no such file. ConfigError with file and line when it is wrong."""
    return read_model(path, Pins, name=str(path)) if path.exists() else NONE


def digest_of_item(item: File | Image) -> str | None:
    """Return what a lock says of a file's or an image's content."""
    return item.digest if isinstance(item, Image) and item.url is None else item.sha256


def fill(lock: Lock, pins: Pins) -> Lock:
    """Put pinned digests where the lock has none; what it says itself stays."""
    return lock.model_copy(update={"components": tuple(filled(each, pins) for each in lock.components)})


def filled(component: Component, pins: Pins) -> Component:
    """As ``fill``, for one component."""
    files, images = (
        [_filled(each, pins) for each in component.files],
        [_filled(each, pins) for each in component.images],
    )
    return component.model_copy(update={"files": tuple(files), "images": tuple(images)})


def _filled(item: Item, pins: Pins) -> Item:
    digest = pins.of(item)
    if digest is None or digest_of_item(item) is not None:
        return item
    return item.model_copy(update={"digest" if item.url is None else "sha256": digest})


def unpinned(components: Iterable[Component], arch: Arch) -> Iterator[tuple[Component, File | Image]]:
    """Yield what hosts of this architecture get and nobody knows the digest of, once each."""
    seen: set[str] = set()
    for component in components:
        for item in component.items(arch):
            key = item.url or item.name
            if digest_of_item(item) is None and key not in seen:
                seen.add(key)
                yield component, item


def used(components: Iterable[Component], arch: Arch, pins: Pins) -> Pins:
    """Return those pins that belong to what hosts of this architecture get of the components."""
    items = [item for each in components for item in each.items(arch)]
    urls, names = {item.url for item in items if item.url}, {item.name for item in items if not item.url}
    files = {url: digest for url, digest in pins.files.items() if url in urls}
    images = {name: digest for name, digest in pins.images.items() if name in names}
    return Pins(schema_version=1, files=files, images=images)


def refuse_conflicts(components: Iterable[Component], pins: Pins, path: Path) -> None:
    """Raise ArtifactChanged where a pin contradicts what the lock says of the components."""
    for component in components:
        for item in component.items():
            said, pinned = digest_of_item(item), pins.of(item)
            if pinned is not None and said != pinned:
                label = f"{component.label}: the pin of {item.url or item.name} in {path}"
                hint = f"if the lock is right, delete the pin's line in {path}"
                raise ArtifactChanged(f"{label} {difference(_bare(said or ''), _bare(pinned))}", hint=hint)


def add_pins(path: Path, new: Pins) -> Pins:
    """Write pins beside those that are there, also those of netlabs at the same moment; return all.

    ArtifactChanged where one of them has pinned something else meanwhile; nothing is written then.
    """
    with _alone(path.parent):
        known = read_pins(path)
        _refuse_others(known.files, new.files, path)
        _refuse_others(known.images, new.images, path)
        files, images = {**known.files, **new.files}, {**known.images, **new.images}
        return _written(path, known, Pins(schema_version=1, files=files, images=images))


def replace_pins(path: Path, components: Iterable[Component], arch: Arch, new: Pins) -> Pins:
    """Write pins in place of all that are there of what hosts of this architecture get of the components; return all.

    What is pinned of anything else stays.
    """
    with _alone(path.parent):
        known = read_pins(path)
        old = used(components, arch, known)
        files = {url: digest for url, digest in known.files.items() if url not in old.files}
        images = {name: digest for name, digest in known.images.items() if name not in old.images}
        return _written(path, known, Pins(schema_version=1, files=files | new.files, images=images | new.images))


def _written(path: Path, known: Pins, wanted: Pins) -> Pins:
    if wanted != known:
        write_atomic(path, render_pins(wanted).encode(), mode=0o644)
    return wanted


def render_pins(pins: Pins) -> str:
    """Render in the one way in which pins are written: sorted, so that a change shows as a small diff."""
    data = {
        key: dict(sorted(value.items())) for key, value in (("files", pins.files), ("images", pins.images)) if value
    }
    return HEADER + dump({"schema_version": 1, **data}, width=10_000)


def _refuse_others(known: Mapping[str, str], new: Mapping[str, str], path: Path) -> None:
    for key, digest in new.items():
        if known.get(key, digest) != digest:
            message = f"{key} {difference(_bare(known[key]), _bare(digest), f'what {path} says')}"
            raise ArtifactChanged(message, hint="somebody pinned it at the same moment, and was served something else")


def _bare(digest: str) -> str:
    return digest.removeprefix("sha256:")


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder itself, for a moment: a lock of its own would be one more file beside the user's."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
