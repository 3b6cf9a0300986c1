"""What cloud-init does at a host's first boot: who may enter, its host key, the name of its interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from netlab.hosts.cloud.keys import KeyPair

INTERFACE = "lab0"
"""On hosts of every provider; profiles and their promises call it by this name."""

_NAME = """#!/bin/sh
# Names the interface with the address {address} {interface}, now and at every boot; systemd-networkd configures it.
set -eu
old=$(ip -o -4 address show scope global | awk -v want={address}/ 'index($4, want) == 1 {{ print $2 }}')
test -n "$old"
mac=$(cat "/sys/class/net/$old/address")
cat > /etc/systemd/network/10-netlab.link <<END
[Match]
MACAddress=$mac
Type=ether

[Link]
Name={interface}
END
cat > /etc/systemd/network/10-netlab.network <<END
[Match]
Name={interface}

[Link]
{mtu}
[Network]
DHCP=ipv4
END
# whatever described the interface by its old name does so no more; what describes others stays
grep -lis -e "$mac" -e "$old:" /etc/netplan/*.yaml | xargs -r rm -f
rm -f /run/systemd/network/*netplan-"$old".*
test "$old" = {interface} || {{
    ip link set dev "$old" down
    ip link set dev "$old" name {interface}
}}
systemctl enable --quiet systemd-networkd
systemctl restart systemd-networkd
"""
_NAME_FILE = "/usr/local/sbin/netlab-interface"


def user_data(name: str, address: str, public_key: str, host_key: KeyPair, *, mtu: int = 0) -> str:
    """Return cloud-init's configuration of the host ``name``, whose interface with ``address`` carries the lab.

    ``mtu`` is that of the interface; 0: what the network says. The text has the host's private key.
    """
    script = _NAME.format(address=address, interface=INTERFACE, mtu=f"MTUBytes={mtu}\n" if mtu else "")
    config = {
        "hostname": name,
        "disable_root": False,
        "users": [{"name": "root", "lock_passwd": True, "ssh_authorized_keys": [public_key]}],
        "ssh_deletekeys": True,
        "ssh_genkeytypes": [],
        "ssh_keys": {"ed25519_private": host_key.private, "ed25519_public": host_key.public},
        "write_files": [
            {"path": _NAME_FILE, "permissions": "0700", "content": script},
            {"path": "/etc/cloud/cloud.cfg.d/99-netlab.cfg", "content": "network: {config: disabled}\n"},
        ],
        "runcmd": [[_NAME_FILE]],
    }
    return f"#cloud-config\n{yaml.safe_dump(config, sort_keys=False)}"
