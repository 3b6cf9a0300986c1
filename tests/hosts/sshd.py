"""SSH servers of a test's own on 127.0.0.1, with keys and settings of their own."""

import getpass
import os
import pwd
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from netlab.model.host import Host
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


needs_sshd = pytest.mark.skipif(bool(without()), reason=without())


class Server:
    """One that lets the test's own user in, by one key; its sudo asks nobody."""

    def __init__(self, folder: Path, **env: str) -> None:
        """``env``: what commands find in their environment there."""
        self.folder = folder
        self.env = env
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
            f"KbdInteractiveAuthentication no\nSetEnv PATH={self.folder / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin"
            + "".join(f" {name}={value}" for name, value in self.env.items())
            + "\nLogLevel VERBOSE\n"
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
        words = {
            "name": "node1",
            "part": "node",
            "address": "127.0.0.1",
            "port": self.port,
            "lab_address": "127.0.0.1",
            "user": getpass.getuser(),
            "host_key": self.public(self.host_key),
            "identity": self.user_key,
        }
        return Host(**words | changes)

    def entries(self) -> int:
        """How often somebody was let in."""
        return (self.folder / "sshd.log").read_text().count("Accepted publickey for ")
