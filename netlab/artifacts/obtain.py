"""What some components need → pinned where the lock has no digest, then in the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netlab.artifacts.fetch import fetch
from netlab.artifacts.lock import HOW_TO_PIN
from netlab.artifacts.pins import NONE, Pins, add_pins, filled, read_pins, refuse_conflicts, unpinned
from netlab.artifacts.upstream import Upstream
from netlab.errors import ArtifactChanged, NotLocked
from netlab.spec.file import PINS_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netlab.artifacts.client import Limits
    from netlab.artifacts.lock import Arch, Component, File, Image
    from netlab.artifacts.mirror import Sources
    from netlab.progress import Progress


class Origin(NamedTuple):
    """Where a lab's artifacts come from, and what it accepts."""

    sources: Sources
    pins: Path
    """Its ``netlab.lock.yml``, which need not exist."""
    locked: bool = False
    """Whether nothing new may be pinned."""


def obtain(  # noqa: PLR0913 - what, for whom, whereto, and how
    components: Sequence[Component],
    arch: Arch,
    cache: Path,
    progress: Progress,
    *,
    origin: Origin,
    limits: Limits | None = None,
) -> tuple[Component, ...]:
    """Have everything in the cache, return the components with all digests; ArtifactError says what cannot be had."""
    known = pin(components, arch, cache, progress, origin=origin, limits=limits)
    try:
        fetch(known, arch, cache, progress, sources=origin.sources, limits=limits)
    except ArtifactChanged as error:
        error.hint = _about_pins(error, read_pins(origin.pins), origin.pins) or error.hint
        raise
    return known


def pin(  # noqa: PLR0913 - as obtain
    components: Sequence[Component],
    arch: Arch,
    cache: Path,
    progress: Progress,
    *,
    origin: Origin,
    limits: Limits | None = None,
) -> tuple[Component, ...]:
    """Pin what has no digest yet and return the components with all of them; all is pinned or nothing."""
    pins = read_pins(origin.pins)
    known = tuple(filled(each, pins) for each in components)
    refuse_conflicts(known, pins, origin.pins)
    waiting = list(unpinned(known, arch))
    if not waiting:
        return known
    if origin.locked:
        raise _not_pinned([item for _, item in waiting])
    upstream = Upstream(cache, progress, origin.sources, limits)
    with progress.step("ask for the digests that the lock does not have"):
        new = _asked(waiting, upstream)
    total = add_pins(origin.pins, new)
    progress.note(f"pinned {new.sentence()} in {PINS_NAME}")
    return tuple(filled(each, total) for each in known)


def _asked(waiting: Sequence[tuple[Component, File | Image]], upstream: Upstream) -> Pins:
    files, images = dict(NONE.files), dict(NONE.images)
    for component, item in waiting:
        if item.url is not None:
            files[item.url] = upstream.checksum(component, item.url).sha256
        else:
            images[item.name] = upstream.digest(item)
    return Pins(schema_version=1, files=files, images=images)


def _not_pinned(items: Sequence[File | Image]) -> NotLocked:
    names = ", ".join(item.url or item.name for item in items)
    message = f"nothing may be pinned, but neither the lock nor {PINS_NAME} has the digest of: {names}"
    return NotLocked(message, hint=f"{HOW_TO_PIN}; without --locked (artifacts.locked) the first use does it, too")


def _about_pins(error: ArtifactChanged, pins: Pins, path: Path) -> str | None:
    """Say where the expected digest was pinned, when it was."""
    expected = {digest.removeprefix("sha256:") for digest in (*pins.files.values(), *pins.images.values())}
    if not any(digest in error.message for digest in expected):
        return None
    return (
        f"the expected one was pinned in {path} at the first use; nothing else was kept. Fetch it from another place "
        "(--mirror), ask its publisher why it changed or, to accept the change, delete its line there"
    )
