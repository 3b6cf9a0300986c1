"""A lab in a cloud from ``up`` to ``down`` by the real code: moto answers for EC2, machines in QEMU for the instances.

The machines are those of another lab on this machine. EC2 gives the instances addresses of this machine's, from where
a relay leads to them.
"""

import json
import os
import shutil
from pathlib import Path

import pytest

from netlab.hosts.cloud.requirements import missing
from netlab.lab import Lab
from tests.conftest import Command
from tests.hosts.cloud.conftest import CloudLab
from tests.hosts.cloud.ec2_api import MARKERS, Ec2Api
from tests.hosts.cloud.relay import Relay

pytestmark = [
    pytest.mark.cloud,
    pytest.mark.timeout(3000),
    pytest.mark.skipif(os.getuid() != 0, reason="only root may listen on port 22"),
]


@pytest.fixture
def machines(tmp_path):
    """Machines that stand for instances."""
    folder = tmp_path / "machines"
    folder.mkdir()
    (folder / "netlab.yml").write_text("clock: real\nprofiles: [baseline-vm]\n")
    command = Command(folder)
    done = command("up", "--no-profile", timeout=1500)
    assert done.returncode == 0, done.stderr
    yield Lab(folder)
    command("down")


@pytest.fixture
def cloud(tmp_path, machines, monkeypatch):
    """A lab in the cloud whose instances, once they are made, are those machines."""
    if wanting := missing("ec2"):
        pytest.skip(f"{wanting} is not installed")
    api = Ec2Api(tmp_path, on_this_machine=True)
    lab = CloudLab(tmp_path / "lab", api, monkeypatch)
    same_keys(machines, Lab(lab.folder))
    relays = relays_to(machines)
    yield lab
    lab("down")
    for relay in relays:
        relay.close()
    api.stop()


def relays_to(machines: Lab) -> list[Relay]:
    """Lead from where EC2 says that the instances are to the machines."""
    return [
        Relay((f"127.{host.lab_address.partition('.')[2]}", 22), (host.address, host.port)) for host in machines.hosts()
    ]


def same_keys(machines: Lab, cloud: Lab) -> None:
    """Give the lab in the cloud the keys that the machines have, as if cloud-init had handed over those of the lab."""
    hosts = cloud.key.parent / "hosts"
    hosts.mkdir(parents=True, mode=0o700)
    for suffix in ("", ".pub"):
        shutil.copy(f"{machines.key}{suffix}", f"{cloud.key}{suffix}")
        for host in machines.hosts():
            shutil.copy(f"{machines.host_key}{suffix}", hosts / f"{host.name}{suffix}")


def test_measured_in_a_cloud(cloud):
    for words in (("up",), ("prove",), ("bench", "--rounds", "3"), ("report",)):
        done = cloud(*words, timeout=1500)
        assert done.returncode == 0, f"{words}: {done.stderr}"
    (run,) = (cloud.folder / ".netlab" / "runs").iterdir()
    environment = json.loads((run / "run.json").read_text())["environment"]
    assert environment["provider"] == "ec2"
    assert {(each["name"], each["instance_type"], each["zone"][:-1]) for each in environment["machines"]} == {
        (name, "c7i.large", "eu-central-1") for name in ("client", "node1", "node2")
    }
    assert (run / "report" / "report.html").is_file()
    _no_credential_is_kept(cloud.folder)
    done = cloud("down")
    assert done.returncode == 0, done.stderr
    assert not cloud.left()
    assert run.is_dir(), "results stay"


def _no_credential_is_kept(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    for marker in MARKERS.values():
        assert not [path for path in files if marker.encode() in path.read_bytes()]
