"""The real thing: two hosts by Vagrant and libvirt, up, proven, measured, reported, gone. Tens of minutes, emulated."""

import json
import os
import shutil
import stat
import subprocess
import sys

import pytest

from netlab.errors import NotUp
from netlab.hosts.vagrant import contact
from netlab.model.host import Host
from tests.conftest import wait_until
from tests.hosts.vagrant.libvirt import PROGRAMS, running

MISSING = [name for name in PROGRAMS if shutil.which(name) is None]
pytestmark = [
    pytest.mark.vagrant,
    pytest.mark.timeout(5400),
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces and libvirt need root"),
]

LAB = """\
provider: vagrant
fleet: {nodes: 1}
vagrant: {boot_timeout_s: 1800}
load: {duration_s: 2, connections: 2}
"""
REPLICA = "calico-ipip"
OURS = {"default", "vagrant-libvirt"}
"""Networks that libvirt and its plugin keep, whatever comes and goes."""


@pytest.fixture(scope="module")
def libvirt(tmp_path_factory):
    with running(tmp_path_factory.mktemp("libvirt")) as own:
        yield own


class Lab:
    def __init__(self, libvirt, folder):
        self.libvirt = libvirt
        self.folder = folder
        (folder / "netlab.yml").write_text(LAB)

    def __call__(self, *words, code=0, timeout=3000):
        done = self.libvirt.run(sys.executable, "-m", "netlab", "-C", self.folder, *words, timeout=timeout)
        assert done.returncode == code, f"{words}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    @property
    def hosts(self):
        content = json.loads((self.folder / ".netlab" / "state.json").read_text())
        return [Host.model_validate(host) for host in content["hosts"]]


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    """netlab's own box. The namespaces lead nowhere, so the disk is baked outside; inside, it is packed again."""
    path = tmp_path_factory.mktemp("box") / "netlab-datapath.box"
    words = [sys.executable, "-m", "netlab", "image", "--format", "box", "--output", path]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=1200)
    assert done.returncode == 0, done.stderr
    assert (
        f"--checksum-type sha256 --checksum {path.with_name(f'{path.name}.sha256').read_text().split()[0]} {path}"
        in done.stdout
    )
    return path


@pytest.fixture(scope="module")
def lab(libvirt, box, tmp_path_factory):
    lab = Lab(libvirt, tmp_path_factory.mktemp("lab"))
    yield lab
    lab("down")
    assert libvirt.domains() == []
    assert set(libvirt.networks()) <= OURS
    assert [path.name for path in lab.folder.glob(".netlab/*")] in ([], ["runs"])


def opens(lab, host, key) -> bool:
    """Whether a private key opens the host."""
    options = ["BatchMode=yes", "IdentitiesOnly=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"]
    words = ["ssh", "-F", "/dev/null", "-i", key, *(f"-o{option}" for option in options)]
    return lab.libvirt.run(*words, f"{host.user}@{host.address}", "true", timeout=120).returncode == 0


def kill_in_the_middle(lab):
    """Kill netlab while Vagrant makes a machine, and have Vagrant lose the id, as if it had died before it wrote it."""
    words = [sys.executable, "-m", "netlab", "-C", lab.folder, "up", "--profile", "baseline-vm"]
    work = lab.libvirt.begin(*words)
    wait_until(lab.libvirt.domains, seconds=900, what="the first machine")
    lab.libvirt.kill(f"netlab -C {lab.folder} up")
    assert work.wait(60), "it was in the middle"
    assert "NOT ALL hosts were made (vagrant)" in lab("status").stdout
    for file in lab.folder.glob(".netlab/vagrant/.vagrant/machines/*/libvirt/id"):
        file.unlink()
    assert lab.libvirt.domains()


def test_what_a_killed_one_left_goes_down(lab):
    kill_in_the_middle(lab)
    lab("down")
    assert lab.libvirt.domains() == []
    assert [name for name in lab.libvirt.volumes() if name.startswith("netlab-") and "vagrant_box" not in name] == []


def test_killed_in_the_middle(lab):
    kill_in_the_middle(lab)


def test_the_hosts_come_up_and_are_a_profile(lab):
    """The machine that the killed one left is not taken for one that is ready."""
    lab("up", "--profile", "baseline-vm", timeout=4000)
    assert sorted(lab.libvirt.domains()) == sorted(
        f"{name}-{host}"
        for name in {d.rsplit("-", 1)[0] for d in lab.libvirt.domains()}
        for host in ("client", "node1")
    )
    status = json.loads(lab("status", "--json").stdout)
    assert status["profile"] == "baseline-vm"
    for host in ("client", "node1"):
        assert lab("ssh", host, "--", "hostname").stdout.strip() == host


def test_what_is_up_stays_up(lab):
    again = lab("up", "--profile", "baseline-vm", timeout=300)
    assert "provision" not in again.stderr
    assert "make the hosts" not in again.stderr


def test_only_the_labs_key_opens(lab, tmp_path):
    insecure = tmp_path / "insecure"
    insecure.write_bytes((lab.libvirt.home / "insecure_private_key").read_bytes())
    insecure.chmod(stat.S_IRUSR)
    for host in lab.hosts:
        assert opens(lab, host, lab.folder / ".netlab" / "keys" / "id_ed25519")
        assert not opens(lab, host, insecure)
        assert host.interface == "eth1"
        scanned = lab.libvirt.run("ssh-keyscan", host.address).stdout
        assert contact.pinned(scanned) == host.host_key


def test_vagrants_own_commands_work_with_it(lab):
    folder = lab.folder / ".netlab" / "vagrant"
    done = lab.libvirt.run("sh", "-c", f"cd {folder} && vagrant ssh client -c hostname", timeout=300)
    assert done.stdout.strip() == "client", done.stderr


def test_the_path_is_proven(lab):
    proof = json.loads(lab("prove", "--json").stdout)
    assert proof["profile"] == "baseline-vm"
    assert [path["path"] for path in proof["paths"]] == ["host"]


def test_a_host_that_was_booted_gets_its_profile_again(lab):
    boot = "cat /proc/sys/kernel/random/boot_id"
    first = lab("ssh", "node1", "--", boot).stdout
    options = ["-F", lab.folder / ".netlab" / "ssh_config", "-oConnectTimeout=20", "node1"]
    lab.libvirt.run("ssh", *options, "sudo systemctl reboot", timeout=60)  # the connection ends with it

    def booted():
        now = lab.libvirt.run("ssh", *options, boot, timeout=60)
        return now.returncode == 0 and now.stdout != first

    wait_until(booted, seconds=900, what="the host's next boot")
    assert "node1 booted since baseline-vm was applied" in lab("prove", code=NotUp.exit_code).stderr
    assert "provision baseline-vm" in lab("up", "--profile", "baseline-vm", timeout=1500).stderr
    assert json.loads(lab("prove", "--json").stdout)["profile"] == "baseline-vm"


def test_it_is_measured_and_reported(lab):
    lab("bench", "--profiles", f"baseline-vm,{REPLICA}", "--rounds", "3", "--seed", "1", timeout=4500)
    lab("report")
    (folder,) = (lab.folder / ".netlab" / "runs").iterdir()
    report = json.loads((folder / "report" / "report.json").read_text())
    assert {(cell["profile"], cell["path"]) for cell in report["cells"]} == {
        ("baseline-vm", "host"),
        (REPLICA, "pod-ip"),
        (REPLICA, "nodeport-local"),
    }
    header = json.loads((folder / "run.json").read_text())
    assert header["environment"]["provider"] == "vagrant"
    assert header["environment"]["clock"] == "real"


def test_the_box_was_not_left_behind_half_made(lab):
    assert not (lab.folder / ".netlab" / "vagrant" / "box").exists()
    listed = lab.libvirt.run("vagrant", "box", "list").stdout
    assert listed.startswith("netlab-datapath-"), listed
