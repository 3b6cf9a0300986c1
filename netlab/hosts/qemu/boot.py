"""What a machine is told at boot, through QEMU's fw_cfg: nothing is configured over SSH and nothing is baked per lab.

Two kinds travel there. *systemd credentials* are read once, at first boot: names and addresses. *Keys* are read at
every SSH connection, from the QEMU that runs now: so a snapshot holds no key, and any lab can restore it with its own.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netlab.files import write_atomic
from netlab.hosts.qemu import options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from netlab.lab import Lab
    from netlab.model.host import Host

CREDENTIALS = "opt/io.systemd.credentials"
KEYS = "opt/netlab"
PREFIX_LENGTH = 24
AUTHORIZED, KNOWN = "authorized_keys", "known_hosts"
AGENT = "/usr/local/lib/netlab/netlab-agent"
"""Of the role ``benchmark``."""


def mac(kind: int, index: int) -> str:
    """Locally administered address of interface ``kind`` (0 management, 1 lab) of host ``index``."""
    return f"52:54:00:6e:{kind:02x}:{index:02x}"


def key_files(lab: Lab) -> dict[str, Path]:
    """Fw_cfg names of what sshd and ssh read at each connection; ``write_keys`` writes those that are no keys."""
    return {
        f"{KEYS}/ssh_host_ed25519_key": lab.host_key,
        f"{KEYS}/authorized_keys": lab.key.parent / AUTHORIZED,
        f"{KEYS}/agent_key": lab.agent_key,
        f"{KEYS}/known_hosts": lab.key.parent / KNOWN,
    }


def write_keys(lab: Lab, client: Host) -> None:
    """Write down who may enter the hosts, and how they prove themselves to the client.

    The lab's key opens all. That of the client starts netlab-agent, whatever it asks for, and only from the client.
    """
    only = f'from="{client.lab_address}",restrict,command="{AGENT}"'
    keys = f"{lab.public_key(lab.key)}\n{only} {lab.public_key(lab.agent_key)}\n"
    write_atomic(lab.key.parent / AUTHORIZED, keys.encode())
    write_atomic(lab.key.parent / KNOWN, f"* {lab.public_key(lab.host_key)}\n".encode())


def own_machine(host: Host, index: int) -> dict[str, str]:
    """Credentials of a machine that is one host."""
    return {
        "system.hostname": host.name,
        "network.network.20-lab": lab_network(host),
        "network.link.10-mgmt0": _link(mac(0, index), "mgmt0"),
        "network.link.10-lab0": _link(mac(1, index), "lab0"),
    }


def shared_machine(hosts: Sequence[Host]) -> dict[str, str]:
    """Credentials of a machine whose hosts are containers in it; ``netlab-host@NAME.service`` passes them on."""
    credentials = {
        "system.hostname": "netlab",
        "network.netdev.10-lab": "[NetDev]\nName=lab\nKind=bridge\n",
        "network.network.11-lab-ports": "[Match]\nName=lb-*\n[Network]\nBridge=lab\n",
        "network.network.12-lab": "[Match]\nName=lab\n[Network]\nLinkLocalAddressing=no\nConfigureWithoutCarrier=yes\n",
    }
    for index, host in enumerate(hosts):
        credentials[f"network.link.10-{host.name}"] = _link(mac(0, index), f"mg-{host.name}")
        credentials[f"netlab.{host.name}.network"] = lab_network(host)
    return credentials


def lab_network(host: Host) -> str:
    """systemd.network text of the lab's own Ethernet."""
    address = ipaddress.ip_interface(f"{host.lab_address}/{PREFIX_LENGTH}")
    return f"[Match]\nName=lab0\n[Network]\nAddress={address}\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"


def fw_cfg(credentials: dict[str, str], keys: dict[str, Path], folder: Path) -> Iterator[str]:
    """QEMU arguments; the contents are written below ``folder``, where QEMU runs, because commas are special here."""
    (folder / "credentials").mkdir(parents=True, exist_ok=True)
    for name, text in credentials.items():
        (folder / "credentials" / name).write_text(text, encoding="utf-8")
        yield from ("-fw_cfg", f"name={CREDENTIALS}/{name},file=credentials/{name}")
    for name, path in keys.items():
        yield from ("-fw_cfg", f"name={name},file={options.value(path)}")


def _link(address: str, name: str) -> str:
    return f"[Match]\nMACAddress={address}\n[Link]\nName={name}\n"
