"""The provider ssh on Debian 12 as its users have it: its packages, its services, three ways to configure a network."""

import json

import pytest

from netlab.errors import HostUnsuitable
from netlab.lab import Lab
from tests.conftest import Command
from tests.entered import difference
from tests.hosts.ssh.debian_12.image import build
from tests.hosts.ssh.debian_12.machines import Machines
from tests.hosts.ssh.test_ssh_vm import keep_for_docs, succeed

pytestmark = [
    pytest.mark.ssh,
    pytest.mark.timeout(4 * 3600),
    pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning"),  # a machine outlives its maker
]

PROFILES = ("baseline-vm", "calico-ipip")
LAB = """provider: ssh
stack: datapath
ssh: {{inventory: '{inventory}'}}
load: {{warmup_s: 1}}
"""
HOUR = 3600


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    """Three machines that are there already: the lab's interface is networkd's, netplan's and ifupdown's."""
    found = Machines(tmp_path_factory.mktemp("machines"), build())
    try:
        found.start(client="newer", node1="newer", node2="newer")
        found.configure(client="networkd", node1="netplan", node2="ifupdown")
        yield found
    finally:
        found.close()


@pytest.fixture
def netlab(machines, tmp_path):
    (tmp_path / "netlab.yml").write_text(LAB.format(inventory=machines.folder / "inventory.yml"))
    command = Command(tmp_path)
    yield command
    command("down", timeout=HOUR)


def looked_at(netlab):
    """What ``netlab doctor`` says of each host, by its name and what is looked at."""
    checks = json.loads(netlab("doctor", "--json", timeout=HOUR).stdout)
    return {tuple(check["name"].split(maxsplit=1)): check for check in checks if " " in check["name"]}


def refused(netlab, profile):
    """Why a profile was refused."""
    done = netlab("up", "--profile", profile, timeout=HOUR)
    assert done.returncode == HostUnsuitable.exit_code, done.stderr
    return done.stderr


def test_what_these_machines_are_is_said_and_what_they_cannot_carry_refused(machines, netlab):
    before = machines.state()
    said = looked_at(netlab)
    assert not [
        check
        for (host, what), check in said.items()
        if host in {"client", "node1", "node2"} and not check["ok"] and what != "network"
    ]
    assert {said[host.name, "distribution"]["message"] for host in machines.hosts} == {"Debian GNU/Linux 12 (bookworm)"}
    assert {host.name: said[host.name, "network"]["message"] for host in machines.hosts} == {
        "client": "eth1 is configured by networkd by 20-lab.network",
        "node1": "eth1 is configured by networkd by 10-netplan-eth1.network, which netplan writes",
        "node2": "eth1 is configured by ifupdown",
    }
    assert "systemd-networkd does not configure eth1 of node2, as calico-ipip needs it" in refused(
        netlab, "calico-ipip"
    )
    succeed(netlab("up", "--profile", "baseline-vm", timeout=HOUR))
    succeed(netlab("prove", timeout=HOUR))
    succeed(netlab("down", timeout=HOUR))
    assert difference(before, machines.state()) == []


def test_a_lab_from_up_to_down(machines, netlab):
    machines.configure(node2="no ifupdown")
    machines.configure(node2="networkd")
    before = machines.state()
    assert "node1 has gcc-bpf 12.2.0" in (why := refused(netlab, "cilium"))
    assert "the profile needs gcc-bpf 14 or newer" in why
    assert difference(before, machines.state()) == [], "nothing was changed before"

    for profile in PROFILES:
        succeed(netlab("up", "--profile", profile, timeout=HOUR))
        proof = json.loads(succeed(netlab("prove", "--json", timeout=HOUR)).stdout)
        assert proof["profile"] == profile
    assert {path["path"] for path in proof["paths"]} >= {"pod-ip", "nodeport-local", "nodeport-remote"}

    succeed(netlab("bench", "--profiles", ",".join(PROFILES), "--rounds", "3", timeout=3 * HOUR))
    (run,) = Lab(netlab.folder).runs.iterdir()
    succeed(netlab("report", timeout=HOUR))
    report = json.loads((run / "report" / "report.json").read_text())
    assert {cell["profile"] for cell in report["cells"]} == set(PROFILES)
    environment = json.loads((run / "run.json").read_bytes())["environment"]
    assert {machine["os"] for machine in environment["machines"]} == {"Debian GNU/Linux 12 (bookworm)"}
    keep_for_docs(run)

    succeed(netlab("down", timeout=HOUR))
    assert difference(before, machines.state()) == []


def test_the_kernel_of_the_release_is_refused(machines, netlab):
    machines.stop("node2")
    machines.start(node2="own")
    machines.configure(node2="networkd")
    before = machines.state()
    said = looked_at(netlab)["node2", "kernel"]
    assert said["message"].startswith("Linux 6.1.")
    assert not said["ok"]
    assert "node2 kernel: Linux 6.1." in (why := refused(netlab, "baseline-vm"))
    assert "install a newer kernel (the one of bookworm-backports), and reboot" in why
    assert difference(before, machines.state()) == []
