"""Hosts say what they call their interface in the lab, and are waited for until it is ready."""

import subprocess

import pytest

from netlab.errors import HostRefused, MachineError, MachineSilent
from netlab.hosts.cloud import interfaces

ADDRESSES = {"client": "10.10.0.10", "node1": "10.10.0.11"}


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
    return {"client": f"10.10.0.10 {client}\n", "node1": f"192.0.2.1 eth0 1500\n10.10.0.11 {node1}\n"}


READY = said("ens5 1500", "ens6 1500")


def test_each_has_its_own_name():
    assert interfaces.wait_for(Remote(READY), ADDRESSES, 1500, 1) == {"client": "ens5", "node1": "ens6"}


def test_any_mtu_will_do_where_none_is_asked_for():
    assert interfaces.wait_for(Remote(said("ens5 9001", "ens5 9001")), ADDRESSES, 0, 1)["node1"] == "ens5"


def test_they_are_asked_until_the_mtu_is_set_and_all_answer():
    remote = Remote(said("ens5 1500", "ens5 9001"), MachineError("not now"), READY)
    assert interfaces.wait_for(remote, ADDRESSES, 1500, 10)["client"] == "ens5"
    assert remote.asked == 3


def test_one_that_does_not_get_ready_is_named():
    with pytest.raises(
        MachineSilent, match=r"node1 has no interface with the address 10\.10\.0\.11 and the MTU 1500"
    ) as e:
        interfaces.wait_for(Remote(said("ens5 1500", "ens5 9001")), ADDRESSES, 1500, 0)
    assert "cloud-init status" in e.value.hint


def test_one_with_another_key_is_not_asked_again():
    remote = Remote(HostRefused("another key"))
    with pytest.raises(HostRefused):
        interfaces.wait_for(remote, ADDRESSES, 1500, 10)
    assert remote.asked == 1


@pytest.mark.real
def test_the_script_names_addresses_interfaces_and_mtus():
    inside = f"""mount -t sysfs none /sys
    ip link add ens5 type veth peer name ens6; ip link set ens5 mtu 1400 up; ip link set ens6 up
    ip address add 10.10.0.10/24 dev ens5
    {interfaces.SCRIPT}"""
    wrap = ["unshare", "--map-root-user", "--net", "--mount", "sh", "-c", inside]
    done = subprocess.run(wrap, capture_output=True, text=True, check=False, timeout=60)
    if "unshare" in done.stderr:
        pytest.skip(f"no namespaces here: {done.stderr}")
    assert done.stdout == "10.10.0.10 ens5 1400\n", done.stderr
