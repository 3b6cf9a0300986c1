"""What a registry's image is made of: index → manifest → configuration and layers, each named by its own digest.

The cache and a mirror hold these parts, not an archive: so every byte can be checked against the lock's one digest.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from netlab.artifacts.lock import HOW_TO_PIN, IMAGE, Image
from netlab.errors import ArtifactChanged, ArtifactMissing, NotForArchitecture, NotLocked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from netlab.artifacts.cache import Cache
    from netlab.artifacts.lock import Arch

MAX_MANIFEST_BYTES = 4 << 20


class Part(NamedTuple):
    """One blob of an image; ``kind`` is where the registry's HTTP interface has it: ``manifests`` or ``blobs``."""

    kind: str
    sha256: str


class Parts(NamedTuple):
    """All of an image for one architecture."""

    top: Part | None
    """The index of architectures; None: the lock's digest is the manifest's own."""
    manifest: Part
    blobs: tuple[Part, ...]

    def all(self) -> tuple[Part, ...]:
        """Every part, in the order in which they become known."""
        return (*((self.top,) if self.top else ()), self.manifest, *self.blobs)


def locked_digest(image: Image) -> str:
    """Return the hexadecimal digest of an image of a registry; NotLocked while neither lock nor pins have one."""
    if image.digest is None:
        raise NotLocked(f"image {image.name}: the lock has no digest of it yet", hint=HOW_TO_PIN)
    return image.digest.removeprefix("sha256:")


def label_of(image: Image) -> str:
    """Name of an image in messages."""
    return f"image {image.name}"


def url_of(image: Image, part: Part) -> str:
    """Where the registry's HTTP interface has a part; also its place below a mirror."""
    host, path = repository(image.name)
    return f"https://{host}/v2/{path}/{part.kind}/sha256:{part.sha256}"


def repository(name: str) -> tuple[str, str]:
    """Split an image's name into the registry's host and the path there, without the tag."""
    found = IMAGE.fullmatch(name)
    if found is None:
        raise ValueError(f"not an image's whole name: {name}")
    return found["host"], found["path"]


def tag_url(name: str) -> str:
    """Where the registry's HTTP interface has what a tag names; also its place below a mirror."""
    host, path = repository(name)
    return f"https://{host}/v2/{path}/manifests/{name.rpartition(':')[2]}"


def check_manifest(name: str, raw: bytes) -> None:
    """Raise ArtifactChanged where an answer is neither an image's manifest nor an index of such."""
    image, document = Image(name=name), _parsed(raw)
    if document is None:
        raise _no_image(image)
    if "manifests" in document:
        entries = document["manifests"]
        for entry in entries if isinstance(entries, list) and entries else [None]:
            _hex(image, entry)
    else:
        _blobs(image, document)


def explore(image: Image, arch: Arch, get: Callable[[Part], Path]) -> Parts:
    """Follow the lock's digest down; ``get`` returns the checked file of a part. Nothing but manifests is got."""
    top = Part("manifests", locked_digest(image))
    document = _document(image, get(top))
    if "manifests" not in document:
        return Parts(None, top, _blobs(image, document))
    manifest = Part("manifests", _pick(image, document, arch))
    return Parts(top, manifest, _blobs(image, _document(image, get(manifest))))


def cached_parts(cache: Cache, image: Image, arch: Arch, sound: Callable[[Part], bool]) -> Parts | None:
    """Return the image's parts when the cache has every one and each is ``sound``."""

    def get(part: Part) -> Path:
        if not sound(part):
            raise ArtifactMissing(f"image {image.name} is not in the cache")
        return cache.path(part.sha256)

    try:
        parts = explore(image, arch, get)
    except ArtifactMissing:
        return None
    return parts if all([sound(part) for part in parts.blobs]) else None  # noqa: C419 - each one is looked at


def _document(image: Image, file: Path) -> dict[str, Any]:
    document = _parsed(file.read_bytes()) if file.stat().st_size <= MAX_MANIFEST_BYTES else None
    if document is None:
        raise _no_image(image)
    return document


def _parsed(raw: bytes) -> dict[str, Any] | None:
    with contextlib.suppress(ValueError, RecursionError):
        document = json.loads(raw.decode()) if len(raw) <= MAX_MANIFEST_BYTES else None
        return document if isinstance(document, dict) else None
    return None


def _pick(image: Image, index: dict[str, Any], arch: Arch) -> str:
    """Return the digest of the manifest for Linux on ``arch``."""
    try:
        for entry in index["manifests"]:
            platform = entry.get("platform", {})
            if (platform.get("os"), platform.get("architecture")) == ("linux", arch):
                return _hex(image, entry)
    except (TypeError, AttributeError):
        raise _no_image(image) from None
    raise NotForArchitecture(f"image {image.name} does not exist for {arch}")


def _blobs(image: Image, manifest: dict[str, Any]) -> tuple[Part, ...]:
    """Return configuration and layers; a layer may be there twice."""
    layers = manifest.get("layers")
    entries = [manifest.get("config"), *(layers if isinstance(layers, list) else [None])]
    return tuple(dict.fromkeys(Part("blobs", _hex(image, entry)) for entry in entries))


def _hex(image: Image, entry: Any) -> str:
    digest = entry.get("digest") if isinstance(entry, dict) else None
    algorithm, _, value = str(digest).partition(":")
    if algorithm != "sha256" or len(value) != 64 or not set(value) <= set("0123456789abcdef"):
        raise _no_image(image)
    return value


def _no_image(image: Image) -> ArtifactChanged:
    what = f"the lock's digest {image.digest} names" if image.digest else "the registry or mirror says of its tag"
    return ArtifactChanged(f"image {image.name}: what {what} is not the manifest of an image")
