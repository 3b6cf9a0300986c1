"""Asks the projects' servers and registries, or a mirror in their place, for digests that no lock has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from netlab.artifacts import registry
from netlab.artifacts.cache import Cache
from netlab.artifacts.download import Downloader
from netlab.artifacts.images import check_manifest, label_of, tag_url
from netlab.errors import ArtifactChanged, ArtifactMissing

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.artifacts.client import Limits
    from netlab.artifacts.lock import Component, Image
    from netlab.artifacts.mirror import Sources
    from netlab.progress import Progress

PUBLISHED = ("{url}.sha256", "{url}.sha256sum", "{folder}/{component}.sha256sum")
"""Where upstream projects put checksums; a project without any has its file downloaded and hashed."""


class Checksum(NamedTuple):
    """SHA-256 of a file, and whether upstream publishes it (or the file had to be downloaded and hashed)."""

    sha256: str
    published: bool


class Upstream:
    """Knows where to ask."""

    def __init__(self, cache: Path, progress: Progress, sources: Sources, limits: Limits | None = None) -> None:
        self._cache = Cache(cache)
        self.loader = Downloader(self._cache, sources, limits)
        self._progress = progress
        self.sources = sources

    def checksum(self, component: Component, url: str) -> Checksum:
        """Return the checksum that is published beside a file or, without one, that of the file as it is now."""
        label = f"{component.label} {url.rpartition('/')[2]}"
        self._progress.task("upstream", label)
        for pattern in PUBLISHED:
            place = pattern.format(url=url, folder=url.rpartition("/")[0], component=component.name)
            try:
                text = self.loader.text(f"checksum of {label}", place)
            except ArtifactMissing:
                continue
            return Checksum(find_checksum(text, url, place), published=True)
        return Checksum(self.loader.learn(label, url), published=False)

    def digest(self, image: Image) -> str:
        """Return the digest behind an image's tag, as the mirror has it or else the registry."""
        self._progress.task("upstream", image.name)
        found = self.mirrored(image) if self.sources.mirror else None
        return found or registry.resolve(image.name, self.sources.registry_mirror, self.sources.registry_login)

    def mirrored(self, image: Image) -> str | None:
        """Return the digest that the mirror has under an image's tag; None where it does not have the image."""
        try:
            sha256 = self.loader.learn(label_of(image), tag_url(image.name))
        except ArtifactMissing:
            return None
        check_manifest(image.name, self._cache.path(sha256).read_bytes())
        return f"sha256:{sha256}"


def find_checksum(text: str, url: str, place: str) -> str:
    """Find the SHA-256 of the file at ``url`` in a checksum file: alone, or on the line that ends with its name."""
    name = url.rpartition("/")[2]
    lines = [words for line in text.splitlines() if (words := line.split())]
    sums = [words for words in lines if re.fullmatch(r"[0-9a-fA-F]{64}", words[0])]
    named = [words for words in sums if len(words) > 1 and words[-1].rpartition("/")[2].lstrip("*") == name]
    alone = sums if len(sums) == 1 == len(sums[0]) else []
    if not (found := named or alone):
        raise ArtifactChanged(f"{place} holds no SHA-256 of {name}")
    return found[0][0].lower()
