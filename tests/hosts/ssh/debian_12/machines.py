"""Machines of Debian 12 that an administrator has set up: three on one Ethernet, each configured in its own way."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

from netlab import assets
from netlab.hosts.ports import find_ports
from netlab.hosts.qemu import accel, boot
from netlab.hosts.qemu.fleet import ISOLATED
from netlab.hosts.qemu.machine import Machine, MachineConfig, Nic
from netlab.model.host import Host
from tests.conftest import wait_until
from tests.entered import Entered

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.model.lab import Part
    from tests.hosts.ssh.debian_12.image import Debian

USER = "debian"
PARTS: dict[str, Part] = {"client": "client", "node1": "node", "node2": "node"}
MEMORY_MIB = 768
BOOT_S = 1800
"""Three that are emulated on two processors, which others use too."""

NAMED = """sudo sh -eu <<'END'
hostnamectl set-hostname {name}
echo '127.0.1.1 {name}' >>/etc/hosts
systemctl is-system-running --wait || systemctl list-units --failed --plain --no-legend
END
"""
NETWORKS = {
    "networkd": """sudo sh -eu <<'END'
printf '%s\\n' '[Match]' 'Name=eth1' '' '[Network]' 'Address={address}/24' >/etc/systemd/network/20-lab.network
systemctl enable --quiet --now systemd-networkd
systemctl reload systemd-networkd
/lib/systemd/systemd-networkd-wait-online --quiet --interface=eth1 --timeout=300
END
""",
    "netplan": """sudo sh -eu <<'END'
umask 077
cat >/etc/netplan/60-lab.yaml <<'YAML'
network:
  version: 2
  renderer: networkd
  ethernets:
    eth1:
      addresses: [{address}/24]
YAML
systemctl enable --quiet --now systemd-networkd
netplan apply
/lib/systemd/systemd-networkd-wait-online --quiet --interface=eth1 --timeout=300
END
""",
    "ifupdown": """sudo sh -eu <<'END'
printf '%s\\n' 'auto eth1' 'iface eth1 inet static' '    address {address}/24' >/etc/network/interfaces.d/eth1
ifup eth1
END
""",
    "no ifupdown": """sudo sh -eu <<'END'
ifdown eth1
rm /etc/network/interfaces.d/eth1
END
""",
}
"""What an administrator does to have the second interface configured; ``networkd`` is that of docs/hosts.md."""


class Machines(Entered):
    """Three machines in QEMU; ``inventory.yml`` in their folder names them."""

    def __init__(self, folder: Path, debian: Debian) -> None:
        self.folder = folder
        self.debian = debian
        ports = find_ports(0, len(PARTS))
        hosts = [_host(name, index, port) for index, (name, port) in enumerate(zip(PARTS, ports, strict=True))]
        super().__init__(hosts, folder / "ssh_config")
        self._machines: dict[str, Machine] = {}
        self._write_access()

    def start(self, **kernels: str) -> None:
        """Boot the machines that are named, each with its kernel (``own`` or ``newer``), and give them their names."""
        for name, kernel in kernels.items():
            self._machines[name] = machine = Machine(self.folder / name, self.folder, self._config(name, kernel))
            machine.start()
        for name in kernels:
            self._wait(name)
            failed = self.do(name, NAMED).strip()
            assert failed == "running", f"{name}: {failed}"

    def stop(self, name: str) -> None:
        """Switch a machine off; its disk is a new one the next time."""
        self._machines.pop(name).stop()

    def configure(self, **networks: str) -> None:
        """Have the lab's interface of each machine configured by what is named."""
        for name, network in networks.items():
            self.do(name, NETWORKS[network])

    def do(self, name: str, script: str) -> str:
        """Run a script on a machine, where it may name itself and its address."""
        host = self.named(name)
        return self.run(host, "sh", script.format(name=name, address=host.lab_address))

    def named(self, name: str) -> Host:
        return next(host for host in self.hosts if host.name == name)

    def close(self) -> None:
        for name in [*self._machines]:
            self.stop(name)
            shutil.rmtree(self.folder / name)

    def _wait(self, name: str) -> None:
        words = ["ssh", "-F", self.ssh_config, "-oConnectTimeout=20", name, "true"]
        machine = self._machines[name]

        def answers() -> bool:
            machine.check()
            return subprocess.run(words, check=False, capture_output=True).returncode == 0

        wait_until(answers, seconds=BOOT_S, what=f"the boot of {name}")

    def _write_access(self) -> None:
        lines = [
            *("Host *", f'IdentityFile "{self.debian.key}"', "IdentitiesOnly yes", "LogLevel ERROR"),
            *(f'UserKnownHostsFile "{self.folder}/known_hosts"', "GlobalKnownHostsFile none"),
        ]
        known = [f"[{host.address}]:{host.port} {self.debian.host_key}" for host in self.hosts]
        for host in self.hosts:
            lines += [f"Host {host.name}", f"HostName {host.address}", f"Port {host.port}", f"User {host.user}"]
        groups: dict[str, dict[str, dict[str, object]]] = {}
        for host in self.hosts:
            groups.setdefault(host.part, {"hosts": {}})["hosts"][host.name] = {
                "netlab_address": host.lab_address,
                "netlab_ssh_port": host.lab_port,
            }
        options = {"ansible_ssh_common_args": f"-F '{self.ssh_config}'"}
        for name, text in {
            "ssh_config": "\n".join(lines),
            "known_hosts": "\n".join(known),
            "inventory.yml": json.dumps({"all": {"vars": options, "children": groups}}),
        }.items():
            (self.folder / name).write_text(f"{text}\n")

    def _config(self, name: str, which: str) -> MachineConfig:
        index = [*PARTS].index(name)
        kernel, initrd = self.debian.kernel(which)
        forward = f"hostfwd=tcp:127.0.0.1:{self.named(name).port}-:22"
        return MachineConfig(
            name=name,
            accelerator=accel.probe(assets.cache()),
            clock="real",
            cpus=1,
            memory_mib=MEMORY_MIB,
            disk=self.debian.disk,
            kernel=kernel,
            initrd=initrd,
            nics=(
                Nic(netdev=f"user,{ISOLATED},{forward}", mac=boot.mac(0, index)),
                Nic(netdev=_cable(index) if index else "hubport,hubid=0", mac=boot.mac(1, index)),
            ),
            extra=() if index else _hub(),
            credentials={},
            keys={},
        )


def _host(name: str, index: int, port: int) -> Host:
    address = f"10.20.0.{10 + index}"
    return Host(name=name, part=PARTS[name], address="127.0.0.1", port=port, user=USER, lab_address=address)


def _cable(index: int) -> str:
    return f"stream,server=off,addr.type=unix,addr.path=../cable{index}"


def _hub() -> tuple[str, ...]:
    """The first machine's: where the cables of the others end."""
    ends = (
        (
            f"stream,id=cable{index},server=on,addr.type=unix,addr.path=../cable{index}",
            f"hubport,id=port{index},hubid=0",
        )
        for index in range(1, len(PARTS))
    )
    return tuple(
        word
        for index, (cable, port) in enumerate(ends, start=1)
        for word in ("-netdev", cable, "-netdev", f"{port},netdev=cable{index}")
    )
