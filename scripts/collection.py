"""Put a newer Ansible collection beside an older Python's: ``python scripts/collection.py hetzner.hcloud FOLDER``.

The package ``ansible`` of the index has the collections, and its newer versions want a newer Python than some of them
do. So the one that is asked for is taken out of the package for a newer Python: of one version, with one digest, which
pip compares before anything is unpacked. Nothing happens where the collection is there and of that version.

For a newer one, set VERSION and run it: pip names the digest that it got. Compare it with the one that the index names.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

VERSION = "14.5.0"
SHA256 = "245623ccc2d31d0f6f4bdb63168d550cad305fb032cc43d96e8f61ce8ab0ba84"
"""Of its wheel."""
PYTHON = "3.13"
ORIGIN = ".netlab-origin"
"""File in the collection's folder, which says what it was taken out of."""


def ensure(collection: str, folder: Path) -> None:
    """Have the collection in the folder; CalledProcessError where pip cannot have it, or has got something else."""
    place = folder / "ansible_collections" / collection.replace(".", "/")
    if _origin_of(place) == _pin():
        return
    shutil.rmtree(place, ignore_errors=True)
    take(collection, folder)
    (place / ORIGIN).write_text(_pin(), encoding="utf-8")


def take(collection: str, folder: Path) -> None:
    """Unpack the collection; CalledProcessError as above, FileNotFoundError where the package is without it."""
    inside = f"ansible_collections/{collection.replace('.', '/')}/"
    with tempfile.TemporaryDirectory() as place, zipfile.ZipFile(_download(Path(place))) as package:
        names = [name for name in package.namelist() if name.startswith(inside)]
        if not names:
            raise FileNotFoundError(f"ansible {VERSION} has no collection {collection}")
        package.extractall(folder, names)


def _download(place: Path) -> Path:
    pinned = place / "requirements.txt"
    pinned.write_text(_pin(), encoding="utf-8")
    options = ["--require-hashes", "--no-deps", "--only-binary=:all:", f"--python-version={PYTHON}", f"--dest={place}"]
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", *options, f"--requirement={pinned}"], check=True
    )
    (wheel,) = place.glob("*.whl")
    return wheel


def _pin() -> str:
    return f"ansible=={VERSION} --hash=sha256:{SHA256}\n"


def _origin_of(place: Path) -> str | None:
    try:
        return (place / ORIGIN).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


if __name__ == "__main__":
    ensure(sys.argv[1], Path(sys.argv[2]))
