"""Keys that a lab's hosts prove themselves with: one pair for each, made here and handed over at the first boot."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, NamedTuple

from netlab.lab import make_key

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.lab import Lab


class KeyPair(NamedTuple):
    """The texts of both halves."""

    private: str
    public: str


def host_key(lab: Lab, name: str) -> KeyPair:
    """Return the pair of the host ``name``; made where there is none."""
    folder = _folder(lab)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    make_key(path := folder / name)
    return KeyPair(path.read_text(encoding="utf-8"), lab.public_key(path))


def forget(lab: Lab) -> None:
    """Remove the pairs of all hosts: the next ones get others."""
    shutil.rmtree(_folder(lab), ignore_errors=True)


def _folder(lab: Lab) -> Path:
    return lab.key.parent / "hosts"
