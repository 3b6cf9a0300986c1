"""A folder that serves as ``--mirror`` where there is no network: artifacts at the places of their URLs."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from netlab.artifacts.cache import Cache
from netlab.artifacts.download import Wanted
from netlab.artifacts.fetch import registry_images, wanted_files, wanted_part
from netlab.artifacts.images import explore, label_of, locked_digest, tag_url
from netlab.artifacts.mirror import locate
from netlab.artifacts.pins import NONE, replace_pins, used
from netlab.files import digest_of
from netlab.spec.file import PINS_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlab.artifacts.images import Part
    from netlab.artifacts.lock import Arch, Component, Image
    from netlab.artifacts.pins import Pins

READABLE = 0o644


def write_bundle(components: Sequence[Component], arch: Arch, cache: Path, folder: Path, pins: Pins = NONE) -> int:
    """Lay everything that is in the cache for ``components`` into ``folder``; return how many files were new.

    Those of the ``pins`` that belong to them come as ``netlab.lock.yml``, in place of older ones. Several architectures
    may share a folder. ArtifactMissing or ArtifactChanged when the cache does not have all of it.
    """
    store = Cache(cache)
    new = 0
    for wanted in _everything(components, arch, store):
        place = Path(locate(wanted.url, str(folder)))
        if not (place.is_file() and digest_of(place) == wanted.sha256):
            _copy(store.checked(wanted.sha256, wanted.label), place)
            new += 1
    place, mine = folder / PINS_NAME, used(components, arch, pins)
    if mine != NONE or place.exists():
        replace_pins(place, components, arch, mine)  # as the files have been that another pin, or lock, was about
    return new


def _everything(components: Sequence[Component], arch: Arch, store: Cache) -> Iterator[Wanted]:
    yield from wanted_files(components, arch)
    for image in registry_images(components, arch):
        parts = explore(image, arch, partial(_checked, store, image))
        yield Wanted(
            label_of(image), tag_url(image.name), locked_digest(image)
        )  # what a tag means is asked of a mirror, too
        yield from (wanted_part(image, part) for part in parts.all())


def _checked(store: Cache, image: Image, part: Part) -> Path:
    return store.checked(part.sha256, label_of(image))


def _copy(entry: Path, place: Path) -> None:
    """Copy under another name first, so that a bundle holds no half file."""
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f".{place.name}.new")
    shutil.copyfile(entry, temporary)
    temporary.chmod(READABLE)
    temporary.replace(place)
