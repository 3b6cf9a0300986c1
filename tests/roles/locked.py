"""Files that the lock names, where they are at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from netlab import assets
from netlab.artifacts.cache import Cache
from netlab.artifacts.lock import load_lock

if TYPE_CHECKING:
    from pathlib import Path


def fetched(component: str, name: str) -> Path:
    """A component's file in the cache; the test is skipped where it is not there."""
    (file,) = [each for each in load_lock().find(component).files if each.name == name]
    store = Cache(assets.cache())
    if not store.holds(file.sha256):
        pytest.skip(f"{name} of {component} is not in the cache; 'netlab artifacts fetch' fetches it")
    return store.path(file.sha256)
