"""What a host is told at its first boot."""

import pytest
import yaml

from netlab.hosts.cloud.cloud import Script
from netlab.hosts.cloud.keys import KeyPair
from netlab.hosts.cloud.user_data import mtu_script, user_data
from tests.namespaces import run_apart

PAIR = KeyPair("-----BEGIN KEY-----\nabc\n-----END KEY-----\n", "ssh-ed25519 AAAA")


def told(script=None):
    text = user_data("node1", "ssh-ed25519 BBBB lab", PAIR, script)
    assert text.startswith("#cloud-config\n")
    return yaml.safe_load(text)


def test_the_host_key_is_the_one_that_is_known():
    keys = told()["ssh_keys"]
    assert keys == {"ed25519_private": PAIR.private, "ed25519_public": PAIR.public}
    assert told()["ssh_deletekeys"], "the image's own go"
    assert told()["ssh_genkeytypes"] == [], "no other is made"


def test_root_is_entered_with_the_labs_key_alone():
    (user,) = told()["users"]
    assert user == {"name": "root", "lock_passwd": True, "ssh_authorized_keys": ["ssh-ed25519 BBBB lab"]}
    assert told()["disable_root"] is False


def test_a_script_is_run_with_its_arguments():
    assert "runcmd" not in told()
    config = told(Script("/usr/local/sbin/it", "#!/bin/sh\n", ("a", "b c")))
    assert config["write_files"] == [{"path": "/usr/local/sbin/it", "permissions": "0700", "content": "#!/bin/sh\n"}]
    assert config["runcmd"] == [["/usr/local/sbin/it", "a", "b c"]]


@pytest.mark.real
def test_the_script_sets_it_and_has_networkd_keep_it(tmp_path):
    """In namespaces of its own, with an interface that has the host's address and one that has not."""
    script = tmp_path / "script"
    script.write_text(mtu_script("10.10.0.11", 1500).text)
    inside = f"""set -eu
    mount -t tmpfs none /run; mount -t tmpfs none /etc/systemd
    mkdir -p /run/systemd/network /etc/systemd/network; touch /run/systemd/network/10-netplan-ens5.network
    ip link add ens5 type veth peer name ens6; for name in ens5 ens6; do ip link set $name mtu 9001 up; done
    ip address add 10.10.0.11/24 dev ens5; ip address add 10.10.0.1/24 dev ens6
    sh {script}; sh {script}
    cat /sys/class/net/ens5/mtu /sys/class/net/ens6/mtu /etc/systemd/network/10-netplan-ens5.network.d/netlab.conf
    """
    done = run_apart(f"mount -t sysfs none /sys; {inside}", kinds=("--net", "--mount"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1500", "9001", "[Link]", "MTUBytes=1500", "[DHCPv4]", "UseMTU=no"]
