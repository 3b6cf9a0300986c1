"""What cloud-init does at a host's first boot: who may enter, its host key, the MTU of its interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from netlab.hosts.cloud.keys import KeyPair

MTU_SCRIPT = """#!/bin/sh
# Gives the interface with the address {address} an MTU of {mtu}: now, and whenever it is configured again.
set -eu
name=$(ip -o -4 address show scope global | awk -v want={address}/ 'index($4, want) == 1 {{ print $2 }}')
test -n "$name"
for file in /run/systemd/network/*netplan-"$name".network; do
    test -e "$file" || continue
    folder=/etc/systemd/network/$(basename "$file").d
    mkdir -p "$folder"
    printf '[Link]\\nMTUBytes={mtu}\\n[DHCPv4]\\nUseMTU=no\\n' > "$folder/netlab.conf"
done
ip link set dev "$name" mtu {mtu}
"""
_MTU_FILE = "/usr/local/sbin/netlab-mtu"


def user_data(name: str, address: str, public_key: str, host_key: KeyPair, *, mtu: int = 0) -> str:
    """Return cloud-init's configuration of the host ``name``, whose interface with ``address`` carries the lab.

    ``mtu`` is that of the interface; 0: what the network says. The text has the host's private key.
    """
    config: dict[str, Any] = {
        "hostname": name,
        "disable_root": False,
        "users": [{"name": "root", "lock_passwd": True, "ssh_authorized_keys": [public_key]}],
        "ssh_deletekeys": True,
        "ssh_genkeytypes": [],
        "ssh_keys": {"ed25519_private": host_key.private, "ed25519_public": host_key.public},
    }
    if mtu:
        script = MTU_SCRIPT.format(address=address, mtu=mtu)
        config["write_files"] = [{"path": _MTU_FILE, "permissions": "0700", "content": script}]
        config["runcmd"] = [[_MTU_FILE]]
    return f"#cloud-config\n{yaml.safe_dump(config, sort_keys=False)}"
