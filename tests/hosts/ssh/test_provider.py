"""Machines that one already has: entered, looked at, marked, and given back; no host is really entered."""

import json

import pytest

from netlab import ansible
from netlab.errors import ConfigError, HostRefused, HostUnsuitable, MachineError
from netlab.hosts.provider import ParallelFleets, Snapshots
from netlab.hosts.ssh.provider import SshProvider
from netlab.lab import LabState
from netlab.progress import Reporter
from netlab.spec.lab import LabSpec
from tests.hosts.ssh.conftest import ADDRESSES, write_inventory
from tests.hosts.ssh_program import CHANGED, SUITABLE, UNREACHABLE


@pytest.fixture
def made(lab):
    lab.create()
    return lab


def provider(lab, spec):
    return SshProvider(lab, spec, Reporter())


def go_up(lab, spec, **state):
    """Start the hosts, and have the lab remember them."""
    found = provider(lab, spec)
    found.start()
    lab.save_state(LabState(provider="ssh", clock="real", stack=spec.stack, hosts=found.hosts(), **state))
    return found


@pytest.fixture
def plays(monkeypatch):
    played = []

    def play(playbook, inventory, *, extra_vars, **_):
        groups = inventory["all"]["children"].values()
        played.append((playbook.stem, [host for group in groups for host in group.get("hosts", ())]))

    monkeypatch.setattr(ansible, "play", play)
    return played


def test_it_can_neither_keep_nor_multiply_hosts(lab, spec):
    assert not isinstance(provider(lab, spec), Snapshots)
    assert not isinstance(provider(lab, spec), ParallelFleets)
    assert provider(lab, spec).clock == "real"


@pytest.mark.real
def test_hosts_are_those_of_the_inventory_and_a_plan_asks_none_of_them(lab, spec, ssh):
    found = provider(lab, spec)
    assert {host.name: host.lab_address for host in found.hosts()} == ADDRESSES
    assert found.kernels() == (("client",), ("node1",), ("node2",))
    (step,) = found.outline()
    assert step.startswith("use the machines that are there: client (")
    assert "@10.0.0.12:22)" in step
    assert ssh.entered == []
    assert not lab.state_folder.exists()


def test_the_payload_is_a_file_of_the_hosts_for_the_playbooks(lab, spec, tmp_path):
    assert provider(lab, spec).facts() == {}
    told = {"payload_disk_file": "/var/lib/netlab/payload.ext4"}
    assert SshProvider(lab, spec, Reporter(), tmp_path / "p.ext4").facts() == told


def test_hosts_are_entered_looked_at_and_marked(made, spec, ssh):
    found = provider(made, spec)
    found.prepare()
    found.start()
    assert [host.interface for host in found.hosts()] == ["ens3", "ens4", "ens5"]
    assert found.hosts()[2].networkd_file == "10-netplan-ens5.network"
    assert {host.release for host in found.hosts()} == {"debian_13"}
    assert {host.mtu for host in found.hosts()} == {1500}
    assert len(ssh.done) == 3
    assert all(f"'{found.id} {made.folder}' > /var/lib/netlab/lab" in line for line in ssh.done)
    assert len(found.id) == 16


def test_what_the_network_carries_is_read_on_each_host_and_the_lowest_is_the_labs(made, spec, ssh):
    ssh.also("node2", "mtu ens5=1442")
    found = provider(made, spec)
    found.start()
    assert [host.mtu for host in found.hosts()] == [1500, 1500, 1442]
    assert made.inventory(found.hosts())["all"]["vars"]["netlab_mtu"] == 1442


def test_hosts_that_were_up_before_mtus_were_asked_for_are_asked(made, spec, ssh):
    before = provider(made, spec)
    before.start()
    made.save_state(LabState(provider="ssh", clock="real", stack="datapath", hosts=before.hosts()))
    state = made.state_folder / "state.json"
    old = json.loads(state.read_text())
    for host in old["hosts"]:
        del host["mtu"], host["own_mtu"]
    state.write_text(json.dumps(old))
    found = provider(made, spec)
    assert {host.mtu for host in found.hosts()} == {1500}
    ssh.say(SUITABLE.replace("=1500", "=1450").replace("claim=", f"claim={found.id} {made.folder}"))
    found.start()
    assert {host.mtu for host in found.hosts()} == {1450}


def test_hosts_that_are_this_labs_may_be_started_again(made, spec, ssh):
    found = provider(made, spec)
    ssh.say(SUITABLE.replace("claim=", f"claim={found.id} {made.folder}"))
    found.start()
    assert len(ssh.done) == 3


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ("claim=fedcba /home/eve/lab", "node2 labs: carries the lab in /home/eve/lab"),
        ("kubernetes=/var/lib/rancher", "node2 kubernetes: belongs to a cluster (/var/lib/rancher)"),
        ("free_mib=7", "node2 disk: 7 MiB free on /"),
        ("mtu ens5=12", "node2 mtu: ens5 says no MTU that a lab can have"),
        ("address 10.0.0.12=", "node2 lab address: 10.0.0.12 on no interface"),
        (
            "distribution=debian 11\nos=Debian GNU/Linux 11 (bullseye)",
            "node2 distribution: Debian GNU/Linux 11 (bullseye)",
        ),
        ("distribution=debian 12\nkernel=6.1.0-30-amd64", "node2 kernel: Linux 6.1.0-30-amd64"),
        (
            "distribution=ubuntu 24.04\nkernel=6.8.0-31",
            "node2 packages: apt has no linux-tools-6.8.0-31 (role benchmark); linux-tools-6.8.0-31 (role bpf_service)",
        ),
        ("free_mib=garbage", "node2 disk: it does not say how much is free on /"),
    ],
)
def test_a_host_that_cannot_carry_the_lab_is_refused_before_any_is_changed(made, spec, ssh, answers, message):
    ssh.also("node2", answers)
    with pytest.raises(HostUnsuitable) as caught:
        provider(made, spec).start()
    assert caught.value.message == message
    assert caught.value.hint
    assert ssh.done == []


def test_what_only_some_profiles_want_refuses_no_host(made, spec, ssh):
    ssh.also("node2", "networkd ens5=")
    provider(made, spec).start()
    assert len(ssh.done) == 3


def test_hosts_that_are_up_are_what_they_were_whatever_the_inventory_says_by_now(made, spec, ssh):
    before = go_up(made, spec).hosts()
    (made.folder / "inventory.yml").unlink()
    again = provider(made, spec)
    assert again.hosts() == before
    assert again.running()
    again.check()
    ssh.fail("node1", UNREACHABLE)
    assert not again.running()
    with pytest.raises(MachineError, match="node1 does not answer to SSH"):
        again.check()


def test_hosts_may_join_those_that_are_up(made, spec, ssh):
    before = go_up(made, spec).hosts()
    more = {**ADDRESSES, "node3": "10.0.0.13"}
    write_inventory(made.folder, {**more, "client": "10.0.0.99"})
    grown = LabSpec.model_validate({"provider": "ssh", "fleet": {"nodes": 3}})
    hosts = provider(made, grown).hosts()
    assert hosts[:3] == before, "also their interfaces, of which only they themselves can tell"
    assert (hosts[3].name, hosts[3].address) == ("node3", "10.0.0.13")


def test_no_host_is_left_behind_with_a_lab_on_it(made, spec, ssh, plays):
    go_up(made, spec, applied="baseline-vm-1")
    fewer = LabSpec.model_validate({"provider": "ssh", "fleet": {"nodes": 1}})
    with pytest.raises(ConfigError, match="node2 of the lab that is up would not be among its hosts") as caught:
        provider(made, fewer).hosts()
    assert "netlab down" in caught.value.hint
    provider(made, fewer).down()
    assert plays == [("down", ["client", "node1", "node2"])]


def test_what_they_are_is_recorded(made, spec, ssh):
    found = go_up(made, spec).environment()
    assert (found.provider, [machine.name for machine in found.machines]) == ("ssh", ["client", "node1", "node2"])


def test_down_gives_hosts_back_and_takes_its_mark_away(made, spec, ssh, plays):
    go_up(made, spec, applied="baseline-vm-1")
    (made.folder / "inventory.yml").unlink()
    provider(made, spec).down()
    assert plays == [("down", ["client", "node1", "node2"])]
    marked, released = ssh.done[:3], ssh.done[3:]
    assert {line.partition(":")[0] for line in marked} == {line.partition(":")[0] for line in released}
    assert all("rm -f /var/lib/netlab/lab" in line for line in released)


def test_down_of_hosts_that_were_never_entered_does_nothing(lab, spec, ssh, plays):
    (lab.folder / "inventory.yml").unlink()
    provider(lab, spec).down()
    assert (plays, ssh.entered) == ([], [])


def test_down_of_a_lab_whose_state_is_damaged_goes_by_the_marks(made, spec, ssh, plays):
    found = go_up(made, spec)
    (made.state_folder / "state.json").write_text('{"provider": "ssh", "hosts": 7}')
    ssh.say(suitable=SUITABLE.replace("claim=", f"claim={found.id} {made.folder}"))
    ssh.also("node1", "record=yes\n")
    provider(made, spec).down()
    assert plays == [("down", ["client", "node1", "node2"])]


def test_down_of_a_lab_whose_state_is_damaged_forgets_no_host(made, spec, ssh, plays):
    go_up(made, spec)
    (made.state_folder / "state.json").write_text("")
    (made.folder / "inventory.yml").unlink()
    with pytest.raises(ConfigError, match="inventory"):
        provider(made, spec).down()
    assert plays == []


def test_down_names_a_host_that_is_gone_and_changes_none(made, spec, ssh, plays):
    go_up(made, spec, applied="baseline-vm-1")
    done = len(ssh.done)
    ssh.fail("node2", CHANGED)
    with pytest.raises(HostRefused, match=r"node2 at root@10\.0\.0\.12:22 cannot be entered: it proves itself"):
        provider(made, spec).down()
    assert (plays, len(ssh.done)) == ([], done)
    assert made.load_state() is not None, "so that it can be repeated"


def test_every_lab_has_a_name_of_its_own(made, spec, tmp_path):
    other = type(made)(tmp_path / "other")
    other.folder.mkdir()
    other.create()
    assert provider(made, spec).id != provider(other, spec).id
    assert provider(made, spec).id == provider(made, spec).id


def test_hosts_that_no_role_was_on_are_only_given_free(made, spec, ssh, plays):
    """Those of an `up` that was refused or interrupted: without a record, nobody knows what to restore."""
    go_up(made, spec)
    provider(made, spec).down()
    assert plays == []
    assert all("rm -f /var/lib/netlab/lab /var/lib/netlab/payload.ext4*" in line for line in ssh.done[3:])
    assert len(ssh.done) == 6


def test_hosts_that_a_role_was_on_are_given_back_whatever_the_lab_remembers(made, spec, ssh, plays):
    go_up(made, spec)
    ssh.also("node2", "record=yes\n")
    provider(made, spec).down()
    assert plays == [("down", ["client", "node1", "node2"])]
