"""The one place that talks to container registries: through skopeo, which knows their log-ins and their dialects."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from netlab import proc
from netlab.artifacts.images import Part, check_manifest, explore, repository
from netlab.artifacts.lock import IMAGE
from netlab.artifacts.proxy import environment, is_loopback
from netlab.artifacts.transfer import ELSEWHERE
from netlab.credentials import encoded, hidden
from netlab.errors import ArtifactChanged, ArtifactMissing, ArtifactUnreachable
from netlab.excerpt import last_line
from netlab.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netlab.artifacts.cache import Cache
    from netlab.artifacts.images import Parts
    from netlab.artifacts.lock import Arch, Image

Answer = TypeVar("Answer")

SKOPEO = ("skopeo", "--insecure-policy")
"""A policy is about signatures; netlab checks digests, and a machine without a policy file must do."""

INSPECT_TIMEOUT_S = 120.0
COPY_TIMEOUT_S = 3600.0
RETRIES = 3

_ABSENT = re.compile(r"manifest unknown|name unknown|not found|status 404|unauthorized|denied", re.IGNORECASE)
_CHANGED = re.compile(r"digest did not match|does not match (expected|provided manifest digest)", re.IGNORECASE)


def places(name: str, mirror: str) -> list[str]:
    """Repositories that may hold an image: with a mirror, below the registry's name there and then without it."""
    host, path = repository(name)
    return [f"{mirror}/{host}/{path}", f"{mirror}/{path}"] if mirror else [f"{host}/{path}"]


def resolve(name: str, mirror: str = "", login: str = "") -> str:
    """Ask the registry for the digest behind an image's tag, of the index where there are several architectures.

    ``login`` is ``USER:PASSWORD`` of the mirror. ArtifactChanged when the answer is not the manifest of an image.
    """
    found = IMAGE.fullmatch(name)
    tag = found["tag"] if found else ""
    raw = _first(name, mirror, lambda place: _inspect(name, f"{place}:{tag}", login))
    check_manifest(name, raw)
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def pull(cache: Cache, image: Image, arch: Arch, mirror: str = "", login: str = "") -> None:
    """Fetch an image's parts into the cache, each checked."""
    _first(image.name, mirror, lambda place: _pull(cache, image, arch, place, login))


def _first(name: str, mirror: str, ask: Callable[[str], Answer]) -> Answer:
    """Ask at each place until one has the image; what the last one says counts."""
    *early, last = places(name, mirror)
    for place in early:
        with contextlib.suppress(ArtifactMissing):
            return ask(place)
    return ask(last)


def _pull(cache: Cache, image: Image, arch: Arch, place: str, login: str) -> None:
    with tempfile.TemporaryDirectory(dir=cache.partials, prefix="image-") as folder:
        work = Path(folder)

        def manifest(part: Part) -> Path:
            if cache.holds(part.sha256):
                return cache.checked(part.sha256, f"image {image.name}")
            file = work / "raw"
            file.write_bytes(_inspect(image.name, f"{place}@sha256:{part.sha256}", login))
            return cache.adopt(file, part.sha256, f"image {image.name}", place)

        parts = explore(image, arch, manifest)
        _copy(image, f"{place}@sha256:{parts.manifest.sha256}", work, login)
        for part in parts.blobs:
            if not cache.holds(part.sha256):
                cache.adopt(work / "image" / part.sha256, part.sha256, f"image {image.name}", place)


def write_archive(cache: Cache, name: str, parts: Parts, archive: Path) -> None:
    """Write an image's archive (docker-archive) out of the cache; containerd and docker import it under ``name``."""
    with tempfile.TemporaryDirectory(dir=cache.partials, prefix="archive-") as folder:
        work = Path(folder, "image")
        work.mkdir()
        (work / "version").write_text("Directory Transport Version: 1.1\n", encoding="utf-8")
        (work / "manifest.json").symlink_to(cache.checked(parts.manifest.sha256, f"image {name}"))
        for part in parts.blobs:
            (work / part.sha256).symlink_to(cache.checked(part.sha256, f"image {name}"))
        _skopeo(name, ["copy", "--quiet", "dir:image", f"docker-archive:archive.tar:{name}"], Path(folder))
        Path(folder, "archive.tar").replace(archive)


def _copy(image: Image, reference: str, work: Path, login: str) -> None:
    options = ["--quiet", f"--retry-times={RETRIES}", *_plain("--src-tls-verify", reference)]
    words = ["copy", *options, *_authfile(reference, work, login), f"docker://{reference}", "dir:image"]
    _skopeo(image.name, words, work)


def _inspect(name: str, reference: str, login: str = "") -> bytes:
    options = ["--raw", f"--retry-times={RETRIES}", *_plain("--tls-verify", reference)]
    with tempfile.TemporaryDirectory() as folder:
        words = ["inspect", *options, *_authfile(reference, Path(folder), login), f"docker://{reference}"]
        outcome = _skopeo(name, words, Path(folder), INSPECT_TIMEOUT_S)
    return outcome.stdout.encode()


def _authfile(reference: str, work: Path, login: str) -> list[str]:
    """Write a log-in where nobody else reads it: the words of a command are seen by every user of the machine."""
    if not login:
        return []
    host = reference.partition("/")[0]
    write_atomic(work / "auth.json", json.dumps({"auths": {host: {"auth": encoded(login)}}}).encode())
    return [f"--authfile={work / 'auth.json'}"]


def _plain(option: str, place: str) -> list[str]:
    """Let a registry on this machine do without TLS; no other one."""
    host = place.partition("/")[0].rpartition(":")[0] or place.partition("/")[0]
    return [f"{option}=false"] if is_loopback(host.strip("[]")) else []


def _skopeo(name: str, words: Sequence[object], work: Path, timeout: float = COPY_TIMEOUT_S) -> proc.Outcome:
    """Run skopeo in ``work``, where its large temporary files go too, and judge what it says."""
    command, env = [*SKOPEO, *words], {"TMPDIR": str(work), **environment()}
    outcome = proc.run(command, cwd=work, env=env, timeout=timeout, check=False, error=ArtifactUnreachable)
    if outcome.exit_code == 0:
        return outcome
    message = f"image {name}: {_last_lines(outcome.stderr)}"
    if _CHANGED.search(message):
        raise ArtifactChanged(message)
    if _ABSENT.search(message):
        raise ArtifactMissing(message, hint=ELSEWHERE)
    raise ArtifactUnreachable(message, hint=ELSEWHERE)


def _last_lines(stderr: str) -> str:
    """Return what skopeo said last, without its log's decoration and without the name that it repeats."""
    last = last_line(stderr, "skopeo failed and said nothing")
    found = re.search(r'msg="(.*)"$', last)
    text = found[1].replace('\\"', '"') if found else last
    return hidden(re.sub(r'^Error parsing image name "[^"]*": ', "", text))
