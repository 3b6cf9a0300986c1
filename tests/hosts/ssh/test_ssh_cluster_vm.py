"""A real cluster on machines of another lab: the payload sent, nodes ready, proof, the API through SSH, all undone."""

import json
import re
import sys

import pytest

from netlab.errors import HostUnsuitable
from netlab.hosts.delivery import PLACE
from netlab.lab import Lab
from tests.clusters import describe, program, readiness
from tests.conftest import Command, needs_kubernetes, wait_until
from tests.hosts.ssh.test_ssh_vm import INVENTORY, succeed
from tests.roles.test_teardown_vm import Hosts, difference

pytestmark = [pytest.mark.ssh, pytest.mark.cluster, pytest.mark.timeout(9000), needs_kubernetes]

PROVIDER = "provider: ssh\nssh: {inventory: inventory.sh}\nload: {warmup_s: 1}\n"
SWAP = "fallocate --length 16M /swap && chmod 600 /swap && mkswap /swap && swapon /swap"
MEMBERS = ("control", "node1", "node2")


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    """Four machines, as large as a cluster's hosts, without a payload, that know nothing of netlab."""
    netlab = Command(tmp_path_factory.mktemp("machines"))
    (netlab.folder / "netlab.yml").write_text("clock: real\nstack: kubeadm\nprofiles: [baseline-vm]\n")
    try:
        succeed(netlab("up", "--no-profile", timeout=3000))
        found = Hosts(netlab.folder)
        found.play("down")  # of the roles that their image was baked with
        assert found.everywhere("ls /dev/disk/by-label 2>/dev/null || true")["control"].count("netlab-payload") == 0
        yield found
    finally:
        netlab("down")


@pytest.fixture
def netlab(machines, tmp_path):
    """A lab of its own on these machines."""
    folder = tmp_path / "mine"
    folder.mkdir()
    script = folder / "inventory.sh"
    script.write_text(INVENTORY.format(folder=machines.folder, python=sys.executable))
    script.chmod(0o755)
    command = Command(folder)
    describe(command, ["baseline-vm", "ipvlan-l2"], PROVIDER)
    yield command
    command("down", timeout=3000)


def nodes_ready(netlab):
    """Whether the API server answers, and all nodes are Ready."""
    answer = netlab("kubeconfig", "--", program(), "get", "nodes", "--output=json")
    return answer.returncode == 0 and readiness(answer.stdout) == dict.fromkeys(MEMBERS, "True")


def test_a_host_that_cannot_be_a_part_of_it_is_refused_and_nothing_is_left_changed(machines, netlab):
    before = machines.state()
    node = machines.hosts[1]
    machines.run(node, SWAP)
    try:
        refused = netlab("up", "--profile", "ipvlan-l2", timeout=3000)
    finally:
        machines.run(node, "swapoff /swap; rm /swap")
    assert refused.returncode == HostUnsuitable.exit_code, refused.stderr
    assert "node1 swap: swaps to /swap, which the kubelet refuses" in refused.stderr
    assert difference(before, machines.state()) == []


def test_machines_that_are_there_become_a_cluster_and_get_back_what_they_were(machines, netlab):
    before = machines.state()
    up = succeed(netlab("up", "--profile", "ipvlan-l2", timeout=6000))
    assert len(re.findall(r"send the payload .*: done", up.stderr)) == 1
    sent = machines.everywhere(f"cat {PLACE} 2>/dev/null | sha256sum; ls {PLACE}* 2>/dev/null || true")
    there = {name: text.split()[2:] for name, text in sent.items()}
    assert there == {"client": [], **{name: [PLACE] for name in MEMBERS}}
    assert len({sent[name].split()[0] for name in MEMBERS}) == 1

    # on emulated hosts, the proof before this keeps a kubelet from the API server for longer than that waits for it
    wait_until(lambda: nodes_ready(netlab), seconds=900, what=f"{MEMBERS} being ready")
    proof = json.loads(succeed(netlab("prove", "--json")).stdout)
    assert {path["path"] for path in proof["paths"]} >= {"pod-ip", "nodeport-local", "nodeport-remote"}
    assert "provision" not in succeed(netlab("up", "--profile", "ipvlan-l2")).stderr, "a second time, nothing is done"

    # what follows on the same machines is measured without the cluster: its proof would show kube-proxy's rules
    succeed(netlab("up", "--profile", "baseline-vm", timeout=3000))
    rules = machines.everywhere("iptables-save 2>/dev/null || true")
    assert not any("KUBE-" in text for text in rules.values())

    succeed(netlab("down", timeout=3000))
    assert difference(before, machines.state()) == []
    assert not Lab(netlab.folder).state_folder.exists()
