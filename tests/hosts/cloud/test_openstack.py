"""OpenStack's plays and the provider on them, by the real command, against a small OpenStack of the tests' own."""

import json
import os
import re
import shutil
import signal
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from netlab.hosts.cloud.metadata import REACHED
from netlab.hosts.cloud.record import stamp
from netlab.hosts.cloud.requirements import missing
from tests.conftest import Command, wait_until
from tests.hosts.cloud.conftest import YES
from tests.hosts.cloud.openstack_api import PASSWORD, TOKEN, OpenstackApi

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(900)]

NETLAB_YML = """provider: openstack
profiles: [baseline-vm]
openstack:
  flavor: m1.small
  image: Debian 13
  external_network: public
  ssh_from: [203.0.113.7/32]
"""
SERVER = "POST /compute/v2.1/servers"


class OpenstackLab(Command):
    """Drives the real command in a folder with a lab on OpenStack."""

    def __init__(self, folder, api, monkeypatch) -> None:
        super().__init__(folder)
        self.api = api
        self._monkeypatch = monkeypatch
        folder.mkdir()
        (folder / "netlab.yml").write_text(NETLAB_YML)
        for name in [name for name in os.environ if name.startswith("OS_")]:
            monkeypatch.delenv(name)
        for name, value in {**api.environment, "HOME": str(folder)}.items():
            monkeypatch.setenv(name, value)

    def configure(self, text):
        """Add lines to the section."""
        file = self.folder / "netlab.yml"
        file.write_text(f"{file.read_text()}{text}")

    def answer_ssh(self, script):
        """Have this program stand for ssh."""
        program = self.folder.parent / "bin" / "ssh"
        program.parent.mkdir(exist_ok=True)
        program.write_text(script)
        program.chmod(0o755)
        self._monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    @property
    def servers(self):
        return {each["metadata"]["netlab:host"]: each for each in self.api.compute.servers.values()}


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab on an OpenStack of its own, whose hosts are entered by an ssh that says yes to everything."""
    if wanting := missing("openstack"):
        pytest.skip(f"{wanting} is not installed")
    api = OpenstackApi()
    lab = OpenstackLab(tmp_path / "lab", api, monkeypatch)
    lab.answer_ssh(YES)
    yield lab
    api.mend()
    for child in lab.children:
        child.kill()
        child.communicate(timeout=60)
    api.stop()


def texts(folder):
    """Yield every file below a folder with its content."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_from_up_to_nothing_left(lab):
    done = lab("up", "--no-profile")
    assert done.returncode == 0, done.stderr
