"""Sections of clouds: what is refused, and when."""

import pytest
from pydantic import ValidationError

from netlab.errors import ConfigError
from netlab.spec.ec2 import Ec2Spec
from netlab.spec.lab import LabSpec

HERE = {"region": "eu-central-1", "ssh_from": ["203.0.113.7"]}


def test_an_address_is_a_network_of_one():
    assert Ec2Spec(**HERE).ssh_from == ("203.0.113.7/32",)


@pytest.mark.parametrize("wide", ["0.0.0.0/0", "10.0.0.0/8", "203.0.113.7/15"])
def test_the_whole_internet_may_not_enter(wide):
    with pytest.raises(ValidationError, match=r"wider than|has host bits set"):
        Ec2Spec(ssh_from=[wide])


@pytest.mark.parametrize("wrong", ["me", "2001:db8::1", "203.0.113.7/33", ""])
def test_who_may_enter_is_an_ipv4_network(wrong):
    with pytest.raises(ValidationError):
        Ec2Spec(ssh_from=[wrong])


def test_a_jump_host_is_known_by_its_key():
    jump = {"address": "192.0.2.1", "user": "me"}
    with pytest.raises(ValidationError, match="host_key is needed"):
        Ec2Spec(jump=jump)
    assert Ec2Spec(jump={**jump, "host_key": "ssh-ed25519 AAAA"}).jump.port == 22


@pytest.mark.parametrize("needed", HERE)
def test_what_is_needed_is_missed_when_hosts_are_made(needed):
    LabSpec(provider="qemu")  # nobody asks for a region here
    with pytest.raises(ConfigError, match=rf"ec2\.{needed} is needed") as caught:
        Ec2Spec(**{key: value for key, value in HERE.items() if key != needed}).check()
    assert "netlab.yml" in caught.value.hint


def test_a_zone_is_in_its_region():
    Ec2Spec(**HERE, zone="eu-central-1a").check()
    with pytest.raises(ConfigError, match="not in the region"):
        Ec2Spec(**HERE, zone="us-east-1a").check()


def test_hosts_of_unsteady_speed_are_in_no_placement_group():
    with pytest.raises(ConfigError, match=r"t3\.medium"):
        Ec2Spec(**HERE, node_type="t3.medium").check()
    Ec2Spec(**HERE, node_type="t3.medium", placement_group=False).check()


@pytest.mark.parametrize(
    "wrong", [{"region": "Frankfurt"}, {"node_type": "large"}, {"image_id": "debian"}, {"hours": 0}]
)
def test_what_no_cloud_can_mean_is_refused_at_once(wrong):
    with pytest.raises(ValidationError):
        Ec2Spec(**wrong)


def test_each_part_has_its_type():
    spec = Ec2Spec(client_type="a.1", node_type="b.1", control_type="c.1")
    assert [spec.type_of(part) for part in ("client", "node", "control")] == ["a.1", "b.1", "c.1"]
