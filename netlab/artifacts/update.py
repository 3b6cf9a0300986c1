"""A newer version of a component into a lock file: URLs by its pattern, digests as upstream publishes them."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from netlab import assets
from netlab.artifacts import registry
from netlab.artifacts.cache import Cache, difference
from netlab.artifacts.download import Downloader
from netlab.artifacts.lock import Component, File, Image, Lock, load_lock, overlay, read_lock, render_lock
from netlab.errors import ArtifactChanged, ArtifactMissing, UsageError
from netlab.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netlab.artifacts.client import Limits
    from netlab.artifacts.mirror import Sources
    from netlab.progress import Progress

PUBLISHED = ("{url}.sha256", "{url}.sha256sum", "{folder}/{component}.sha256sum")
"""Where upstream projects put checksums; a project without any has its file downloaded and hashed."""


class Change(NamedTuple):
    """What an update makes of a lock file."""

    path: Path
    before: str
    after: str

    @property
    def diff(self) -> str:
        """Return a unified diff; empty when nothing changes."""
        before, after = self.before.splitlines(keepends=True), self.after.splitlines(keepends=True)
        return "".join(difflib.unified_diff(before, after, f"a/{self.path.name}", f"b/{self.path.name}"))

    def write(self) -> None:
        """Replace the file."""
        write_atomic(self.path, self.after.encode(), mode=0o644)


class Upstream:
    """Asks the projects' servers and registries for digests."""

    def __init__(self, cache: Path, progress: Progress, sources: Sources, limits: Limits | None = None) -> None:
        self._loader = Downloader(Cache(cache), sources, limits)
        self._progress = progress
        self._registry_mirror = sources.registry_mirror

    def sha256(self, component: Component, url: str) -> str:
        """Return the checksum that is published beside a file or, without one, that of the file as it is now."""
        label = f"{component.label} {url.rpartition('/')[2]}"
        self._progress.task("upstream", label)
        for pattern in PUBLISHED:
            place = pattern.format(url=url, folder=url.rpartition("/")[0], component=component.name)
            try:
                text = self._loader.text(f"checksum of {label}", place)
            except ArtifactMissing:
                continue
            return find_checksum(text, url, place)
        found = self._loader.learn(label, url)
        self._progress.warn(f"{label}: no checksum is published; the lock has that of what came from {url}")
        return found

    def digest(self, image: Image) -> str:
        """Return the digest behind an image's tag."""
        self._progress.task("upstream", image.name)
        return registry.resolve(image.name, self._registry_mirror)


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


def plan_update(path: Path, words: Sequence[str], upstream: Upstream, progress: Progress) -> Change:
    """Work out what ``NAME=VERSION`` … makes of the lock file ``path``; no words: digests that it lacks.

    A version that is new comes first and so becomes the default; all others stay. A version that is there already has
    its digests compared with what upstream says now: ArtifactChanged when one differs.
    """
    mine = read_lock(path) if path.exists() else Lock(schema_version=1, components=())
    known = overlay(load_lock(), mine)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    for word in words:
        name, version = _name_and_version(word)
        with progress.step(f"ask upstream for {name} {version}"):
            mine = put(mine, _updated(known, name, version, upstream, progress))
    if not words:
        with progress.step("ask the registries for digests that the lock lacks"):
            mine = Lock(schema_version=1, components=tuple(_resolved(each, upstream) for each in mine.components))
    return Change(path, before, render_lock(mine))


def lock_to_change(own: Path | None) -> Path:
    """Return the lock file that an update changes: the user's own or, in a checkout, netlab's."""
    if own is None and assets.installed():
        hint = "name a file with --lock (or artifacts.lock in netlab.yml); it is made if it does not exist"
        raise UsageError("the lock that netlab brings is part of the installation", hint=hint)
    return own or assets.lock()


def _name_and_version(word: str) -> tuple[str, str]:
    name, _, version = word.partition("=")
    try:
        Component(name=name, version=version)
    except ValidationError:
        hint = "for example: netlab artifacts update kubernetes=1.37.1"
        raise UsageError(f"'{word}' is not COMPONENT=VERSION", hint=hint) from None
    return name, version


def put(lock: Lock, component: Component) -> Lock:
    """Put a component into the lock: in its own place, or as the first version of its name."""
    components = list(lock.components)
    keys = [(each.name, each.version) for each in components]
    names = [each.name for each in components]
    if (component.name, component.version) in keys:
        components[keys.index((component.name, component.version))] = component
    else:
        components.insert(names.index(component.name) if component.name in names else len(names), component)
    return Lock(schema_version=1, components=tuple(components))


def bumped_text(text: str, old: str, new: str) -> str:
    """Replace a version inside a URL or an image's name, where it stands as a whole."""
    return re.sub(rf"(?<![0-9.]){re.escape(old)}(?!\.?[0-9])", new, text)


def _updated(known: Lock, name: str, version: str, upstream: Upstream, progress: Progress) -> Component:
    template = known.find(name)
    there = [each for each in known.components if (each.name, each.version) == (name, version)]
    if there:
        return _compared(there[0], upstream)
    return _bumped(template, version, upstream, progress)


def _bumped(template: Component, version: str, upstream: Upstream, progress: Progress) -> Component:
    """Return ``template`` at another version. What does not carry the version in its URL or name stays as it is."""
    bare = Component(name=template.name, version=version)

    def file(old: File) -> File:
        url = bumped_text(old.url, template.version, version)
        return old if url == old.url else old.model_copy(update={"url": url, "sha256": upstream.sha256(bare, url)})

    def image(old: Image) -> Image:
        name = bumped_text(old.name, template.version, version)
        if old.url is None:
            return old if name == old.name else _asked(Image(name=name), upstream)
        url = bumped_text(old.url, template.version, version)
        sha256 = old.sha256 if url == old.url else upstream.sha256(bare, url)
        return old.model_copy(update={"name": name, "url": url, "sha256": sha256})

    files, images = tuple(map(file, template.files)), tuple(map(image, template.images))
    stayed = [old.name for old in template.files if old in files] + [
        old.name for old in template.images if old in images
    ]
    if stayed:
        names = ", ".join(dict.fromkeys(stayed))
        progress.warn(f"{bare.label}: taken over from {template.version}, so look whether they fit: {names}")
    return bare.model_copy(update={"files": files, "images": images})


def _compared(component: Component, upstream: Upstream) -> Component:
    """Resolve the digests that lack; refuse a file whose published checksum is not the lock's."""
    for file in component.files:
        found = upstream.sha256(component, file.url)
        if found != file.sha256:
            raise ArtifactChanged(f"{component.label} {file.name} at {file.url} {difference(file.sha256, found)}")
    return _resolved(component, upstream)


def _resolved(component: Component, upstream: Upstream) -> Component:
    images = tuple(_asked(image, upstream) if _lacks_digest(image) else image for image in component.images)
    return component.model_copy(update={"images": images})


def _asked(image: Image, upstream: Upstream) -> Image:
    return image.model_copy(update={"digest": upstream.digest(image)})


def _lacks_digest(image: Image) -> bool:
    return image.url is None and image.digest is None
