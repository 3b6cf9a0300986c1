"""A lab in a cloud from ``up`` to ``down`` by the real code: moto answers for EC2, machines in QEMU for the instances.

The machines are those of another lab on this machine. Its client is the jump host of the lab in the cloud, and reaches
the others where EC2 says that the instances are.
"""

import json
import shutil
from pathlib import Path

import pytest

from netlab.hosts.cloud.requirements import missing
from netlab.lab import Lab
from tests.conftest import Command
from tests.hosts.cloud.conftest import CloudLab
from tests.hosts.cloud.ec2_api import MARKERS, Ec2Api

pytestmark = [pytest.mark.vm, pytest.mark.timeout(3000)]

HOSTS = ("client", "node1", "node2")


@pytest.fixture
def stage(tmp_path):
    """Machines that stand for instances."""
    folder = tmp_path / "stage"
    folder.mkdir()
    (folder / "netlab.yml").write_text("clock: real\nprofiles: [baseline-vm]\n")
    command = Command(folder)
    yield command
    command("down")


@pytest.fixture
def cloud(tmp_path, stage, monkeypatch):
    """A lab in the cloud whose instances, once they are made, are those machines."""
    if wanting := missing("ec2"):
        pytest.skip(f"{wanting} is not installed")
    done = stage("up", "--no-profile")
    assert done.returncode == 0, done.stderr
    api = Ec2Api(tmp_path, behind_a_jump_host=True)
    lab = CloudLab(tmp_path / "lab", api, monkeypatch)
    _same_keys(Lab(stage.folder), Lab(lab.folder))
    (gate,) = [host for host in Lab(stage.folder).hosts() if host.name == "client"]
    jump = json.dumps({"address": gate.address, "port": gate.port, "user": gate.user, "host_key": gate.host_key})
    with (lab.folder / "netlab.yml").open("a") as file:
        file.write(f"  jump: {jump}\n")
    yield lab
    lab("down")
    api.stop()


def _same_keys(machines: Lab, cloud: Lab) -> None:
    """Give the lab in the cloud the keys that the machines have, as if cloud-init had handed over those of the lab."""
    hosts = cloud.key.parent / "hosts"
    hosts.mkdir(parents=True, mode=0o700)
    for suffix in ("", ".pub"):
        shutil.copy(f"{machines.key}{suffix}", f"{cloud.key}{suffix}")
        for name in HOSTS:
            shutil.copy(f"{machines.host_key}{suffix}", hosts / f"{name}{suffix}")


def test_measured_in_a_cloud(cloud):
    for words in (("up",), ("prove",), ("bench", "--rounds", "3"), ("report",)):
        done = cloud(*words, timeout=1500)
        assert done.returncode == 0, f"{words}: {done.stderr}"
    report = json.loads(next((cloud.folder / ".netlab" / "runs").glob("*/report/*.json")).read_text())
    run = json.loads(next((cloud.folder / ".netlab" / "runs").glob("*/run.json")).read_text())
    environment = run["environment"]
    assert environment["provider"] == "ec2"
    assert [(each["name"], each["instance_type"]) for each in environment["machines"]] == [
        (name, "c7i.large") for name in HOSTS
    ]
    assert {each["zone"][:-1] for each in environment["machines"]} == {"eu-central-1"}
    assert report, "it is written"
    _no_credential_is_kept(cloud.folder)
    done = cloud("down")
    assert done.returncode == 0, done.stderr
    assert not cloud.left()
    assert list((cloud.folder / ".netlab" / "runs").iterdir()), "results stay"


def _no_credential_is_kept(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    for marker in MARKERS.values():
        assert not [path for path in files if marker.encode() in path.read_bytes()]
