"""Vagrant's snapshots as netlab's, with a Vagrant that only notes what it is asked."""

import pytest

from netlab.artifacts import payload
from netlab.hosts.provider import Snapshots
from netlab.hosts.registry import provider_of
from netlab.hosts.vagrant.provider import VagrantProvider
from netlab.hosts.vagrant.snapshots import BASE, VagrantSnapshots
from netlab.lab import Lab
from netlab.progress import Reporter
from netlab.spec.lab import LabSpec
from tests.hosts.vagrant.test_provider import make


@pytest.fixture
def provider(tmp_path, machines):
    return make(tmp_path, kind=VagrantSnapshots)


def test_it_says_so(provider, tmp_path):
    assert isinstance(provider, Snapshots)
    assert not isinstance(make(tmp_path), Snapshots)


def test_netlab_yml_says_which(tmp_path):
    for chosen, expected in ((False, VagrantProvider), (True, VagrantSnapshots)):
        spec = LabSpec.model_validate({"provider": "vagrant", "vagrant": {"snapshots": chosen}})
        assert type(provider_of(Lab(tmp_path), spec, Reporter())) is expected


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


def test_what_was_made_of_another_payload_is_another_state(provider, machines, tmp_path):
    def lay_out(name, content):
        (tmp_path / "new").write_bytes(content)
        payload._publish(tmp_path / "new", tmp_path / name)
        return tmp_path / name

    provider.start()
    provider.save("baseline-1", None)
    first, second = lay_out("a.ext4", b"Kubernetes 1"), lay_out("b.ext4", b"Kubernetes 2")
    provider.payload = first
    provider.save("cluster-1", None)
    assert provider.snapshots() == {BASE, "cluster-1"}
    provider.payload = second
    assert provider.snapshots() == {BASE}
    provider.save("cluster-1", None)
    provider.payload = first
    provider.resume("cluster-1")
    restored = machines.called("snapshot")[-1][-1]
    assert restored.startswith("cluster-1-")
    first.unlink()
    assert provider.snapshots() == {BASE}, "nothing is known of what is not there"
    provider.payload = None
    assert {BASE, "baseline-1", restored} < provider.snapshots()
