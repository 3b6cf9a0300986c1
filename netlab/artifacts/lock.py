"""``artifacts/lock.yml`` → ``Lock``: URL and digest of everything that is downloaded for clusters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeVar
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, Field, model_validator

from netlab import assets, yamlcore
from netlab.artifacts.mirror import segments
from netlab.errors import NotForArchitecture, NotLocked
from netlab.excerpt import first_words
from netlab.model.frozen import Frozen
from netlab.suggest import did_you_mean
from netlab.yamlfile import read_model

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from pathlib import Path

Arch = Literal["amd64", "arm64"]
ARCHES: tuple[Arch, ...] = ("amd64", "arm64")

HEADER = """\
---
# Everything that netlab downloads to make clusters: docs/artifacts.md. Of several versions of a component the first is
# the default. 'netlab artifacts update COMPONENT=VERSION' adds one; 'netlab artifacts update' asks the registries for
# the digests that are null. Until then each lab's first use asks for them and pins the answers in its netlab.lock.yml.
"""

HOW_TO_PIN = "'netlab lock' asks the registry or the mirror and pins the answer in netlab.lock.yml"


def _matching(pattern: str, what: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(f"this must be {what}, not '{first_words(text, 80)}'")
        return text

    return check


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        plain = parts.scheme in {"http", "https"} and not (parts.query or parts.fragment or "@" in parts.netloc)
        plain = plain and bool(parts.hostname) and parts.port != 0
    except ValueError:
        plain = False
    if not (plain and re.fullmatch(r"[!-~]+", text) and segments(text)):
        raise ValueError("this must be a plain URL, https://HOST/PATH without query and dots that lead elsewhere")
    return text


_SEGMENT = r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
IMAGE = re.compile(
    rf"(?P<host>localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)*(?:\.[a-z0-9-]+|:[0-9]{{1,5}}))"
    rf"/(?P<path>{_SEGMENT}(?:/{_SEGMENT})*):(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})"
)

ComponentName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=63)]


def bare_version(text: str) -> str:
    """Return a version as locks have it: ``v1.37.1``, as projects tag it, is 1.37.1."""
    return re.sub(r"^v(?=[0-9])", "", text)


Version = Annotated[
    str,
    AfterValidator(_matching(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,62}", "a version")),
    AfterValidator(bare_version),
]
FileName = Annotated[str, AfterValidator(_matching(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,126}", "a file's name"))]
Url = Annotated[str, AfterValidator(_url)]
Sha256 = Annotated[str, AfterValidator(_matching(r"[0-9a-f]{64}", "a SHA-256 in 64 lower-case hexadecimal digits"))]
Digest = Annotated[str, AfterValidator(_matching(r"sha256:[0-9a-f]{64}", "a digest, sha256: and 64 digits"))]
ImageName = Annotated[str, AfterValidator(_matching(IMAGE.pattern, "an image's whole name, HOST/PATH:TAG"))]


class File(Frozen):
    """A file behind a URL; without ``arch`` it serves every architecture."""

    name: FileName
    arch: Arch | None = None
    url: Url
    sha256: Sha256 | None
    """None: it is pinned at its first use."""
    size: int | None = Field(default=None, strict=True)
    """Bytes, where the lock's author knew."""


class Image(Frozen):
    """A container image: from a registry (``digest``), or an archive of the docker-archive format behind a URL."""

    name: ImageName
    digest: Digest | None = None
    """Of the manifest or, for several architectures, of their index; None: it is pinned at its first use."""
    arch: Arch | None = None
    url: Url | None = None
    sha256: Sha256 | None = None
    """Of the archive; ``null``: it is pinned at its first use."""
    size: int | None = Field(default=None, strict=True)
    """Bytes of the archive, where the lock's author knew."""

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if (self.url is None and self.sha256) or (self.url and "sha256" not in self.model_fields_set):
            raise ValueError("an image archive needs both 'url' and 'sha256'")
        if self.url and self.digest:
            raise ValueError("an image has either a 'digest', for a registry, or 'url' and 'sha256', for an archive")
        if self.arch and not self.url:
            raise ValueError("'arch' belongs to an image archive; a registry's digest covers all architectures")
        return self


Item = TypeVar("Item", File, Image)


def locked_sha256(item: File | Image, label: str) -> str:
    """Return the SHA-256 of a file or of an image's archive; NotLocked while neither lock nor pins have one."""
    if item.sha256 is None:
        raise NotLocked(f"{label}: the lock has no checksum of it yet", hint=HOW_TO_PIN)
    return item.sha256


class Component(Frozen):
    """One version of something that clusters are made of."""

    name: ComponentName
    version: Version
    note: str = ""
    files: tuple[File, ...] = ()
    images: tuple[Image, ...] = ()

    @property
    def label(self) -> str:
        """Name and version, for messages."""
        return f"{self.name} {self.version}"

    def files_for(self, arch: Arch) -> tuple[File, ...]:
        """Files that a host of this architecture gets; NotForArchitecture when one has others only."""
        return self._fitting(self.files, arch)

    def images_for(self, arch: Arch) -> tuple[Image, ...]:
        """Images that a host of this architecture gets; as ``files_for``."""
        return self._fitting(self.images, arch)

    def items(self, arch: Arch | None = None) -> list[File | Image]:
        """Return files and images, all or those that a host of this architecture gets; errors as ``files_for``."""
        files, images = (self.files_for(arch), self.images_for(arch)) if arch else (self.files, self.images)
        return [*files, *images]

    def without(self, names: Collection[str]) -> Component:
        """Leave out the images whose path ends in one of these names."""
        kept = tuple(each for each in self.images if _last_name(each.name) not in names)
        return self if kept == self.images else self.model_copy(update={"images": kept})

    def _fitting(self, items: tuple[Item, ...], arch: Arch) -> tuple[Item, ...]:
        found = tuple(item for item in items if item.arch in {None, arch})
        lacking = {item.name for item in items} - {item.name for item in found}
        if lacking:
            raise NotForArchitecture(f"{self.label}: the lock has no {min(lacking)} for {arch}")
        return found

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        for items in (self.files, self.images):
            _refuse_twins([(item.name, arch) for item in items for arch in ([item.arch] if item.arch else ARCHES)])
        return self


class Lock(Frozen):
    """All versions of all components; of several versions of one the first is the default."""

    schema_version: Literal[1]
    components: tuple[Component, ...]

    def find(self, name: str, version: str = "") -> Component:
        """Find a component; no version: its default. NotLocked with what there is otherwise."""
        named, version = [each for each in self.components if each.name == name], bare_version(version)
        if not named:
            names = dict.fromkeys(each.name for each in self.components)
            message = f"the lock has no component '{name}'{did_you_mean(name, names)}"
            raise NotLocked(message, hint=f"it has: {', '.join(names)}")
        found = [each for each in named if version in {"", each.version}]
        if not found:
            known = ", ".join(each.version for each in named)
            hint = f"it has: {known}; 'netlab artifacts update {name}={version}' adds one"
            raise NotLocked(f"the lock has no version {version} of {name}", hint=hint)
        return found[0]

    def select(self, words: Iterable[str] = ()) -> tuple[Component, ...]:
        """Find what ``NAME`` and ``NAME=VERSION`` name; none: the default version of every component."""
        wanted = list(words) or list(dict.fromkeys(each.name for each in self.components))
        return tuple(dict.fromkeys(self.find(*name_and_version(word)) for word in wanted))

    @model_validator(mode="after")
    def _versions_are_unique(self) -> Self:
        _refuse_twins([(each.name, each.version) for each in self.components])
        return self


def _last_name(image: str) -> str:
    """Return ``kube-proxy`` of ``registry.k8s.io/kube-proxy:v1``."""
    return image.rpartition(":")[0].rpartition("/")[2]


def name_and_version(word: str) -> tuple[str, str]:
    """Split ``NAME=VERSION``; of ``NAME`` the version is empty."""
    name, _, version = word.partition("=")
    return name, bare_version(version)


def _refuse_twins(keys: list[tuple[str, str]]) -> None:
    twins = [key for key in keys if keys.count(key) > 1]
    if twins:
        raise ValueError(f"'{' '.join(twins[0])}' is there twice")


def read_lock(path: Path) -> Lock:
    """Read one lock file; ConfigError with file and line when it is wrong."""
    return read_model(path, Lock, name=str(path))


def load_lock(extra: Path | None = None) -> Lock:
    """Read netlab's own lock. What the ``extra`` one names comes first, and in place of the same version."""
    own = read_lock(assets.lock())
    return own if extra is None else overlay(own, read_lock(extra))


def overlay(below: Lock, above: Lock) -> Lock:
    """Lay one lock over another."""
    taken = {(each.name, each.version) for each in above.components}
    rest = [each for each in below.components if (each.name, each.version) not in taken]
    return Lock(schema_version=1, components=(*above.components, *rest))


def render_lock(lock: Lock) -> str:
    """Render in the one way in which lock files are written, so that a change shows as a small diff."""
    data = {
        "schema_version": lock.schema_version,
        "components": [_rendered(component) for component in lock.components],
    }
    return HEADER + dump(data)


def dump(data: object, width: int = 110) -> str:
    """Write YAML as all locks are written."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=width)


class _Dumper(yaml.SafeDumper):
    """Indents lists, as yamllint wants them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's
        super().increase_indent(flow, indentless=False)


yamlcore.quote_in(_Dumper)


def _rendered(component: Component) -> dict[str, object]:
    data = component.model_dump(exclude_defaults=True)
    if component.images:
        data["images"] = [
            {"name": image.name, "digest": image.digest} if image.url is None else _rendered_archive(image)
            for image in component.images
        ]
    return data


def _rendered_archive(image: Image) -> dict[str, object]:
    """Keep a checksum that is null: a key that is left out is a mistake."""
    return {key: value for key, value in image.model_dump().items() if value is not None or key == "sha256"}
