"""A container image as one file that ``ctr images import`` and ``docker load`` read: same tree, same bytes.

The format is that of ``docker save``: a tar file with ``manifest.json``, the image's configuration and its one layer.
"""

from __future__ import annotations

import hashlib
import io
import json
import stat
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EPOCH = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, kw_only=True)
class Image:
    """What an archive says about its one image; ``arch`` is Debian's word for it, which is also Go's."""

    name: str
    arch: str
    entrypoint: tuple[str, ...]


def write(archive: Path, tree: Path, image: Image) -> None:
    """Write the folder ``tree`` as the image's root. Owners, times and the builder's umask are left out."""
    layer = archive.with_name(f"{archive.name}.layer")
    with tarfile.open(layer, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in _walk(tree):
            _add(tar, tree, path)
    with layer.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    config = _json(_config(image, digest))
    names = {"Config": f"{hashlib.sha256(config).hexdigest()}.json", "Layers": [f"{digest}/layer.tar"]}
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        _add_bytes(tar, "manifest.json", _json([{**names, "RepoTags": [image.name]}]))
        _add_bytes(tar, str(names["Config"]), config)
        with layer.open("rb") as file:
            tar.addfile(_entry(f"{digest}/layer.tar", size=layer.stat().st_size), file)
    layer.unlink()


def _config(image: Image, layer: str) -> dict[str, object]:
    return {
        "architecture": image.arch,
        "os": "linux",
        "created": EPOCH,
        "config": {"Env": [f"PATH={PATH}"], "Entrypoint": list(image.entrypoint), "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}"]},
        "history": [{"created": EPOCH, "created_by": "netlab: scripts/kubernetes_source.py"}],
    }


def _walk(folder: Path) -> Iterator[Path]:
    """Everything in the folder, sorted by name, each folder before what it holds."""
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)


def _add(tar: tarfile.TarFile, tree: Path, path: Path) -> None:
    entry = _entry(str(path.relative_to(tree)), mode=_mode(path))
    if path.is_symlink():
        entry.type, entry.linkname = tarfile.SYMTYPE, str(path.readlink())
        tar.addfile(entry)
    elif path.is_dir():
        entry.type = tarfile.DIRTYPE
        tar.addfile(entry)
    else:
        entry.size = path.stat().st_size
        with path.open("rb") as file:
            tar.addfile(entry, file)


def _mode(path: Path) -> int:
    """777 for links, 1777 for a sticky folder, else 755 or 644: nothing that a umask could change."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return 0o777
    if mode & stat.S_ISVTX:
        return 0o1777
    return 0o755 if mode & stat.S_IXUSR else 0o644


def _entry(name: str, *, size: int = 0, mode: int = 0o644) -> tarfile.TarInfo:
    """Return a tar entry that belongs to root and is as old as time itself."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, mode
    return entry


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    tar.addfile(_entry(name, size=len(data)), io.BytesIO(data))


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
