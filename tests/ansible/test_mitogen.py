"""Whether plays go by Mitogen."""

import importlib.metadata
import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

from netlab.ansible.mitogen import NEWEST_ACCELERATED, accelerator, supported


def test_the_range_of_mitogen_is_respected():
    assert supported("ANSIBLE_VERSION_MIN = (2, 10)\nANSIBLE_VERSION_MAX = (2, 13)\n") == ((2, 10), (2, 13))
    assert supported("ANSIBLE_VERSION_MIN = (2, 10)\n") == ((2, 10), NEWEST_ACCELERATED)
    assert supported("ANSIBLE_VERSION_MAX = (9, 9)\n") == ((0, 0), NEWEST_ACCELERATED), "but no further than was tried"


@pytest.mark.parametrize(
    ("core", "used"), [("2.9.27", False), ("2.10.0", True), ("2.19.4", True), ("2.20.0rc1", False), ("3.0.0", False)]
)
def test_an_ansible_that_is_not_in_the_range_goes_without(tmp_path, monkeypatch, core, used):
    (tmp_path / "loaders.py").write_text("ANSIBLE_VERSION_MIN = (2, 10)\nANSIBLE_VERSION_MAX = (2, 20)\n")
    found = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: found)
    monkeypatch.setattr(importlib.metadata, "version", lambda _: core)
    assert accelerator() == (Path(tmp_path, "plugins", "strategy") if used else None)


def test_where_it_is_not_installed_plays_go_without(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert accelerator() is None
