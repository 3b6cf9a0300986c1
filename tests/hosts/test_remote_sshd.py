"""Hosts that answer to SSH, by an SSH server of the test's own on 127.0.0.1, with keys and settings of its own."""

import getpass
import os
import platform
import pwd
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from netlab.errors import HostRefused, MachineError, MachineSilent
from netlab.hosts.remote import RemoteHosts
from netlab.hosts.ssh.resolve import host_of
from netlab.lab import Lab
from netlab.model.host import Host
from netlab.progress import Reporter
from tests.conftest import wait_until

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/sbin")


def without() -> str:
    """What an SSH server does not find here; empty where one can be started."""
    if not SSHD:
        return "sshd is not installed"
    if os.geteuid() == 0 and not (
        any(user.pw_name == "sshd" for user in pwd.getpwall()) and Path("/run/sshd").is_dir()
    ):
        return "root's sshd wants a user 'sshd' and /run/sshd"
    return ""


pytestmark = [pytest.mark.real, pytest.mark.skipif(bool(without()), reason=without())]


class Server:
    """One that lets the test's own user in, by one key; its sudo asks nobody."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.child = None
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port = taken.getsockname()[1]
        self.host_key, self.user_key = self.key("host"), self.key("user")
        sudo = folder / "bin" / "sudo"
        sudo.parent.mkdir()
        sudo.write_text('#!/bin/sh\nshift\nexec "$@"\n')
        sudo.chmod(0o755)

    def key(self, name: str) -> Path:
        path = self.folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
        return path

    def start(self, host_key: Path) -> None:
        config = self.folder / "sshd_config"
        config.write_text(
            f"ListenAddress 127.0.0.1:{self.port}\nHostKey {host_key}\nAuthorizedKeysFile {self.user_key}.pub\n"
            f"PidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n"
            f"KbdInteractiveAuthentication no\nSetEnv PATH={self.folder / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin\n"
        )
        log = (self.folder / "sshd.log").open("ab")
        with log:
            self.child = subprocess.Popen([SSHD, "-D", "-e", "-f", config], stdout=log, stderr=log)
        wait_until(self.listens, seconds=20, what="sshd listened")

    def listens(self) -> bool:
        assert self.child.poll() is None, (self.folder / "sshd.log").read_text()
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self.child:
            self.child.terminate()
            self.child.wait(20)

    def public(self, key: Path) -> str:
        return " ".join(key.with_suffix(".pub").read_text().split()[:2])

    def host(self, **changes) -> Host:
        words = {"user": getpass.getuser(), "host_key": self.public(self.host_key), "identity": self.user_key} | changes
        return Host(name="node1", part="node", address="127.0.0.1", port=self.port, lab_address="127.0.0.1", **words)


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
