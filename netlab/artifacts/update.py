"""A newer version of a component into a lock file: URLs by its pattern, digests as upstream publishes them."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from netlab import assets
from netlab.artifacts.cache import difference
from netlab.artifacts.lock import (
    Component,
    File,
    Image,
    Item,
    Lock,
    load_lock,
    name_and_version,
    overlay,
    read_lock,
    render_lock,
)
from netlab.errors import ArtifactChanged, UsageError
from netlab.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netlab.artifacts.upstream import Upstream
    from netlab.progress import Progress


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


def plan_update(path: Path, words: Sequence[str], upstream: Upstream, progress: Progress) -> Change:
    """Work out what ``NAME=VERSION`` … makes of the lock file ``path``; no words: digests that are null.

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
        with progress.step("ask for the digests that are null"):
            mine = Lock(
                schema_version=1, components=tuple(_resolved(each, upstream, progress) for each in mine.components)
            )
    return Change(path, before, render_lock(mine))


def lock_to_change(own: Path | None) -> Path:
    """Return the lock file that an update changes: the user's own or, in a checkout, netlab's."""
    if own is None and assets.installed():
        hint = "name a file with --lock (or artifacts.lock in netlab.yml); it is made if it does not exist"
        raise UsageError("the lock that comes with netlab is part of the installation", hint=hint)
    return own or assets.lock()


def _name_and_version(word: str) -> tuple[str, str]:
    name, version = name_and_version(word)
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
        return _compared(there[0], upstream, progress)
    return _bumped(template, version, upstream, progress)


def _bumped(template: Component, version: str, upstream: Upstream, progress: Progress) -> Component:
    """Return ``template`` at another version. What does not carry the version in its URL or name stays as it is."""
    bare = Component(name=template.name, version=version)

    def file(old: File) -> File:
        url = bumped_text(old.url, template.version, version)
        return (
            old
            if url == old.url
            else old.model_copy(update={"url": url, "sha256": _sha256(bare, url, upstream, progress)})
        )

    def image(old: Image) -> Image:
        name = bumped_text(old.name, template.version, version)
        if old.url is None:
            return old if name == old.name else _asked(Image(name=name), upstream)
        url = bumped_text(old.url, template.version, version)
        sha256 = old.sha256 if url == old.url else _sha256(bare, url, upstream, progress)
        return old.model_copy(update={"name": name, "url": url, "sha256": sha256})

    files, images = tuple(map(file, template.files)), tuple(map(image, template.images))
    stayed = [old.name for old in template.files if old in files] + [
        old.name for old in template.images if old in images
    ]
    if stayed:
        names = ", ".join(dict.fromkeys(stayed))
        progress.warn(f"{bare.label}: taken over from {template.version}, so look whether they fit: {names}")
    return bare.model_copy(update={"files": files, "images": images})


def _sha256(component: Component, url: str, upstream: Upstream, progress: Progress) -> str:
    found = upstream.checksum(component, url)
    if not found.published:
        label = f"{component.label} {url.rpartition('/')[2]}"
        progress.warn(f"{label}: no checksum is published; the lock has that of what came from {url}")
    return found.sha256


def _compared(component: Component, upstream: Upstream, progress: Progress) -> Component:
    """Resolve the digests that are null; refuse a file whose published checksum is not the lock's."""
    for file in component.files:
        found = _sha256(component, file.url, upstream, progress) if file.sha256 else None
        if file.sha256 and found and found != file.sha256:
            raise ArtifactChanged(f"{component.label} {file.name} at {file.url} {difference(file.sha256, found)}")
    return _resolved(component, upstream, progress)


def _resolved(component: Component, upstream: Upstream, progress: Progress) -> Component:
    def resolved(item: Item) -> Item:
        if item.url and item.sha256 is None:
            return item.model_copy(update={"sha256": _sha256(component, item.url, upstream, progress)})
        return _asked(item, upstream) if isinstance(item, Image) and not (item.url or item.digest) else item

    files, images = tuple(map(resolved, component.files)), tuple(map(resolved, component.images))
    return component.model_copy(update={"files": files, "images": images})


def _asked(image: Image, upstream: Upstream) -> Image:
    return image.model_copy(update={"digest": upstream.digest(image)})
