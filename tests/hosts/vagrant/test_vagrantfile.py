"""The Vagrantfile as Vagrant itself reads it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from netlab.hosts.vagrant import output
from netlab.hosts.vagrant.fleet import Box, as_text, fleet_of
from netlab.spec.lab import LabSpec

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("vagrant") is None, reason="vagrant is not installed (apt-get install vagrant)"),
]

ROOT = Path(__file__).parents[3]


def vagrant(folder, *words, **env):
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "VAGRANT_HOME": str(folder / "vagrant.d"),
        "VAGRANT_CHECKPOINT_DISABLE": "1",
        "LANG": "C.UTF-8",
        **env,
    }
    return subprocess.run(
        ["vagrant", "--no-color", *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def checkout(tmp_path):
    """What of the checkout Vagrant reads, where it may write."""
    shutil.copyfile(ROOT / "Vagrantfile", tmp_path / "Vagrantfile")
    shutil.copytree(ROOT / "vagrant", tmp_path / "vagrant")
    return tmp_path


def usable() -> str:
    """A provider that is valid wherever Vagrant is: its own plugins decide about the others."""
    listed = subprocess.run(["vagrant", "plugin", "list"], capture_output=True, text=True, check=False).stdout
    return "libvirt" if "vagrant-libvirt" in listed else "virtualbox"


def test_the_default_fleet_is_valid(checkout):
    done = vagrant(checkout, "validate", "--ignore-provider")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "validated successfully" in done.stdout


def test_the_labs_own_fleet_comes_first(checkout):
    spec = LabSpec.model_validate({"provider": "vagrant", "fleet": {"nodes": 3}, "stack": "kubeadm"})
    (checkout / ".netlab" / "vagrant").mkdir(parents=True)
    (checkout / ".netlab" / "vagrant" / "fleet.json").write_text(as_text(fleet_of(spec, "lab", Box(name="own"))))
    if usable() == "virtualbox":
        pytest.skip("its state is asked for by VBoxManage, and vagrant-libvirt is not installed")
    done = vagrant(checkout, "status", "--machine-readable", VAGRANT_DEFAULT_PROVIDER="libvirt")
    assert set(output.states(done.stdout)) == {"client", "node1", "node2", "node3", "control"}, done.stdout


def test_no_fleet_is_one_message(checkout):
    shutil.rmtree(checkout / "vagrant")
    done = vagrant(checkout, "validate", "--ignore-provider")
    assert done.returncode
    assert "run `netlab up --provider vagrant`" in done.stdout + done.stderr


def test_a_fleet_of_another_version_is_refused(checkout):
    file = checkout / "vagrant" / "fleet.json"
    file.write_text(file.read_text().replace('"schema_version": 1', '"schema_version": 2'))
    done = vagrant(checkout, "validate", "--ignore-provider")
    assert "is of another version of netlab" in done.stdout + done.stderr
