"""The section ``openstack``: what is refused, and when."""

import pytest
from pydantic import ValidationError

from netlab.errors import ConfigError
from netlab.spec.lab import LabSpec
from netlab.spec.openstack import OpenstackSpec

NEEDED = {
    "flavor": "m1.small",
    "image": "Debian 13",
    "external_network": "public",
    "ssh_from": ["203.0.113.7"],
}


@pytest.mark.parametrize("needed", NEEDED)
def test_what_is_needed_is_missed_when_hosts_are_made(needed):
    LabSpec(provider="openstack")  # a plan of another provider asks for none of it
    OpenstackSpec(**NEEDED).check()
    with pytest.raises(ConfigError, match=rf"openstack\.{needed} is needed") as caught:
        OpenstackSpec(**{key: value for key, value in NEEDED.items() if key != needed}).check()
    assert "netlab.yml" in caught.value.hint


def test_each_part_may_have_a_flavor_of_its_own():
    spec = OpenstackSpec(flavor="all", node_flavor="large")
    assert [spec.type_of(part) for part in ("client", "node", "control")] == ["all", "large", "all"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"cloud": "mine/RegionOne"},
        {"region": "Region\nOne"},
        {"image": "Debian\x00"},
        {"placement": "close"},
        {"name_servers": ["dns.example.org"]},
        {"floating_ips": "no"},
        {"root_gib": 7},
        {"password": "secret"},
    ],
)
def test_what_no_cloud_can_mean_is_refused_at_once(wrong):
    with pytest.raises(ValidationError):
        OpenstackSpec(**wrong)
