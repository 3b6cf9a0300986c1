"""The life of a lab's machines, with a Vagrant that only notes what it is asked: nothing is left behind."""

import json
import os
import subprocess
import sys

import pytest

from netlab import assets
from netlab.errors import BoxError, HostRefused, MachineError, MachineSilent, MissingTool
from netlab.hosts.ssh import suitable
from netlab.hosts.vagrant import boxes, command, contact
from netlab.hosts.vagrant.provider import OWN, VagrantProvider
from netlab.lab import Lab, LabState
from netlab.progress import Reporter
from netlab.spec.lab import LabSpec
from tests.hosts.vagrant import fake

BOX = {"box": "debian", "box_url": "debian.box"}


@pytest.fixture
def provider(tmp_path, machines):
    return make(tmp_path)


def make(folder, kind=VagrantProvider, **section):
    lab = Lab(folder)
    lab.state_folder.mkdir(mode=0o700, exist_ok=True)
    lab.create()
    spec = LabSpec.model_validate({"provider": "vagrant", "fleet": {"nodes": 1}, "vagrant": {**BOX, **section}})
    return kind(lab, spec, Reporter())


def test_machines_are_made_entered_and_removed(provider, machines, tmp_path):
    assert not provider.running()
    provider.start()
    assert machines.called("up") == [["vagrant", "up", "--no-provision", "--provider", "libvirt"]]
    client, node = provider.hosts()
    assert (client.name, client.part, client.address, client.user) == ("client", "client", "192.0.2.1", "vagrant")
    assert (node.lab_address, node.interface, node.host_key) == ("10.10.0.11", "eth1", fake.KEY)
    assert node.mtu == 1500, "as it says"
    assert provider.running()
    provider.check()
    found = provider.environment()
    assert (found.provider, found.accelerator, found.image_key) == ("vagrant", "libvirt", "debian")
    assert found.kernels == (("client",), ("node1",))
    provider.down()
    assert machines.read()["states"] == {}
    assert not provider.folder.exists()
    provider.down()
    assert len(machines.called("destroy")) == 1, "what is gone is not removed again"


def test_what_runs_stays_as_it_is(provider, machines, tmp_path):
    provider.start()
    make(tmp_path).start()
    assert len(machines.called("up")) == 1
    assert len([call for call in machines.calls if call[0] == "ssh-keyscan"]) == 2, "a host key is learnt once"


def test_a_machine_that_was_stopped_is_started_with_the_host_key_that_it_had(provider, machines, tmp_path):
    provider.start()
    machines.change(states={"client": "running", "node1": "shutoff"})
    again = make(tmp_path)
    with pytest.raises(MachineError, match="node1 does not run any more: Vagrant calls it 'shutoff'"):
        again.check()
    again.start()
    assert again.running()
    assert len([call for call in machines.calls if call[0] == "ssh-keyscan"]) == 2


def test_only_the_labs_key_opens_and_vagrant_has_it(provider, machines):
    provider.start()
    assert machines.read()["keys"] == dict.fromkeys(["client", "node1"], provider.lab.key.read_text())
    for place in provider.folder.glob(".vagrant/machines/*/libvirt/private_key"):
        assert place.read_bytes() == provider.lab.key.read_bytes()
        assert place.stat().st_mode & 0o777 == 0o600


def test_a_machine_that_lets_nobody_in_is_named(provider, machines):
    machines.change(keys={"node1": "another key"})
    with pytest.raises(HostRefused, match="node1 cannot be entered with Vagrant's key"):
        provider.start()


def test_known_transient_failures_are_tried_again_and_named(provider, machines):
    said = []
    provider.progress.warn = said.append
    machines.change(failures=["SSH connection was reset!\nThis usually happens"])
    provider.start()
    assert said == ["vagrant up: SSH was reset; it is tried again"]


def test_tries_end(provider, machines):
    machines.change(failures=["SSH connection was reset! Really"] * command.TRIES)
    with pytest.raises(MachineError, match="Vagrant failed: SSH connection was reset! Really") as caught:
        provider.start()
    assert caught.value.log.name == "vagrant-up.log"


def test_what_is_not_transient_is_not_tried_again(provider, machines):
    machines.change(failures=["Timed out while waiting for the machine to boot. This means"] * 2)
    with pytest.raises(MachineSilent):
        provider.start()
    assert len(machines.read()["failures"]) == 1


def test_a_killed_up_is_remembered_as_this_providers(provider, machines):
    machines.change(failures=["The box failed to unpackage"])
    with pytest.raises(BoxError):
        provider.start()
    state = provider.lab.load_state()
    assert (state.provider, state.hosts, state.profile) == ("vagrant", (), None)


def test_machines_that_stay_are_an_error(provider, machines):
    provider.start()
    machines.change(states={"client": "running", "node1": "stubborn"})
    with pytest.raises(MachineError, match="Vagrant did not remove node1"):
        provider.down()
    assert provider.folder.exists(), "so that it can be tried again"


def test_no_vagrant_is_one_message(tmp_path, monkeypatch):
    provider = make(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("netlab.proc._SBIN", str(tmp_path))
    with pytest.raises(MissingTool, match="the program 'vagrant' is not installed") as caught:
        provider.start()
    assert "apt-get install vagrant" in caught.value.hint


def test_the_files_that_vagrant_reads(provider, machines):
    provider.start()
    fleet = json.loads((provider.folder / "fleet.json").read_text())
    assert fleet["box"] == {"name": "debian", "url": "debian.box", "checksum": None}
    assert fleet["name"] == provider.name
    assert (provider.folder / "Vagrantfile").read_text().startswith("# -*- mode: ruby -*-")


def test_the_users_own_settings_of_vagrant_count_for_nothing(provider, machines, monkeypatch, tmp_path):
    monkeypatch.setenv("VAGRANT_CWD", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("VAGRANT_DOTFILE_PATH", str(tmp_path / "other"))
    provider.start()
    assert (provider.folder / ".vagrant").is_dir()


def test_a_box_that_nobody_has(tmp_path, machines):
    provider = make(tmp_path, box_url="")
    with pytest.raises(BoxError, match="Vagrant has no box 'debian' for libvirt"):
        provider.start()
    machines.change(boxes=["debian"])
    provider.start()


def test_what_a_box_was_baked_with_is_not_taken_for_the_hosts_own():
    """Hosts call networkd's file as Vagrant does, and the image was baked with a file of netlab's."""
    installs = assets.roles().glob("*/tasks/install.yml")
    assert {file.parents[1].name for file in installs if "networkd_file" in file.read_text()} <= OWN


def test_an_own_box_is_made_once(tmp_path, machines, monkeypatch):
    made = []
    monkeypatch.setattr(boxes, "_make", lambda vagrant, spec, box: made.append(box.name))
    provider = make(tmp_path, box="", box_url="")
    provider.prepare()
    assert made[0].startswith("netlab-datapath-")
    assert provider.facts()["netlab_baked_roles"]
    assert not OWN & set(provider.facts()["netlab_baked_roles"])
    machines.change(boxes=made)
    provider.prepare()
    assert len(made) == 1


def test_outline_asks_nobody(provider, machines):
    assert provider.outline() == (
        "the box debian, made where Vagrant does not have it",
        "make the hosts client, node1 (vagrant, libvirt)",
    )
    assert machines.calls == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (f"# c\nh ssh-rsa AAAA\nh {fake.KEY}\n", fake.KEY),
        ("[h]:2222 ecdsa-sha2-nistp256 AAAB comment\n", "ecdsa-sha2-nistp256 AAAB"),
        ("h ssh-dss AAAA\n", None),
        ("", None),
        ("getaddrinfo h: Name or service not known\n", None),
    ],
)
def test_the_best_host_key_is_pinned(text, key):
    assert contact.pinned(text) == key


def test_a_machine_that_a_transient_failure_met_is_made_again(provider, machines):
    """Vagrant does not configure one that runs already."""
    met = "An error occurred while executing the action on the 'client'\nmachine. SSH connection was reset!"
    machines.change(failures=[met])
    provider.start()
    assert machines.called("destroy") == [["vagrant", "destroy", "--force", "client"]]
    assert len(machines.called("up")) == 2


def test_what_a_killed_netlab_left_is_made_again(provider, machines, tmp_path):
    provider.start()
    (provider.folder / "hosts.json").unlink()
    make(tmp_path).start()
    assert machines.called("destroy") == [["vagrant", "destroy", "--force"]]
    assert provider.running()


def test_a_vagrant_whose_netlab_was_killed_is_ended(provider, machines, tmp_path):
    (provider.folder).mkdir()
    words = [sys.executable, "-c", "import time; time.sleep(60)"]
    mine = subprocess.Popen(words, env={**os.environ, command.MARK: str(provider.folder)}, start_new_session=True)
    other = subprocess.Popen(words, start_new_session=True)
    try:
        for process, ended in ((mine, True), (other, False)):
            (provider.folder / "vagrant.pid").write_text(str(process.pid))
            provider.vagrant.end_forgotten()
            assert (process.poll() is not None) is ended
    finally:
        for process in (mine, other):
            process.kill()
            process.wait()


def test_an_up_that_takes_too_long_is_ended(provider, machines, monkeypatch):
    machines.change(slow=60)
    provider.vagrant.folder.mkdir()
    with pytest.raises(MachineError, match="vagrant up did not end within 1 s"):
        provider.vagrant.work("up", timeout=1)


def test_a_machine_that_was_entered_before_is_not_made_again(provider, machines, tmp_path):
    provider.start()
    met = "An error occurred while executing the action on the 'client'\nmachine. SSH connection was reset!"
    machines.change(states={"client": "shutoff", "node1": "running"}, failures=[met])
    make(tmp_path).start()
    assert machines.called("destroy") == []
    assert provider.running()


def test_a_host_that_answers_late_is_not_taken_for_one_with_a_wrong_clock(provider, machines, monkeypatch):
    monkeypatch.setattr(suitable.time, "time", lambda: 4_000_000_000.0)
    provider.start()
    assert provider.running()


def test_a_host_that_does_not_say_what_time_it_is_is_taken_all_the_same(provider, machines, monkeypatch):
    asked = suitable.ask
    monkeypatch.setattr(
        suitable,
        "ask",
        lambda remote, **how: {name: said | {"time": "soon"} for name, said in asked(remote, **how).items()},
    )
    provider.start()
    assert provider.running()


def test_machines_of_another_build_are_removed_and_those_of_this_one_stay(provider, machines):
    provider.start()
    lab = provider.lab
    lab.save_state(LabState(provider="vagrant", clock="real", stack="datapath", build="run.2"))
    assert provider.rebuilt("run.2") is provider
    assert len(machines.read()["states"]) == 2
    assert provider.rebuilt("run.3") is provider
    assert machines.read()["states"] == {}
    assert lab.load_state() is None
