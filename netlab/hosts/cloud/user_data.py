"""What cloud-init does at a host's first boot: who may enter, its host key, a script of the cloud's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from netlab.hosts.cloud.cloud import Script

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


def mtu_script(address: str, mtu: int) -> Script:
    """Return what gives the interface with ``address`` the MTU ``mtu``."""
    return Script("/usr/local/sbin/netlab-mtu", MTU_SCRIPT.format(address=address, mtu=mtu))


def user_data(name: str, public_key: str, host_key: KeyPair, script: Script | None = None) -> str:
    """Return cloud-init's configuration of the host ``name``, which has the host's private key."""
    config: dict[str, Any] = {
        "hostname": name,
        "disable_root": False,
        "users": [{"name": "root", "lock_passwd": True, "ssh_authorized_keys": [public_key]}],
        "ssh_deletekeys": True,
        "ssh_genkeytypes": [],
        "ssh_keys": {"ed25519_private": host_key.private, "ed25519_public": host_key.public},
    }
    if script:
        config["write_files"] = [{"path": script.path, "permissions": "0700", "content": script.text}]
        config["runcmd"] = [[script.path, *script.words]]
    return f"#cloud-config\n{yaml.safe_dump(config, sort_keys=False)}"
