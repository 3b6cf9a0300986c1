"""Profiles come and go on real kernels; afterwards the hosts are what they were, file by file and rule by rule.

One lab, whose hosts are first made to look like machines that netlab did not make: the roles that its image was baked
with are undone, settings are the distribution's, an administrator has a unit of their own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from netlab import access, assets
from netlab.ansible import play
from netlab.errors import AnsibleFailed
from netlab.lab import Lab
from netlab.progress import Reporter
from tests.conftest import Command
from tests.entered import Entered, difference

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.ansible import PlayResult

pytestmark = [pytest.mark.ssh, pytest.mark.timeout(5400)]

PROFILES = ("calico-bgp", "ipvlan-l2", "ipvlan-l3", "cilium", "macvlan", "kube-proxy-nft")
"""Those that follow ``calico-ipip``, each after the teardown of the one before."""

STRANGERS = """
sysctl --quiet --write net.core.somaxconn=4096 net.ipv4.ip_forward=0 net.ipv4.conf.all.send_redirects=1 \
    net.ipv4.conf.default.send_redirects=1 net.ipv4.ip_local_port_range='32768 60999' net.ipv4.tcp_tw_reuse=2
printf '%s\\n' '[Unit]' 'Description=the own' '[Timer]' 'OnCalendar=monthly' >/etc/systemd/system/dpkg-db-backup.timer
systemctl daemon-reload
systemctl start apt-daily.timer dpkg-db-backup.timer systemd-tmpfiles-clean.timer
"""
SMALL = """
mkdir -p /tmp/small/DEBIAN /tmp/small/etc
echo /etc/netlab-small.conf | tee /tmp/small/DEBIAN/conffiles >/tmp/small/etc/netlab-small.conf
printf '%s\\n' 'Package: netlab-small' 'Version: 1' 'Architecture: all' 'Maintainer: nobody <nobody@netlab.invalid>' \
    'Description: small' >/tmp/small/DEBIAN/control
dpkg-deb --build /tmp/small /tmp/small.deb >/dev/null && dpkg --install /tmp/small.deb >/dev/null
python3 - <<'END'
import json
with open("/var/lib/netlab/before.json") as file:
    record = json.load(file)
record["installed"].append("netlab-small")
with open("/var/lib/netlab/before.json", "w") as file:
    json.dump(record, file)
END
"""
"""A package that nothing else needs, installed as if a role had asked for it: guests have no network."""


class Hosts(Entered):
    """The hosts of a lab, as another netlab would see them: reached over SSH, made by others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lab = Lab(folder)
        state = self.lab.load_state()
        assert state is not None
        super().__init__(state.hosts, self.lab.ssh_config)

    def play(self, name: str, **variables: object) -> PlayResult:
        return play(
            assets.playbook(name),
            access.inventory(self.hosts, self.lab.key, self.lab.known_hosts),
            folder=self.folder / "play",
            log=self.folder / f"{name}.log",
            progress=Reporter(),
            extra_vars=variables,
        )


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    """Hosts that know nothing of netlab; the lab that they are from goes when the tests are over."""
    netlab = Command(tmp_path_factory.mktemp("lab"))
    try:
        up = netlab("up", "--profile", "baseline-vm", "--stack", "datapath", timeout=1800)
        assert up.returncode == 0, up.stderr
        found = Hosts(netlab.folder)
        found.play("down")
        found.everywhere("sh", STRANGERS)
        yield found
    finally:
        netlab("down")


def apply(hosts: Hosts, profile: str) -> None:
    """Every role with its installation, as on hosts of others; each path is asked at the end."""
    hosts.play("up", netlab_profile=profile, netlab_kernel="6.12", netlab_check_paths=True)


def test_a_profile_follows_another_and_nothing_is_left(hosts):
    strange = hosts.state()
    apply(hosts, "ipvlan-l2")
    hosts.play("teardown", netlab_profile="ipvlan-l2")
    apply(hosts, "calico-ipip")
    stamps = hosts.everywhere("cat /etc/netlab/profile.json")
    assert {json.loads(stamp)["profile"] for stamp in stamps.values()} == {"calico-ipip"}
    hosts.play("down")
    assert difference(strange, hosts.state()) == []


def test_profiles_come_and_go_and_nothing_is_left(hosts):
    strange = hosts.state()
    apply(hosts, "calico-ipip")
    hosts.everywhere("sh", SMALL)
    hosts.play("teardown", netlab_profile="calico-ipip")
    assert hosts.play("teardown", netlab_profile="calico-ipip").changed == 0, "what was undone is not undone again"
    between = hosts.state()

    for profile in PROFILES:
        apply(hosts, profile)
        stamps = hosts.everywhere("cat /etc/netlab/profile.json")
        assert {json.loads(stamp)["profile"] for stamp in stamps.values()} == {profile}
        hosts.play("teardown", netlab_profile=profile)
        assert difference(between, hosts.state()) == [], profile

    apply(hosts, "calico-ipip")
    hosts.play("down")
    assert difference(strange, hosts.state()) == [], "no teardown of the profile came before"
    assert hosts.play("down").changed == 0


def test_a_host_that_is_half_a_profile_is_given_back_too(hosts):
    strange = hosts.state()
    node = hosts.hosts[1]
    with pytest.raises(AnsibleFailed, match="nodeport_endpoints is empty"):  # after the pods, before what follows them
        hosts.play("up", netlab_profile="calico-bgp", netlab_kernel="6.12", nodeport_endpoints=[])
    hosts.run(node, "rm /usr/local/lib/netlab/netlab-pod; systemctl kill --signal=KILL netlab-pod@app.service")
    hosts.play("down")
    assert difference(strange, hosts.state()) == []
