import os
import subprocess
import sys
from pathlib import Path

import pytest

from netlab.lab import Lab, LabState
from netlab.model.host import Host

ROOT = Path(__file__).resolve().parents[2]
HOSTS = (
    Host(name="client", part="client", address="127.0.0.1", port=1, lab_address="10.10.0.10"),
    Host(name="node1", part="node", address="127.0.0.1", port=2, lab_address="10.10.0.11"),
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in an empty folder, with a cache and a temporary folder of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "t").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    (tmp_path / "lab").mkdir()
    monkeypatch.chdir(tmp_path / "lab")
    return tmp_path / "lab"


@pytest.fixture
def lab(folder):
    """Pretend that a lab of two hosts is up."""
    lab = Lab(folder)
    lab.create()
    lab.save_state(LabState(provider="qemu", clock="virtual", stack="datapath", profile="ipvlan-l2", hosts=HOSTS))
    return lab


@pytest.fixture
def netlab(folder):
    """Run the real command line in a process of its own."""

    def run(*words, **options):
        command = [sys.executable, "-m", "netlab", *words]
        env = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder.parent / "t"), **options.pop("env", {})}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=env, timeout=60, **options)

    return run
