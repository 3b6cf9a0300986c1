"""Everything that some components need on hosts of one architecture → in the cache."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from netlab.artifacts import registry
from netlab.artifacts.cache import Cache
from netlab.artifacts.download import Downloader, Wanted
from netlab.artifacts.images import cached_parts, explore, label_of, locked_digest, url_of
from netlab.artifacts.mirror import Sources
from netlab.errors import ArtifactMissing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netlab.artifacts.client import Limits
    from netlab.artifacts.images import Part
    from netlab.artifacts.lock import Arch, Component, Image
    from netlab.progress import Progress


def fetch(  # noqa: PLR0913 - what, for whom, whereto, and how
    components: Sequence[Component],
    arch: Arch,
    cache: Path,
    progress: Progress,
    *,
    sources: Sources | None = None,
    limits: Limits | None = None,
) -> None:
    """Have all files and images of ``components`` for ``arch`` in the cache; ArtifactError says what cannot be had.

    Nothing is downloaded while the lock lacks the digest of one of the images.
    """
    sources = sources or Sources()
    store = Cache(cache)
    images = registry_images(components, arch)
    for image in images:
        locked_digest(image)
    loader = Downloader(store, sources, limits)
    files = wanted_files(components, arch)
    with progress.step(f"fetch {len(files)} files and {len(images)} images for {arch}"):
        loader.fetch(files, progress)
        for image in images:
            with store.claim(f"image-{locked_digest(image)}", threading.Event()):
                _have_image(image, arch, store, loader, sources, progress)


def wanted_files(components: Sequence[Component], arch: Arch) -> list[Wanted]:
    """Files and image archives of the components: each has a URL and a SHA-256 in the lock."""
    found = []
    for each in components:
        found += [Wanted(f"{each.label} {file.name}", file.url, file.sha256) for file in each.files_for(arch)]
        archives = [image for image in each.images_for(arch) if image.url and image.sha256]
        found += [Wanted(label_of(image), image.url, image.sha256) for image in archives if image.url and image.sha256]
    return found


def wanted_part(image: Image, part: Part) -> Wanted:
    """Return a part of a registry's image, at the URL that a mirror has it under."""
    return Wanted(label_of(image), url_of(image, part), part.sha256)


def registry_images(components: Sequence[Component], arch: Arch) -> list[Image]:
    """Images of the components that come from a registry; one that several components name is there once."""
    return list(dict.fromkeys(image for each in components for image in each.images_for(arch) if image.url is None))


def _have_image(  # noqa: PLR0913, PLR0917 - one step of fetch, with all that it has
    image: Image, arch: Arch, store: Cache, loader: Downloader, sources: Sources, progress: Progress
) -> None:
    progress.task("artifacts", label_of(image))

    def sound(part: Part) -> bool:
        return store.sound(part.sha256, label_of(image), progress.warn)

    if cached_parts(store, image, arch, sound) is not None:
        return
    if sources.mirror:
        try:
            _from_mirror(image, arch, store, loader, progress)
        except ArtifactMissing as error:
            progress.task("artifacts", f"{error.message}; the registry is asked")
        else:
            return
    registry.pull(store, image, arch, sources.registry_mirror)


def _from_mirror(image: Image, arch: Arch, store: Cache, loader: Downloader, progress: Progress) -> None:
    def get(part: Part) -> Path:
        loader.fetch([wanted_part(image, part)], progress)
        return store.path(part.sha256)

    parts = explore(image, arch, get)
    loader.fetch([wanted_part(image, part) for part in parts.blobs], progress)
