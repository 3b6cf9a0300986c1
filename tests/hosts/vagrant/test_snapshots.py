"""Vagrant's snapshots as netlab's, with a Vagrant that only notes what it is asked."""

import pytest

from netlab.hosts.provider import Snapshots
from netlab.hosts.vagrant.snapshots import BASE, VagrantSnapshots
from tests.hosts.vagrant import fake
from tests.hosts.vagrant.test_provider import make


@pytest.fixture
def machines(tmp_path, monkeypatch):
    return fake.install(tmp_path, monkeypatch)


@pytest.fixture
def provider(tmp_path, machines):
    return make(tmp_path, kind=VagrantSnapshots)


def test_it_says_so(provider, tmp_path):
    assert isinstance(provider, Snapshots)
    assert not isinstance(make(tmp_path), Snapshots)


def test_nobody_is_asked_before_there_are_machines(provider, machines):
    assert provider.snapshots() == set()
    assert machines.calls == []


def test_the_first_start_keeps_the_hosts_freshly_booted_and_the_next_resumes_them(provider, machines):
    provider.start()
    assert provider.snapshots() == {BASE}
    assert ["vagrant", "snapshot", "save", "--force", BASE] in machines.calls
    provider.start()
    assert machines.called("snapshot").count(["vagrant", "snapshot", "save", "--force", BASE]) == 1
    assert ["vagrant", "snapshot", "restore", "--no-provision", BASE] in machines.calls


def test_evidence_is_kept_with_the_state(provider, machines, tmp_path):
    provider.start()
    proof = tmp_path / "proof"
    proof.mkdir()
    (proof / "facts.json").write_text("{}")
    provider.save("calico-1", proof)
    assert provider.snapshots() == {BASE, "calico-1"}
    assert (provider.evidence("calico-1") / "facts.json").read_text() == "{}"
    provider.resume("calico-1")
    provider.down()
    assert not provider.evidence("calico-1").exists()
    assert provider.snapshots() == set()
