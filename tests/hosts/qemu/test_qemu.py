"""What the provider does when a host, a machine or this computer is not as it should be."""

import json
import os
import signal
import socket
import subprocess
import threading

import pytest

from netlab import assets
from netlab.errors import AcceleratorFailed, MachineError, MachinePanicked, RequirementError
from netlab.hosts.qemu import accel, boot, doctor
from netlab.hosts.qemu.provider import QemuProvider
from netlab.lab import Lab
from netlab.progress import Reporter
from netlab.spec.lab import LabSpec
from netlab.spec.qemu import QemuSpec
from tests.hosts.qemu.test_fleet import fleet


@pytest.fixture
def provider(tmp_path, monkeypatch):
    """A provider whose only machine is a process that sleeps in the machine's folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = QemuProvider(Lab(tmp_path), LabSpec(clock="virtual"), Reporter())
    made.fleet = fleet(tmp_path)
    made.accelerator = accel.Accelerator(name="kvm", qemu_version="9.9")
    (machine,) = made.fleet.machines
    machine.folder.mkdir(parents=True)
    machine.logs.mkdir()
    with subprocess.Popen(["sleep", "1000"], cwd=machine.folder) as process:
        (machine.folder / "pid").write_text(str(process.pid))
        yield made
        process.kill()


@pytest.mark.parametrize(("stack", "cpus"), [("datapath", None), ("kubeadm", 4)])
def test_a_run_records_how_many_fleets_work_and_what_the_control_plane_has(tmp_path, monkeypatch, stack, cpus):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    spec = LabSpec(stack=stack, clock="real", qemu=QemuSpec(control_cpus=4, parallel=3))
    made = QemuProvider(Lab(tmp_path), spec, Reporter())
    made.fleet = fleet(tmp_path, clock="real")
    made.image = made.fleet.shape.image
    made.accelerator = accel.Accelerator(name="kvm", qemu_version="9.9")
    environment = made.environment()
    assert (environment.control_cpus, environment.parallel_fleets) == (cpus, 3)


class Resumed:
    """A fleet of which one machine is said to answer."""

    key = "k"
    machines = ()

    def __init__(self) -> None:
        self.done = []

    def use(self, descriptors):
        pass

    def start(self, tag):
        self.done.append(tag)


def test_what_machines_read_of_the_labs_keys_is_written_once_and_not_at_each_resume(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    lab = Lab(tmp_path / "lab")
    lab.state_folder.mkdir(parents=True)
    lab.create()
    made = QemuProvider(lab, LabSpec(clock="virtual"), Reporter())
    made.image, made.accelerator = None, accel.Accelerator(name="tcg", qemu_version="9.9")
    resumed = Resumed()
    monkeypatch.setattr(made, "_fleet_on", lambda *_: resumed)
    monkeypatch.setattr("netlab.hosts.qemu.guests.Guests.wait_until_one_answers", lambda _: None)
    files = [path for name, path in boot.key_files(lab).items() if name.endswith(("authorized_keys", "known_hosts"))]
    assert not any(path.exists() for path in files)
    made.resume("one")
    written = [path.stat().st_ino for path in files]
    made.resume("other")
    assert resumed.done == ["one", "other"]
    assert [path.stat().st_ino for path in files] == written
    entries, known = (path.read_text() for path in files)
    client = made.hosts()[0].lab_address
    public = lab.public_key(lab.agent_key)
    assert entries.splitlines()[1].startswith(f'from="{client}",restrict,command="/usr/local/lib/netlab/netlab-agent" ')
    assert entries.splitlines()[1].endswith(public)
    assert known == f"* {lab.public_key(lab.host_key)}\n"


@pytest.mark.parametrize(
    ("clock", "kernels"),
    [("virtual", (("client", "node1", "node2"),)), ("real", (("client",), ("node1",), ("node2",)))],
)
def test_hosts_of_one_machine_share_a_kernel(tmp_path, clock, kernels):
    assert QemuProvider(Lab(tmp_path), LabSpec(clock=clock), Reporter()).kernels() == kernels


@pytest.fixture
def ssh(tmp_path, monkeypatch):
    """Puts an ssh on the PATH that does what the test says."""

    def install(body: str) -> None:
        script = tmp_path / "bin" / "ssh"
        script.parent.mkdir()
        script.write_text(f"#!/bin/sh\n{body}\n")
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
        monkeypatch.setattr("netlab.hosts.qemu.guests.greets", lambda _: True)

    return install


@pytest.fixture
def qemu_says(provider):
    """Has the machine's QMP socket answer with a state."""
    with socket.socket(socket.AF_UNIX) as server:

        def serve(state: str) -> None:
            answers = [{"QMP": {"version": {}, "capabilities": []}}, {"return": {}}, {"return": {"status": state}}]
            here = os.open(provider.fleet.machines[0].folder, os.O_PATH)
            server.bind(f"/proc/self/fd/{here}/qmp.sock")
            os.close(here)
            server.listen()
            threading.Thread(target=answer, args=(answers,), daemon=True).start()

        def answer(answers: list[dict]) -> None:
            peer, _ = server.accept()
            with peer:
                for each in answers:
                    question = (
                        json.loads(peer.recv(4096)) if "return" in each else {}
                    )  # one at a time, with no end of line
                    known = {"id": question["id"]} if "id" in question else {}
                    peer.sendall(json.dumps({**each, **known}).encode() + b"\r\n")
                peer.recv(1)  # until the other end has had enough

        yield serve


def test_a_command_that_fails_on_a_host_names_host_command_and_what_it_said(provider, ssh):
    ssh("echo date: cannot set date: Operation not permitted >&2; exit 1")
    with pytest.raises(MachineError) as caught:
        provider._guests.set_clocks()
    said = caught.value.message
    assert said.startswith("client: its clock could not be set: 'date --set=@")
    assert said.endswith("exit code 1: date: cannot set date: Operation not permitted")
    assert caught.value.hint
    assert caught.value.log == provider.fleet.machines[0].console


def test_a_host_that_falls_silent_in_a_command_is_named(provider, ssh, monkeypatch):
    monkeypatch.setattr("netlab.hosts.qemu.guests.BOOT_TIMEOUT_S", 0.2)
    ssh("exec sleep 60")
    with pytest.raises(MachineError, match=r"client: its clock could not be set: .*ssh did not end within 0\.2 s"):
        provider._guests.set_clocks()


def test_a_unit_that_failed_at_boot_is_named(provider, ssh, tmp_path):
    systemctl = tmp_path / "bin" / "systemctl"
    ssh('shift 5; PATH="$(dirname "$0"):$PATH"; exec sh -c "$1"')
    systemctl.write_text(
        '#!/bin/sh\n[ "$1" = is-system-running ] && { echo degraded; exit 1; }\necho nginx.service loaded failed\n'
    )
    systemctl.chmod(0o755)
    with pytest.raises(MachineError, match=r"client: a unit failed at boot: .*degraded; nginx\.service loaded failed"):
        provider._guests.wait_until_booted()


def test_a_machine_that_has_ended_explains_a_command_that_failed(provider, ssh):
    ssh("exit 255")
    (provider.fleet.machines[0].folder / "pid").unlink()
    with pytest.raises(MachinePanicked, match="exited unexpectedly"):
        provider._guests.set_clocks()


@pytest.mark.parametrize(("ends", "said"), [(True, "exited unexpectedly"), (False, "QEMU does not answer")])
def test_a_machine_that_ends_during_a_command_explains_more_than_a_silent_one(provider, ends, said):
    (machine,) = provider.fleet.machines

    def fail(_):
        if ends:
            os.kill(machine.pid, signal.SIGKILL)
        raise MachineError("QEMU does not answer")

    with pytest.raises(MachineError, match=said):
        machine._qmp(fail)


def test_a_machine_that_its_disk_stopped_says_so(provider, qemu_says):
    qemu_says("io-error")
    with pytest.raises(MachineError, match="stopped because it could not write to its disk"):
        provider.check()


def test_an_accelerator_that_gives_up_is_not_used_again(provider, qemu_says):
    provider.fleet.machines[0].messages.write_text("KVM internal error. Suberror: 1\nemulation failure\nRAX=00\n")
    qemu_says("internal-error")
    with pytest.raises(AcceleratorFailed, match="stopped machine 'fleet': KVM internal error") as caught:
        provider.check()
    assert "again" in caught.value.hint
    found = accel._recall(assets.cache() / accel.STORE, accel._stamp("9.9"))
    assert found.name == "tcg"
    assert "KVM internal error" in found.refused["kvm"]


def test_a_host_of_another_fleet_is_asked_on_its_own_port(provider, ssh, tmp_path):
    ssh(f'echo "$@" > {tmp_path}/asked')
    other = provider.parallel_fleet(1)
    other.fleet = provider.fleet
    (host, *_) = other.hosts()
    assert host.port != provider.hosts()[0].port
    other._guests._ask(host, "true", "it is not well")
    assert f"-p {host.port} {host.name} true" in (tmp_path / "asked").read_text()


@pytest.mark.parametrize("state", ["running", "paused", "inmigrate"])
def test_a_machine_that_works_is_left_alone(provider, qemu_says, state):
    qemu_says(state)
    provider.check()


def test_a_machine_whose_qemu_is_busy_is_left_alone(provider):
    provider.check()


def test_only_linux_has_machines(tmp_path, monkeypatch):
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    with pytest.raises(RequirementError, match="on Linux only, and this is Darwin"):
        QemuProvider(Lab(tmp_path), LabSpec(), Reporter())
    (check,) = doctor.checks(Lab(tmp_path), LabSpec())
    assert not check.ok
    assert "Darwin" in check.message
