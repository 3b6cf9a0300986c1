"""What a cloud's modules need is an extra: without it, that is said."""

import importlib.util
import json

import pytest

from netlab.errors import RequirementError
from netlab.hosts.cloud import requirements
from netlab.hosts.cloud.api import Api
from netlab.hosts.cloud.ec2 import Ec2
from netlab.lab import Lab
from netlab.progress import Reporter
from netlab.spec.ec2 import Ec2Spec


@pytest.fixture
def without(monkeypatch, tmp_path):
    """Hide packages."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("ANSIBLE_COLLECTIONS_PATH", raising=False)

    def hide(*names):
        real = importlib.util.find_spec
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in names else real(name))

    return hide


def test_what_is_not_installed_is_named(without):
    without("ansible_collections", "boto3")
    wanting = requirements.missing("ec2")
    assert wanting == "the Ansible collection amazon.aws and the Python package boto3"
    (check,) = requirements.checks("ec2")
    assert not check.ok
    assert check.message == f"{wanting} is missing"
    assert "cni-netlab[cloud]" in check.hint


def test_a_library_is_named_after_its_package(without):
    without("ansible_collections", "openstack")
    wanting = "the Ansible collection openstack.cloud and the Python package openstacksdk"
    assert requirements.missing("openstack") == wanting


def test_a_collection_of_the_users_will_do(without, tmp_path):
    without("ansible_collections")
    (tmp_path / ".ansible/collections/ansible_collections/amazon/aws").mkdir(parents=True)
    assert "amazon.aws" not in requirements.missing("ec2")


def collection(folder, version):
    """Give users a collection of their own in this folder."""
    place = folder / "ansible_collections/hetzner/hcloud"
    place.mkdir(parents=True)
    (place / "MANIFEST.json").write_text(json.dumps({"collection_info": {"version": version}}))


@pytest.mark.parametrize(
    ("version", "old"), [("5.4.0", True), ("6.3.99", True), ("6.4.0", False), ("6.12.0", False), ("10.0.0", False)]
)
def test_a_collection_can_be_too_old(tmp_path, monkeypatch, version, old):
    collection(tmp_path, version)
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", str(tmp_path))
    wanting = requirements.missing("hcloud")
    assert ("hetzner.hcloud 6.4 or newer" in wanting) == old
    if old:
        (check,) = requirements.checks("hcloud")
        assert f"(not {version})" in check.message
        assert "ansible-galaxy collection install" in check.hint


def test_the_first_place_counts_as_it_does_for_ansible(tmp_path, monkeypatch):
    collection(tmp_path / "one", "6.4.0")
    collection(tmp_path / "other", "5.4.0")
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", f"{tmp_path / 'one'}:{tmp_path / 'other'}")
    assert "hetzner.hcloud" not in requirements.missing("hcloud")


def test_a_collection_that_says_no_version_is_taken(tmp_path, monkeypatch):
    collection(tmp_path, "6.4.0")
    (tmp_path / "ansible_collections/hetzner/hcloud/MANIFEST.json").write_text("{}")
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", str(tmp_path))
    assert "hetzner.hcloud" not in requirements.missing("hcloud")


def test_what_the_modules_import_is_named_as_it_is_installed(without, tmp_path):
    collection(tmp_path / ".ansible/collections", "6.4.0")
    without("dateutil", "requests")
    assert requirements.missing("hcloud") == "the Python package python-dateutil and the Python package requests"


def test_nothing_is_played_without(without, tmp_path):
    without("boto3", "ansible_collections")
    api = Api(Ec2(Ec2Spec()), Lab(tmp_path), Reporter())
    with pytest.raises(RequirementError, match="the provider ec2 needs") as caught:
        api.play("up", "eu-central-1", {})
    assert caught.value.exit_code == 4
    assert list(tmp_path.iterdir()) == []
