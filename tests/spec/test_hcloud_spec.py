"""The section ``hcloud``: what is refused, and when."""

import pytest
from pydantic import ValidationError

from netlab.errors import ConfigError
from netlab.spec.hcloud import HcloudSpec

HERE = {"location": "fsn1", "ssh_from": ["203.0.113.7"]}


@pytest.mark.parametrize("needed", HERE)
def test_what_is_needed_is_missed_when_hosts_are_made(needed):
    with pytest.raises(ConfigError, match=rf"hcloud\.{needed} is needed") as caught:
        HcloudSpec(**{key: value for key, value in HERE.items() if key != needed}).check()
    assert "netlab.yml" in caught.value.hint


def test_a_location_has_its_network_zone():
    HcloudSpec(**HERE).check()
    assert HcloudSpec(**{**HERE, "location": "ash"}).zone == "us-east"


def test_a_new_location_needs_its_zone_to_be_said():
    new = {**HERE, "location": "osl1"}
    with pytest.raises(ConfigError, match="network zone of 'osl1' is not known") as caught:
        HcloudSpec(**new).check()
    assert "hcloud.network_zone" in caught.value.hint
    HcloudSpec(**new, network_zone="eu-north").check()


@pytest.mark.parametrize(
    "wrong",
    [
        {"location": "Falkenstein"},
        {"node_type": "ccx 13"},
        {"image": "Debian 13"},
        {"hours": 0},
        {"prices": {"ccx13": -1}},
        {"prices": {"ccx13": float("nan")}},
        {"root_gib": 40},
    ],
)
def test_what_no_cloud_can_mean_is_refused_at_once(wrong):
    with pytest.raises(ValidationError):
        HcloudSpec(**wrong)


def test_each_part_has_its_type():
    spec = HcloudSpec(client_type="ccx13", node_type="ccx23", control_type="cpx31")
    assert [spec.type_of(part) for part in ("client", "node", "control")] == ["ccx13", "ccx23", "cpx31"]
