"""Machines that libvirt has and Vagrant, which died between the two, does not know: they are removed as all others."""

import pytest

from netlab.errors import MachineError
from netlab.hosts.vagrant import orphans
from tests.hosts.vagrant import fake
from tests.hosts.vagrant.test_provider import make


@pytest.fixture
def killed(tmp_path, machines):
    """A lab whose netlab and Vagrant died before anything was noted."""
    provider = make(tmp_path)
    provider.prepare()
    for name in provider.spec.parts:
        (provider.folder / ".vagrant" / "machines" / name / "libvirt").mkdir(parents=True)
    return provider


def test_up_after_an_orphan(killed, machines):
    machines.change(orphans=["node1"])
    killed.start()
    assert killed.running()
    assert machines.read()["orphans"] == []
    assert len(machines.called("up")) == 1


def test_down_after_an_orphan(killed, machines):
    machines.change(orphans=["client", "node1"])
    killed.down()
    assert machines.read()["orphans"] == []
    assert not killed.folder.exists()


def test_an_id_that_was_not_written_to_its_end(killed, machines):
    machines.change(orphans=["node1"])
    (killed.folder / ".vagrant" / "machines" / "node1" / "libvirt" / "id").touch()
    assert orphans.adopt(killed.folder, killed.name) == {"node1"}
    assert orphans.unknown(killed.folder) == {"client"}


@pytest.mark.parametrize("what", ["down", "start"])
def test_an_orphan_that_appears_only_after_the_first_destroy(killed, machines, what):
    machines.change(late=["node1"])
    getattr(killed, what)()
    assert machines.read()["orphans"] == []
    assert len(machines.called("destroy")) == 2


def test_an_orphan_that_destroy_meets_is_adopted_then(killed, machines, monkeypatch):
    found = iter([set(), {"node1"}])
    adopt = orphans.adopt
    monkeypatch.setattr(orphans, "adopt", lambda *words: adopt(*words) if next(found, True) else set())
    machines.change(orphans=["node1"])
    killed.down()
    assert machines.read()["orphans"] == []
    assert len(machines.called("destroy")) == 2


def test_an_orphan_of_a_lab_whose_folder_was_removed(tmp_path, machines):
    provider = make(tmp_path)
    machines.change(orphans=["node1"])
    provider.start()
    assert provider.running()
    assert machines.called("destroy") == [["vagrant", "destroy", "--force", "node1"]]


def test_a_disk_whose_machine_never_came(tmp_path, machines):
    provider = make(tmp_path)
    machines.change(volumes=["node1"])
    provider.start()
    assert provider.running()
    assert machines.called("destroy") == [["vagrant", "destroy", "--force", "node1"]]


def test_a_machine_that_vagrant_makes_alone_is_not_named_by_it(killed, machines):
    (killed.folder / ".vagrant" / "machines" / "client" / "libvirt").rmdir()
    machines.change(failures=[fake.VOLUME], volumes=["node1"])
    killed._up()
    assert machines.called("destroy") == [["vagrant", "destroy", "--force", "node1"]]


def test_machines_that_were_entered_are_kept_when_another_is_lost(killed, machines, tmp_path):
    killed.start()
    machines.change(states={"client": "running", "node1": "shutoff"}, volumes=["node1"])
    (killed.folder / ".vagrant" / "machines" / "node1" / "libvirt" / "id").unlink()
    before = len(machines.called("destroy"))
    make(tmp_path).start()
    assert machines.called("destroy")[before:] == [["vagrant", "destroy", "--force", "node1"]]


@pytest.mark.parametrize("what", ["down", "start"])
def test_without_virsh_it_is_said_what_removes_the_orphan(killed, machines, monkeypatch, tmp_path, what):
    programs = tmp_path / "bin"
    (programs / "virsh").unlink()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr("netlab.proc._SBIN", str(programs))
    machines.change(orphans=["node1"])
    with pytest.raises(MachineError, match="is already taken") as caught:
        getattr(killed, what)()
    assert f"virsh -c qemu:///system undefine {killed.name}-node1" in caught.value.hint
    assert "apt-get install libvirt-clients" in caught.value.hint
    assert killed.folder.exists(), "so that it can be tried again"


def test_without_virsh_all_else_works(killed, machines, tmp_path, monkeypatch):
    (tmp_path / "bin" / "virsh").unlink()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr("netlab.proc._SBIN", str(tmp_path / "bin"))
    killed.start()
    killed.down()
    assert not killed.folder.exists()
