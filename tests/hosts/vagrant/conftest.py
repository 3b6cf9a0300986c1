"""Machines of a Vagrant that is a stand-in."""

import pytest

from netlab.hosts.vagrant import command
from tests.hosts.vagrant import fake


@pytest.fixture
def machines(tmp_path, monkeypatch):
    """What the stand-in keeps; no retry waits."""
    monkeypatch.setattr(command, "PAUSE_S", 0)
    return fake.install(tmp_path, monkeypatch)
