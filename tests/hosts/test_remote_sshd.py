"""Hosts that answer to SSH, by an SSH server of the test's own on 127.0.0.1, with keys and settings of its own."""

import getpass
import platform
import shutil
import subprocess

import pytest

from netlab import ansible
from netlab.errors import HostRefused, MachineError, MachineSilent
from netlab.hosts.remote import RemoteHosts
from netlab.hosts.ssh.resolve import host_of
from netlab.lab import Lab
from netlab.progress import Reporter
from tests.hosts.sshd import Server, needs_sshd

pytestmark = [pytest.mark.real, needs_sshd]


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "sshd"
    folder.mkdir()
    found = Server(folder)
    found.start(found.host_key)
    yield found
    found.stop()


@pytest.fixture
def remote(tmp_path):
    lab = Lab(tmp_path / "my lab")
    lab.state_folder.mkdir(parents=True)
    return lambda host: RemoteHosts(lab, (host,), Reporter())


def test_a_host_says_over_ssh_what_it_is(server, remote):
    hosts = remote(server.host())
    hosts.wait()
    assert hosts.answer()
    hosts.check()
    (machine,) = hosts.machines()
    assert machine.kernel == platform.release()
    assert hosts.ask("id -un", "it does not say who it is")["node1"].strip() == getpass.getuser()
    with pytest.raises(MachineError, match=r"node1: it failed: exit code 7"):
        hosts.ask("exit 7", "it failed")


def test_another_host_key_is_refused_at_once(server, remote):
    hosts = remote(server.host())
    hosts.wait()
    server.stop()
    server.start(server.key("another"))
    for ask in (hosts.wait, hosts.check):
        with pytest.raises(HostRefused, match="it proves itself with another key than the known one"):
            ask()
    assert not hosts.answer()


def test_another_key_of_the_user_is_refused_at_once(server, remote):
    hosts = remote(server.host(identity=server.key("stranger")))
    with pytest.raises(HostRefused, match="it lets nobody in with this user and key"):
        hosts.wait()


def test_a_host_that_is_gone_is_named(server, remote):
    hosts = remote(server.host())
    hosts.wait()
    server.stop()
    assert not hosts.answer()
    with pytest.raises(MachineError, match=r"node1 does not answer to SSH: .*Connection refused"):
        hosts.check()
    with pytest.raises(MachineSilent, match=r"within 0.1 s: .*Connection refused"):
        hosts.wait(timeout_s=0.1)


def test_a_host_is_entered_as_the_users_ssh_enters_it_and_through_a_jump_host(server, remote, tmp_path):
    known = tmp_path / "known"
    known.write_text(f"[127.0.0.1]:{server.port} {server.public(server.host_key)}\n")
    (tmp_path / "config").write_text(
        f"Host web1 gate\n  HostName 127.0.0.1\n  Port {server.port}\n  User {getpass.getuser()}\n"
        f"  IdentityFile {server.user_key}\n  UserKnownHostsFile {known}\nHost web1\n  ProxyJump gate\n"
    )
    host = host_of("node1", "node", "web1", {"ansible_ssh_common_args": f"-F {tmp_path / 'config'}"})
    assert host.jump is not None
    hosts = remote(host)
    hosts.wait()
    assert hosts.machines()[0].kernel == platform.release()
    hosts = remote(
        host.model_copy(update={"jump": host.jump.model_copy(update={"host_key": server.public(server.user_key)})})
    )
    with pytest.raises(HostRefused, match="it proves itself with another key"):
        hosts.wait()


def test_a_jump_host_is_entered_once_for_all_that_netlab_does(server, tmp_path):
    lab = Lab(tmp_path / "lab")
    lab.folder.mkdir()
    lab.state_folder.mkdir()
    lab.create()
    host = server.host()
    hosts = RemoteHosts(lab, (host.model_copy(update={"jump": host}),), Reporter())
    try:
        hosts.wait()
        before = server.entries()
        for _ in range(3):
            hosts.check()
        assert (before, server.entries()) == (2, 5), "jump host and host; then the host alone"
        plain = [["ssh", "-F", lab.ssh_config, "node1", "true"], 6]
        assert subprocess.run(plain[0], check=False).returncode == 0
        assert server.entries() == plain[1], "a user's own ssh takes the open connection"
        ansible.close_connections(lab.sockets)
        assert subprocess.run(plain[0], check=False).returncode == 0
        assert server.entries() == 8, "or makes one of its own"
        shutil.rmtree(lab.sockets)
        assert subprocess.run(plain[0], check=False).returncode == 0, "also when their folder is gone"
    finally:
        ansible.close_connections(lab.sockets)
        shutil.rmtree(lab.sockets, ignore_errors=True)
