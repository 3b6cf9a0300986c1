"""Put a newer Ansible collection beside an older Python's: ``python scripts/collection.py hetzner.hcloud FOLDER``.

The package ``ansible`` of the index has the collections, and its newer versions want a newer Python than some of them
do. So the one that is asked for is taken out of the package for a newer Python. Nothing happens where it is there.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PYTHON = "3.13"


def take(collection: str, folder: Path) -> None:
    """Take the collection out of the newest package; CalledProcessError where pip cannot have it."""
    with tempfile.TemporaryDirectory() as place:
        options = ["--no-deps", "--only-binary=:all:", f"--python-version={PYTHON}", f"--dest={place}"]
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", *options, "ansible"], check=True)
        (wheel,) = Path(place).glob("*.whl")
        with zipfile.ZipFile(wheel) as package:
            inside = f"ansible_collections/{collection.replace('.', '/')}/"
            package.extractall(folder, [name for name in package.namelist() if name.startswith(inside)])


def main() -> None:
    """Do it where it has not been done."""
    collection, folder = sys.argv[1], Path(sys.argv[2])
    if not (folder / "ansible_collections" / collection.replace(".", "/")).is_dir():
        take(collection, folder)


if __name__ == "__main__":
    main()
