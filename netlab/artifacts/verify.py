"""What of the lock is in the cache, and whether it is what the lock says."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from netlab.artifacts.cache import Cache
from netlab.artifacts.images import explore, label_of
from netlab.artifacts.lock import HOW_TO_PIN, locked_sha256
from netlab.errors import ArtifactChanged, ArtifactError, ArtifactMissing, NotForArchitecture, NotLocked
from netlab.model.frozen import Frozen
from netlab.progress import size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from netlab.artifacts.lock import Arch, Component, File, Image

    Read = Callable[[str, str], Path]

Kind = Literal["file", "image"]
State = Literal["cached", "missing", "changed", "unavailable", "unlocked"]
"""``unlocked``: neither the lock nor the pins have a digest of it. ``unavailable``: not for this architecture."""


class Checked(Frozen):
    """A file or an image of a component, and how it stands in the cache; ``size`` is bytes there."""

    component: str
    version: str
    kind: Kind
    name: str
    state: State
    size: int = 0
    message: str = ""
    """What is wrong with it."""


def look(components: Sequence[Component], arch: Arch, cache: Path, *, deep: bool) -> list[Checked]:
    """Look at everything that hosts of this architecture would get; ``deep`` compares all content with the lock."""
    store = Cache(cache)
    read = store.compared if deep else store.present
    return [found for component in components for found in _look(component, arch, read)]


def refuse(found: Sequence[Checked]) -> None:
    """Raise what is worst in ``found``, if something is wrong."""
    for state, error, hint in _WRONG:
        wrong = [each for each in found if each.state == state]
        if wrong:
            raise error(f"{len(wrong)} of {len(found)} artifacts {state}: {wrong[0].message}", hint=hint)


def table(components: Sequence[Component], found: Sequence[Checked]) -> Iterator[str]:
    """Yield the lines of a table, one component per line, and below it what is wrong with its parts."""
    wide = max((len(each.label) for each in components), default=0)
    for component in components:
        mine = [each for each in found if (each.component, each.version) == (component.name, component.version)]
        kinds = ", ".join(filter(None, (_counted(kind, mine) for kind in ("file", "image"))))
        yield f"{component.label:<{wide}}  {kinds} cached ({size(sum(each.size for each in mine))})"
        yield from (f"  {each.state}: {each.message}" for each in mine if each.state in {"changed", "unavailable"})
        unlocked = sum(each.state == "unlocked" for each in mine)
        if unlocked:
            words = f"{component.name}={component.version}"
            yield f"  {unlocked} not pinned yet: the first use does it, or 'netlab lock {words}'"


def _counted(kind: str, found: Sequence[Checked]) -> str:
    """Render as ``2 of 3 files``; nothing without any."""
    mine = [each for each in found if each.kind == kind]
    return f"{sum(each.state == 'cached' for each in mine)} of {len(mine)} {kind}s" if mine else ""


_WRONG: tuple[tuple[State, type[ArtifactError], str], ...] = (
    ("changed", ArtifactChanged, "'netlab artifacts fetch' downloads them again"),
    ("missing", ArtifactMissing, "'netlab artifacts fetch' downloads them"),
    ("unavailable", NotForArchitecture, "another version may have it; --arch names another kind of hosts"),
    ("unlocked", NotLocked, HOW_TO_PIN),
)


def _look(component: Component, arch: Arch, read: Read) -> Iterator[Checked]:
    try:
        files, images = component.files_for(arch), component.images_for(arch)
    except NotForArchitecture as error:
        yield _judge(component, "file", f"for {arch}", partial(_fail, error))
        return
    for file in files:
        label = f"{component.label} {file.name}"
        yield _judge(component, "file", file.name, partial(_file_size, file, label, read))
    for image in images:
        yield _judge(component, "image", image.name, partial(_image_size, image, arch, read))


def _judge(component: Component, kind: Kind, name: str, measure: Callable[[], int]) -> Checked:
    count, state, message = 0, "cached", ""
    try:
        count = measure()
    except ArtifactError as error:
        state, message = _STATES[type(error)], error.message
    return Checked.model_validate(
        {
            "component": component.name,
            "version": component.version,
            "kind": kind,
            "name": name,
            "state": state,
            "size": count,
            "message": message,
        }
    )


_STATES: dict[type[ArtifactError], State] = {error: state for state, error, _ in _WRONG}


def _file_size(item: File | Image, label: str, read: Read) -> int:
    return _size(locked_sha256(item, label), label, read)


def _size(sha256: str, label: str, read: Read) -> int:
    return read(sha256, label).stat().st_size


def _image_size(image: Image, arch: Arch, read: Read) -> int:
    if image.url:
        return _file_size(image, label_of(image), read)
    parts = explore(image, arch, lambda part: read(part.sha256, label_of(image)))
    return sum(_size(part.sha256, label_of(image), read) for part in parts.all())


def _fail(error: NotForArchitecture) -> int:
    raise error
