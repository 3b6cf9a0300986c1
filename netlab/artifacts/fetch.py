"""Everything that some components need on hosts of one architecture → in the cache."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from netlab.artifacts import registry
from netlab.artifacts.cache import Cache, difference
from netlab.artifacts.download import Wanted
from netlab.artifacts.images import cached_parts, explore, label_of, locked_digest, url_of
from netlab.artifacts.lock import locked_sha256
from netlab.artifacts.mirror import Sources
from netlab.artifacts.upstream import Upstream
from netlab.errors import ArtifactChanged, ArtifactError, ArtifactMissing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netlab.artifacts.client import Limits
    from netlab.artifacts.download import Downloader
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

    Nothing is downloaded while the digest of one of the images is missing in the lock.
    """
    sources = sources or Sources()
    store = Cache(cache)
    images = registry_images(components, arch)
    for image in images:
        locked_digest(image)
    upstream = Upstream(cache, progress, sources, limits)
    files = wanted_files(components, arch)
    with progress.step(f"fetch {len(files)} files and {len(images)} images for {arch}"):
        upstream.loader.fetch(files, progress)
        for image in images:
            with store.claim(f"image-{locked_digest(image)}", threading.Event()):
                _have_image(image, arch, store, upstream, progress)


def wanted_files(components: Sequence[Component], arch: Arch) -> list[Wanted]:
    """Files and image archives of the components: each has a URL and a SHA-256. NotLocked where it has none yet."""
    found = []
    for each in components:
        found += [
            Wanted(label := f"{each.label} {file.name}", file.url, locked_sha256(file, label))
            for file in each.files_for(arch)
        ]
        found += [
            Wanted(label_of(image), image.url, locked_sha256(image, label_of(image)))
            for image in each.images_for(arch)
            if image.url
        ]
    return found


def wanted_part(image: Image, part: Part) -> Wanted:
    """Return a part of a registry's image, at the URL that a mirror has it under."""
    return Wanted(label_of(image), url_of(image, part), part.sha256)


def registry_images(components: Sequence[Component], arch: Arch) -> list[Image]:
    """Images of the components that come from a registry; one that several components name is there once."""
    return list(dict.fromkeys(image for each in components for image in each.images_for(arch) if image.url is None))


def _have_image(image: Image, arch: Arch, store: Cache, upstream: Upstream, progress: Progress) -> None:
    progress.task("artifacts", label_of(image))

    def sound(part: Part) -> bool:
        return store.sound(part.sha256, label_of(image), progress.warn)

    if cached_parts(store, image, arch, sound) is not None:
        return
    if not upstream.sources.mirror or not _has_mirrored(image, arch, store, upstream, progress):
        _pull(image, arch, store, upstream.sources)


def _has_mirrored(image: Image, arch: Arch, store: Cache, upstream: Upstream, progress: Progress) -> bool:
    try:
        _from_mirror(image, arch, store, upstream.loader, progress)
    except ArtifactMissing as error:
        _refuse_another(image, upstream.sources.mirror, upstream.mirrored(image))
        progress.task("artifacts", f"{error.message}; the registry is asked")
        return False
    return True


def _pull(image: Image, arch: Arch, store: Cache, sources: Sources) -> None:
    try:
        registry.pull(store, image, arch, sources.registry_mirror, sources.registry_login)
    except ArtifactMissing as error:
        _refuse_another(image, "its registry", _behind_tag(image, sources))
        raise error from None


def _behind_tag(image: Image, sources: Sources) -> str | None:
    with contextlib.suppress(ArtifactError):
        return registry.resolve(image.name, sources.registry_mirror, sources.registry_login)
    return None


def _refuse_another(image: Image, place: str, found: str | None) -> None:
    """Raise ArtifactChanged where another image is behind the tag now, so that the one of the lock is not there."""
    if found is not None and image.digest is not None and found != image.digest:
        hint = "nothing of it was kept; fetch it from another place with --mirror, or ask its publisher"
        changed = difference(image.digest.removeprefix("sha256:"), found.removeprefix("sha256:"))
        raise ArtifactChanged(f"{label_of(image)} of {place} {changed}", hint=hint)


def _from_mirror(image: Image, arch: Arch, store: Cache, loader: Downloader, progress: Progress) -> None:
    def get(part: Part) -> Path:
        loader.fetch([wanted_part(image, part)], progress)
        return store.path(part.sha256)

    parts = explore(image, arch, get)
    loader.fetch([wanted_part(image, part) for part in parts.blobs], progress)
