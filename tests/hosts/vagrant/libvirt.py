"""A libvirt of a test's own: in namespaces, so that its bridges, dnsmasq, NAT and machines never touch the host.

All of it ends with the first process of the namespaces: no domain, no daemon and no network outlives the test.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PROGRAMS = ("vagrant", "libvirtd", "virtlogd", "virsh", "dnsmasq", "unshare", "nsenter", "ip")

QEMU_CONF = """\
user = "root"
group = "root"
security_driver = "none"
namespaces = []
remember_owner = 0
"""

# the last line's process is given all orphans, and has them go: libvirt waits until the QEMU of a probe has gone
SETUP = """\
set -e
ip link set lo up
mkdir -p /var/lib/libvirt
mount -t tmpfs tmpfs /run
mount --bind "$1/lib" /var/lib/libvirt
mount --bind "$1/etc" /etc/libvirt
# a /dev/kvm that exists and does not work costs libvirt seconds at every question: so there is none
[ ! -e /dev/kvm ] || mount --bind "$1/no-kvm" /dev/kvm
virtlogd --daemon
libvirtd --daemon
echo ready
exec "$2" -c 'import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); [signal.pause() for _ in iter(int, 1)]'
"""

HOME_VAGRANTFILE = """\
# What is special to a machine without an accelerator; a user has such a file as ~/.vagrant.d/Vagrantfile.
Vagrant.configure("2") do |config|
  config.vm.provider "libvirt" do |libvirt|
    libvirt.driver = "qemu"
    libvirt.cpu_mode = "custom"
    libvirt.cpu_model = "Nehalem"
    libvirt.cpu_feature name: "cx16", policy: "disable"
    libvirt.disk_driver cache: "unsafe"
  end
end
"""
"""QEMU 7.2 emulates cmpxchg16b wrongly, so that newer kernels end in a double fault."""


class Libvirt:
    """Namespaces with a libvirt in them, and the words that run a command there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "vagrant.d"
        self._init: subprocess.Popen[str] | None = None

    def start(self) -> None:
        for name in ("lib", "etc", "vagrant.d"):
            (self.folder / name).mkdir()
        shutil.copytree("/etc/libvirt", self.folder / "etc", dirs_exist_ok=True)
        for autostart in (self.folder / "etc").rglob("autostart"):
            shutil.rmtree(autostart)  # the host's own networks stay out of here
        (self.folder / "etc" / "qemu.conf").write_text(QEMU_CONF)
        (self.folder / "no-kvm").touch(mode=0)
        (self.home / "Vagrantfile").write_text(HOME_VAGRANTFILE)
        words = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
        with (self.folder / "libvirt.log").open("w") as log:
            self._init = subprocess.Popen(
                [*words, "sh", "-c", SETUP, "setup", self.folder, sys.executable],
                stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
            )  # fmt: skip
        line = self._init.stdout.readline()
        assert line == "ready\n", (self.folder / "libvirt.log").read_text()

    def stop(self) -> None:
        if self._init:
            self._init.send_signal(signal.SIGKILL)
            self._init.wait(30)
            self._init.stdout.close()

    @property
    def enter(self) -> list[str]:
        """Words that run a command where this libvirt is."""
        child = Path(f"/proc/{self._init.pid}/task/{self._init.pid}/children").read_text().split()[0]
        return ["nsenter", "--target", child, "--mount", "--net", "--pid"]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "VAGRANT_HOME": str(self.home), "VAGRANT_CHECKPOINT_DISABLE": "1"}

    def run(self, *words: object, timeout: float = 600, **options) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.enter, *map(str, words)],
            env=self.environment, capture_output=True, text=True, check=False, timeout=timeout, **options,
        )  # fmt: skip

    def begin(self, *words: object) -> subprocess.Popen[bytes]:
        """Begin what ``kill`` may end before it is done."""
        quiet = subprocess.DEVNULL
        return subprocess.Popen([*self.enter, *map(str, words)], env=self.environment, stdout=quiet, stderr=quiet)

    def kill(self, words: str) -> None:
        """Kill the process that has these words, and no other: what it began goes on."""
        done = self.run("pkill", "--signal", "KILL", "--full", "--oldest", words)
        assert done.returncode == 0, f"nothing here runs {words!r}"

    def domains(self) -> list[str]:
        """Names of the machines that there are, whether or not they run."""
        return self.run("virsh", "-c", "qemu:///system", "list", "--all", "--name").stdout.split()

    def volumes(self) -> list[str]:
        """Names of the disks, of boxes and of machines."""
        lines = self.run("virsh", "-c", "qemu:///system", "vol-list", "default").stdout.splitlines()[2:]
        return [line.split()[0] for line in lines if line.strip()]

    def networks(self) -> list[str]:
        return self.run("virsh", "-c", "qemu:///system", "net-list", "--all", "--name").stdout.split()


@contextlib.contextmanager
def running(folder: Path):
    """A libvirt for as long as the context lasts."""
    libvirt = Libvirt(folder)
    try:
        libvirt.start()
        deadline = time.monotonic() + 60
        while libvirt.run("virsh", "-c", "qemu:///system", "version").returncode:
            assert time.monotonic() < deadline, (folder / "libvirt.log").read_text()
            time.sleep(1)
        yield libvirt
    finally:
        libvirt.stop()
