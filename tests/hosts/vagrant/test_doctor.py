"""What ``netlab doctor`` says of Vagrant, its plugin and the box."""

import pytest

from netlab.hosts.vagrant import doctor
from netlab.hosts.vagrant.boxes import box_of
from netlab.lab import Lab
from netlab.spec.lab import LabSpec
from tests.hosts.vagrant import fake


def checked(tmp_path, **section):
    spec = LabSpec.model_validate({"provider": "vagrant", "vagrant": section})
    return {check.name: check for check in doctor.checks(Lab(tmp_path), spec)}


@pytest.fixture
def machines(tmp_path, monkeypatch):
    return fake.install(tmp_path, monkeypatch)


def test_all_is_well(tmp_path, machines):
    found = checked(tmp_path)
    assert all(check.ok for check in found.values()), found
    assert found["Vagrant"].message == "2.3.4"
    assert found["vagrant-libvirt"].message == "0.11.2"
    assert found["box"].message.endswith("is not there, and will be made")
    machines.change(boxes=[box_of(LabSpec()).name])
    assert checked(tmp_path)["box"].message.endswith("is there")


def test_a_missing_plugin_is_named_with_what_installs_it(tmp_path, machines, monkeypatch):
    (tmp_path / "bin" / "prlctl").touch(mode=0o755)
    found = checked(tmp_path, provider="parallels", box="debian", box_url="https://example.org/debian.box")
    assert not found["vagrant-parallels"].ok
    assert found["vagrant-parallels"].hint == "vagrant plugin install vagrant-parallels"
    assert found["prlctl"].ok


def test_a_missing_program_of_a_provider(tmp_path, machines, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{tmp_path}")
    monkeypatch.setattr("netlab.proc._SBIN", str(tmp_path))
    found = checked(tmp_path, provider="virtualbox")
    assert not found["VBoxManage"].ok
    assert "apt-get install virtualbox" in found["VBoxManage"].hint


def test_no_vagrant_ends_the_questions(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("netlab.proc._SBIN", str(tmp_path))
    found = checked(tmp_path)
    assert list(found) == ["vagrant", "ssh", "ssh-keyscan"]
    assert not found["vagrant"].ok
    assert "apt-get install vagrant" in found["vagrant"].hint


@pytest.mark.parametrize(
    ("section", "ok"),
    [
        ({"box": "debian"}, False),
        ({"box": "debian", "box_url": "debian.box"}, True),
        ({"provider": "vmware_desktop"}, False),
    ],
)
def test_a_box_that_nobody_has(tmp_path, machines, section, ok):
    found = checked(tmp_path, **section)
    assert all(check.ok for name, check in found.items() if name in {"box", "Vagrant"}) is ok


@pytest.mark.parametrize(
    ("text", "version"), [("Vagrant 2.3.4\n", "2.3.4"), ("Vagrant 2.4.10.dev", "2.4.10"), ("none", "")]
)
def test_versions(text, version):
    assert doctor.version_of(text) == version


def test_an_old_vagrant_is_said(tmp_path, machines, monkeypatch):
    monkeypatch.setattr(doctor, "OLDEST", "9.0")
    found = checked(tmp_path)["Vagrant"]
    assert not found.ok
    assert found.hint == "netlab needs Vagrant 9.0 or newer"
