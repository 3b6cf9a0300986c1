"""What is asked of hosts that become a cluster, where netlab did not boot them."""

from types import SimpleNamespace

import pytest

from netlab.artifacts import payload
from netlab.artifacts.settings import host_arch
from netlab.hosts.kubeadm import Demands
from netlab.provision import plays, preflight


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
def looked(monkeypatch):
    """Who was looked at, and for what."""
    found = []
    monkeypatch.setattr(preflight, "refuse_unfit", lambda *words: found.append(words))
    return found


@pytest.fixture
def sent(monkeypatch):
    """Who was sent what."""
    found = []

    class Noted:
        def __init__(self, *words):
            self.words = words

        def deliver(self):
            found.append(self.words)

    monkeypatch.setattr(plays, "Delivery", Noted)
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
def test_a_profile_says_how_large_its_control_plane_is(inputs, cpus, memory, place, looked):
    preflight.check_cluster(session(Provider(place)), profile(inputs))
    wanted = Demands(arch=host_arch(), payload_bytes=5000, control_cpus=cpus, control_memory_mb=memory)
    assert looked == [("the hosts", wanted)]


def test_what_netlabs_own_box_holds_is_nobody_elses(looked):
    preflight.check_cluster(session(Provider(netlab_baked_roles=["container_runtime"])), profile({}))
    assert looked[0][1].own_runtime


def test_profiles_without_a_cluster_ask_for_nothing(looked):
    preflight.check_cluster(session(Provider()), profile(None))
    assert looked == []


def test_the_payload_is_sent_to_hosts_that_are_reached_by_ssh_alone(sent, place):
    plays.deliver_payload(session(Provider(place)))
    assert sent == [("the hosts", place)]


@pytest.mark.parametrize("kind", ["none", "disk"])
def test_hosts_without_a_payload_or_with_it_as_a_disk_are_asked_and_sent_nothing(kind, looked, sent, place):
    provider = Provider() if kind == "none" else SimpleNamespace(payload=place, facts=dict)
    plays.deliver_payload(session(provider))
    if kind == "disk":
        preflight.check_cluster(session(provider), profile({}))
    assert (looked, sent) == ([], [])
