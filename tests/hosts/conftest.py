"""Fixtures of tests that enter hosts."""

import os

import pytest

from tests.hosts.ssh_program import SshProgram


@pytest.fixture
def ssh(tmp_path, monkeypatch):
    """A stand-in for ssh, first in PATH; every host answers until it is told otherwise."""
    program = SshProgram(tmp_path)
    monkeypatch.setenv("PATH", f"{program.folder}:{os.environ['PATH']}")
    monkeypatch.setattr("netlab.hosts.remote.PAUSE_S", 0.01)
    return program
