"""Hosts say what they call their interface in the lab, and are waited for until it is ready."""

import pytest

from netlab.errors import HostRefused, MachineError, MachineSilent
from netlab.hosts.cloud import interfaces
from netlab.hosts.interfaces import SCRIPT
from netlab.model.host import Host
from netlab.samples.machine import parse_answers
from tests.namespaces import run_apart

HOSTS = (
    Host(name="client", part="client", address="192.0.2.10", lab_address="10.10.0.10"),
    Host(name="node1", part="node", address="192.0.2.11", lab_address="10.10.0.11"),
)


class Remote:
    """Hosts that answer one text after the other."""

    def __init__(self, *answers) -> None:
        self.asked = 0
        self._answers = answers

    def ask(self, script, failure):
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(interfaces, "PAUSE_S", 0)


def said(client, node1):
    other = "address 192.0.2.1=eth0\nnetworkd eth0=\nmtu eth0=1500\n"
    return {"client": interface("10.10.0.10", *client), "node1": other + interface("10.10.0.11", *node1)}


def interface(address, name, mtu):
    file = f"/run/systemd/network/10-netplan-{name}.network"
    return f"address {address}={name}\nnetworkd {name}={file}\nmtu {name}={mtu}\n"


READY = said(("ens5", 1500), ("ens6", 1500))


def test_each_may_have_a_name_of_its_own():
    remote = Remote(READY)
    interfaces.wait_for(remote, HOSTS, 1500, 1)
    assert remote.asked == 1


def test_any_mtu_will_do_where_none_is_asked_for():
    remote = Remote(said(("ens5", 9001), ("ens5", 1500)))
    interfaces.wait_for(remote, HOSTS, 0, 1)
    assert remote.asked == 1


def test_they_are_asked_until_the_mtu_is_set_and_all_answer():
    remote = Remote(said(("ens5", 1500), ("ens5", 9001)), MachineError("not now"), READY)
    interfaces.wait_for(remote, HOSTS, 1500, 10)
    assert remote.asked == 3


def test_one_that_does_not_get_ready_is_named():
    with pytest.raises(
        MachineSilent, match=r"node1 has no interface with the address 10\.10\.0\.11 and the MTU 1500"
    ) as e:
        interfaces.wait_for(Remote(said(("ens5", 1500), ("ens5", 9001))), HOSTS, 1500, 0)
    assert "cloud-init status" in e.value.hint


def test_one_with_another_key_is_not_asked_again():
    remote = Remote(HostRefused("another key"))
    with pytest.raises(HostRefused):
        interfaces.wait_for(remote, HOSTS, 1500, 10)
    assert remote.asked == 1


@pytest.mark.real
def test_the_script_names_addresses_interfaces_and_mtus():
    inside = f"""mount -t sysfs none /sys
    ip link add ens5 type veth peer name ens6; ip link set ens5 mtu 1400 up; ip link set ens6 up
    ip address add 10.10.0.10/24 dev ens5
    {SCRIPT}"""
    done = run_apart(inside, kinds=("--net", "--mount"))
    known = parse_answers(done.stdout)
    assert (known["address 10.10.0.10"], known["mtu ens5"], known["networkd ens5"]) == ("ens5", "1400", ""), done.stderr
