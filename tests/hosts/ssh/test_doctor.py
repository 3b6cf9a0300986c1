"""What the doctor says of machines that are there already, and that it leaves no trace, on them or here."""

import re

import pytest

from netlab import proc
from netlab.errors import MissingTool
from netlab.hosts.ssh.doctor import checks
from netlab.hosts.ssh.provider import SshProvider
from netlab.lab import LabState
from netlab.progress import Reporter
from netlab.spec.lab import LabSpec
from tests.hosts.ssh.conftest import ADDRESSES, write_inventory
from tests.hosts.ssh_program import REFUSED, SUITABLE, UNREACHABLE


@pytest.mark.real
def test_suitable_hosts_are_all_ok_and_nothing_is_written(lab, spec, ssh):
    before = sorted(lab.folder.iterdir())
    found = checks(lab, spec)
    assert [check.name for check in found[:2]] == ["ssh", "client distribution"]
    assert len(found) == 1 + 3 * 13
    assert all(check.ok for check in found)
    assert found[0].message == str(ssh.folder / "ssh")
    assert ssh.done == []
    assert sorted(lab.folder.iterdir()) == before


def test_what_one_host_is_without_is_named(lab, spec, ssh):
    ssh.also("node1", "free_mib=7\nkernel=4.19.0\nclaim=fedcba /home/eve/lab\nnetworkd ens4=")
    wrong = {check.name: check for check in checks(lab, spec) if not check.ok}
    assert set(wrong) == {"node1 disk", "node1 kernel", "node1 labs", "node1 network"}
    assert [name for name, check in wrong.items() if not check.needed] == ["node1 network"]


def test_hosts_of_different_mtus_are_named_with_what_pods_get(lab, spec, ssh):
    ssh.also("client", "mtu ens3=9000\n")
    (wrong,) = [check for check in checks(lab, spec) if not check.ok]
    assert (wrong.name, wrong.needed) == ("MTU", False)
    assert (
        wrong.message == "those of the hosts differ (node1, node2: 1500; client: 9000); pods would get the lowest, 1500"
    )
    ssh.also("client", "mtu ens3=9000\naddress 10.0.0.10=\n")
    assert {check.name for check in checks(lab, spec) if not check.ok} == {"client lab address", "client network"}


def test_hosts_of_a_cluster_are_asked_what_one_needs(lab, ssh):
    addresses = {**ADDRESSES, "control": "10.0.0.13"}
    write_inventory(lab.folder, addresses)
    ssh.say(f"{SUITABLE}address 10.0.0.13=ens6\nmtu ens6=1500\nnetworkd ens6=/etc/systemd/network/ens6.network\n")
    spec = LabSpec(provider="ssh", stack="kubeadm")
    assert all(check.ok for check in checks(lab, spec))
    ssh.also("control", "cpus=1\n")
    ssh.also("node2", "listens 280A=yes\n")
    wrong = [check.name for check in checks(lab, spec) if not check.ok]
    assert wrong == ["node2 ports", "control size"]
    assert ssh.done == []


def test_hosts_that_carry_this_very_lab_are_free_for_it(lab, spec, ssh):
    lab.create()
    provider = SshProvider(lab, spec, Reporter())
    provider.start()
    lab.save_state(LabState(provider="ssh", clock="real", stack="datapath", hosts=provider.hosts()))
    ssh.say(SUITABLE.replace("claim=", f"claim={provider.id} {lab.folder}"))
    config = lab.ssh_config.read_text()
    assert all(check.ok for check in checks(lab, spec))
    assert lab.ssh_config.read_text() == config


@pytest.mark.parametrize(
    ("words", "message"),
    [(REFUSED, "node1 at .* cannot be entered: it lets nobody in"), (UNREACHABLE, "node1 does not answer to SSH: ssh")],
)
def test_a_host_that_cannot_be_entered_is_one_thing_to_do(lab, spec, ssh, words, message):
    ssh.fail("node1", words)
    tool, hosts = checks(lab, spec)
    assert (tool.ok, hosts.name, hosts.ok, hosts.needed) == (True, "hosts", False, True)
    assert re.match(message, hosts.message)
    assert hosts.hint


def test_an_inventory_that_is_not_there_is_one_thing_to_do(lab, spec, ssh):
    (lab.folder / "inventory.yml").unlink()
    _, hosts = checks(lab, spec)
    assert "there is no inventory at" in hosts.message
    assert not hosts.ok


def test_a_machine_without_ssh_is_told_how_to_get_it(lab, spec, monkeypatch):
    def missing(name):
        raise MissingTool(f"the program '{name}' is not installed", hint="apt-get install openssh-client")

    monkeypatch.setattr(proc, "find_tool", missing)
    (check,) = checks(lab, spec)
    assert (check.name, check.ok, check.hint) == ("ssh", False, "apt-get install openssh-client")
