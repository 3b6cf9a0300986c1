"""What a cloud's modules need is an extra: without it, that is said."""

import importlib.util

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


def test_nothing_is_played_without(without, tmp_path):
    without("boto3", "ansible_collections")
    api = Api(Ec2(Ec2Spec()), Lab(tmp_path), Reporter())
    with pytest.raises(RequirementError, match="the provider ec2 needs") as caught:
        api.play("up", "eu-central-1", {})
    assert caught.value.exit_code == 4
    assert list(tmp_path.iterdir()) == []
