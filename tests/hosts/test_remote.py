"""Hosts that answer to SSH, refuse, or are silent: how each is told apart, by what ssh really says."""

import os
import signal
import threading
import time

import pytest

from netlab.errors import HostRefused, HostUnsuitable, MachineError, MachineSilent, ResultsError
from netlab.hosts import interfaces
from netlab.hosts.remote import RemoteHosts, where
from netlab.lab import Lab
from netlab.model.host import Host
from netlab.progress import Reporter
from netlab.samples.machine import parse_answers
from tests.conftest import wait_until
from tests.hosts.ssh_program import CHANGED, MACHINE, NO_SUDO, REFUSED, UNREACHABLE

HOSTS = (
    Host(name="client", part="client", address="192.0.2.10", lab_address="10.0.0.10"),
    Host(name="node1", part="node", address="192.0.2.11", port=2222, user="debian", lab_address="10.0.0.11"),
    Host(name="node2", part="node", address="192.0.2.12", lab_address="10.0.0.12"),
)


@pytest.fixture
def lab(tmp_path):
    lab = Lab(tmp_path / "lab")
    lab.state_folder.mkdir(parents=True)
    return lab


@pytest.fixture
def remote(lab, ssh):
    return RemoteHosts(lab, HOSTS, Reporter())


def test_all_are_waited_for_and_root_needs_no_sudo(remote, ssh, lab):
    remote.wait()
    assert ssh.entered == ["client: sh -s", "node1: sudo --non-interactive sh -s", "node2: sh -s"]
    assert "Host node1" in lab.ssh_config.read_text()
    assert remote.answer()
    remote.check()


def test_one_that_still_boots_is_waited_for(remote, ssh):
    ssh.fail_once("node2", UNREACHABLE)
    remote.wait()
    assert ssh.entered[-2:] == ["node2: sh -s"] * 2


@pytest.mark.parametrize(
    ("words", "reason", "hint"),
    [
        (REFUSED, "it lets nobody in with this user and key (root@192.0.2.11: Permission denied", "authorized_keys"),
        (CHANGED, "it proves itself with another key than the known one (Host key verification failed.)", "old key"),
        (NO_SUDO, "the user cannot become root by sudo (sudo: a password is required)", "NOPASSWD"),
        ("bash: line 1: sudo: command not found", "the user cannot become root by sudo", "enter as root"),
    ],
)
def test_one_that_refuses_is_not_waited_for(remote, ssh, words, reason, hint):
    ssh.fail("node1", words)
    for ask in (remote.wait, remote.check):
        with pytest.raises(HostRefused) as caught:
            ask()
        assert caught.value.message.startswith(f"node1 at debian@192.0.2.11:2222 cannot be entered: {reason}")
        assert hint in caught.value.hint
    assert not remote.answer()


def test_one_that_never_answers_is_named_with_what_ssh_said_last(remote, ssh):
    ssh.fail("node2", f"Warning: something\n{UNREACHABLE}")
    with pytest.raises(MachineSilent) as caught:
        remote.wait(timeout_s=0.2)
    assert caught.value.message == (
        f"node2 did not answer to SSH at root@192.0.2.12:22 within 0.2 s: {UNREACHABLE}"
    )  # fmt: skip
    assert not remote.answer()
    with pytest.raises(MachineError, match=f"node2 does not answer to SSH: {UNREACHABLE}") as gone:
        remote.check()
    assert "netlab ssh node2" in gone.value.hint


def test_one_that_says_nothing_is_said_to_say_nothing(remote, ssh):
    ssh.fail("node2", "")
    with pytest.raises(MachineError, match="node2 does not answer to SSH: it left no message"):
        remote.check()


def test_one_that_lets_in_and_hangs_is_named(remote, ssh, monkeypatch):
    monkeypatch.setattr("netlab.hosts.remote.ANSWER_TIMEOUT_S", 0.5)
    ssh.behave("node2", "exec sleep 60\n")
    silence = "node2 at root@192.0.2.12:22 gave no answer within 0.5 s"
    with pytest.raises(MachineSilent, match=f"node2 did not answer .* within 0.1 s: {silence}"):
        remote.wait(timeout_s=0.1)
    assert not remote.answer()
    with pytest.raises(MachineError, match=silence):
        remote.check()
    with pytest.raises(MachineSilent, match=silence) as caught:
        remote.ask("id", "it does not say who it is")
    assert "netlab ssh node2" in caught.value.hint


def test_hosts_are_asked_at_the_same_time(remote, ssh):
    for host in HOSTS:  # each waits until all have been entered
        ssh.behave(host.name, 'touch "here-$name"; while [ "$(ls here-* | wc -l)" -lt 3 ]; do sleep 0.05; done\n')
    began = time.monotonic()
    remote.check()
    assert time.monotonic() - began < 30


def test_answers_are_by_host_and_a_failure_names_its_host(remote, ssh):
    ssh.behave("node1", 'echo "I am $name"; exit 0\n')
    assert remote.ask("whoami", "it does not say who it is")["node1"] == "I am node1\n"
    ssh.fail("node1", "sh: 1: nonsense: not found", exit_code=127)
    with pytest.raises(MachineError, match="node1: it does not say who it is: sh: 1: nonsense: not found"):
        remote.ask("nonsense", "it does not say who it is")
    ssh.fail("node1", "", exit_code=3)
    with pytest.raises(MachineError, match="node1: it does not say who it is: exit code 3"):
        remote.ask("exit 3", "it does not say who it is")


def test_what_hosts_are_is_recorded(remote, ssh):
    machines = remote.machines()
    assert [machine.name for machine in machines] == ["client", "node1", "node2"]
    other = machines[2].model_copy(update={"cpu": "AMD EPYC 7R13", "kernel": "6.1.0"})
    found = remote.environment("ssh", [*machines[:2], other])
    assert (found.provider, found.clock, found.guest_cpus, found.parallel_fleets) == ("ssh", "real", 2, 1)
    assert found.guest_kernel == "6.1.0; 6.12.38+deb13-cloud-amd64"
    assert found.host_cpu == "AMD EPYC 7R13; Intel(R) Xeon(R) Processor @ 2.60GHz"
    assert found.guest_memory_mib == 3 * 3919
    assert found.fleet == {"client": "client", "node1": "node", "node2": "node"}
    assert found.kernels == (("client",), ("node1",), ("node2",))
    assert found.machines[2].cpu == "AMD EPYC 7R13"


def test_hosts_say_which_boot_they_are_in(remote, ssh):
    ssh.behave("node1", "echo 0b3c; exit 0\n")
    assert remote.boots()["node1"] == "0b3c"


def test_a_host_that_does_not_say_what_it_is_is_named(remote, ssh):
    ssh.say(machine=MACHINE.replace("cpus=2", "cpus="))
    with pytest.raises(ResultsError, match="client does not say what it is"):
        remote.machines()


def test_a_ctrl_c_ends_what_is_under_way_on_hosts(remote, ssh):
    ssh.behave("node2", "touch hangs\nexec sleep 50\n")

    def interrupt():
        wait_until((ssh.folder / "hangs").exists, seconds=20, what="node2 was entered")
        os.kill(os.getpid(), signal.SIGINT)

    other = threading.Thread(target=interrupt)
    other.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        remote.check()
    other.join()
    assert time.monotonic() - began < 40


def test_one_that_refuses_ends_the_wait_for_the_others(remote, ssh):
    ssh.behave("node2", "touch hangs\nexec sleep 50\n")
    waited = "while [ ! -e hangs ]; do sleep 0.05; done\n"
    ssh.behave("node1", f"{waited}echo '{REFUSED}' >&2\nexit 255\n")
    began = time.monotonic()
    with pytest.raises(HostRefused, match="node1"):
        remote.check()
    assert time.monotonic() - began < 40


def located(remote):
    said = remote.ask(interfaces.SCRIPT, "it does not say which interfaces it has")
    return [interfaces.located(host, parse_answers(said[host.name])) for host in HOSTS]


def test_hosts_say_which_of_their_interfaces_is_the_labs(remote, ssh):
    ssh.behave("client", "echo 'address 10.0.0.10=eth0'\nexit 0\n")
    ssh.behave(
        "node1", "printf '%s\\n' 'address 10.0.0.11=ens4' 'networkd ens4=/etc/systemd/network/5.network'\nexit 0\n"
    )
    ssh.behave("node2", "echo 'address 10.0.0.12=ens5'\nexit 0\n")
    assert [(host.interface, host.networkd_file) for host in located(remote)] == [
        ("eth0", ""),
        ("ens4", "5.network"),
        ("ens5", ""),
    ]
    ssh.behave("node2", "exit 0\n")
    with pytest.raises(HostUnsuitable, match=r"node2 has no interface with the address 10\.0\.0\.12"):
        located(remote)


def test_asking_leaves_no_thread_behind(remote, ssh):
    before = threading.active_count()
    remote.answer()
    assert threading.active_count() == before


def test_a_lab_without_hosts_is_complete(lab, ssh):
    nobody = RemoteHosts(lab, (), Reporter())
    nobody.wait()
    assert nobody.answer()
    assert nobody.machines() == ()


def test_a_host_is_called_as_it_is_entered():
    assert where(HOSTS[1]) == "debian@192.0.2.11:2222"
