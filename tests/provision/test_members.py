"""What is asked of hosts that become a cluster, where netlab did not boot them."""

from types import SimpleNamespace

import pytest

from netlab.artifacts import payload
from netlab.artifacts.settings import host_arch
from netlab.hosts.kubeadm import Demands
from netlab.provision import members


class Provider:
    """Hosts that are reached by SSH alone."""

    def __init__(self, place=None, **facts):
        self.payload = place
        self._facts = facts

    def remote(self):
        return "the hosts"

    def facts(self):
        return self._facts


@pytest.fixture
def place(tmp_path):
    (tmp_path / "new").write_bytes(bytes(5000))
    payload._publish(tmp_path / "new", tmp_path / "p.ext4")
    return tmp_path / "p.ext4"


@pytest.fixture
def told(monkeypatch):
    """Who was looked at for what, and who was sent what."""
    found = []

    class Noted:
        def __init__(self, *words):
            self.words = words

        def deliver(self):
            found.append(("deliver", *self.words))

    monkeypatch.setattr(members, "refuse_unfit", lambda *words: found.append(("look", *words)))
    monkeypatch.setattr(members, "Delivery", Noted)
    return found


def session(provider):
    return SimpleNamespace(provider=provider)


def profile(cluster):
    return SimpleNamespace(cluster=cluster)


@pytest.mark.parametrize(
    ("inputs", "cpus", "memory"),
    [
        ({}, 2, 1700),
        ({"kubeadm_control_cpus": 1, "kubeadm_control_memory_mb": "900"}, 1, 900),
        ({"kubeadm_control_cpus": "{{ computed }}"}, 0, 1700),
    ],
)
def test_a_profile_says_how_large_its_control_plane_is(inputs, cpus, memory, place, told):
    provider = Provider(place)
    members.check(session(provider), profile(inputs))
    members.equip(session(provider))
    wanted = Demands(arch=host_arch(), payload_bytes=5000, control_cpus=cpus, control_memory_mb=memory)
    assert told == [("look", "the hosts", wanted), ("deliver", "the hosts", place)]


def test_what_netlabs_own_box_holds_is_nobody_elses(told):
    members.check(session(Provider(netlab_baked_roles=["container_runtime"])), profile({}))
    assert told[0][2].own_runtime


def test_profiles_without_a_cluster_ask_for_nothing(told):
    provider = Provider()
    members.check(session(provider), profile(None))
    members.equip(session(provider))
    assert told == []


def test_hosts_with_the_payload_as_a_disk_are_sent_nothing(told, place):
    qemu = SimpleNamespace(payload=place, facts=dict)
    members.check(session(qemu), profile({}))
    members.equip(session(qemu))
    assert told == []
