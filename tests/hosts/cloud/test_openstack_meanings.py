"""What OpenStack's errors mean, what its plays are told, which cloud is meant: without any cloud."""

import ipaddress
import json

import pytest

from netlab.errors import CloudCapacity, CloudError, CloudLogin, CloudQuota, ConfigError, RequirementError
from netlab.hosts.cloud.cloud import Failure, ForeignLab
from netlab.hosts.cloud.openstack import INSIDE, POOL, Openstack, rules
from netlab.hosts.cloud.record import read_stamp
from netlab.spec.openstack import OpenstackSpec

SECTION = {
    "cloud": "mine",
    "flavor": "m1.small",
    "image": "Debian 13",
    "external_network": "public",
    "ssh_from": ["203.0.113.7"],
}
MINE = Openstack(OpenstackSpec(**SECTION))
CLIENT = "{}: {}: Client Error for url: http://192.0.2.1/compute/v2.1/servers, {}"


@pytest.fixture(autouse=True)
def nothing_in_the_environment(monkeypatch):
    for name in ("OS_CLOUD", "OS_AUTH_URL", "OS_REGION_NAME"):
        monkeypatch.delenv(name, raising=False)


def said(message, item=""):
    return MINE.error(Failure("Make the hosts", item, "", message))


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (CLIENT.format("ForbiddenException", 403, "Quota exceeded for instances: Requested 1, but ..."), CloudQuota),
        (CLIENT.format("ForbiddenException", 403, "Quota exceeded, too many key pairs."), CloudQuota),
        (CLIENT.format("HttpException", 413, "VolumeSizeExceedsAvailableQuota: Requested volume ..."), CloudQuota),
        (CLIENT.format("HttpException", 413, "Maximum number of volumes allowed (10) exceeded"), CloudQuota),
        (CLIENT.format("ConflictException", 409, "Quota exceeded for resources: ['network']."), CloudQuota),
        (CLIENT.format("ForbiddenException", 403, "Policy doesn't allow os_compute_api:servers:create"), CloudLogin),
        (CLIENT.format("HttpException", 401, "The request you have made requires authentication."), CloudLogin),
        (CLIENT.format("ConflictException", 409, "No more IP addresses available on network 1."), CloudCapacity),
        (CLIENT.format("BadRequestException", 400, "Network 1 is not a valid external network"), ConfigError),
        (CLIENT.format("BadRequestException", 400, "The requested availability zone is not available"), ConfigError),
        (CLIENT.format("ConflictException", 409, "Something new"), CloudError),
    ],
)
def test_what_a_service_refuses_has_its_meaning(message, kind):
    error = said(message, "node1")
    assert type(error) is kind
    assert error.message.startswith(f"node1: OpenStack (mine): {message.rpartition('servers, ')[2]}")
    assert error.hint or "in the step 'Make the hosts'" in error.message


@pytest.mark.parametrize(
    ("message", "kind", "hint"),
    [
        ("The request you have made requires authentication. (HTTP 401)", CloudLogin, "openstack token issue"),
        ("Cloud mine was not found.", CloudLogin, "clouds.yaml"),
        ("Auth plugin requires parameters which were not given: auth_url", CloudLogin, "OS_AUTH_URL"),
        ("password is a required attribute", CloudLogin, "clouds.yaml"),
        ("Unable to establish connection to http://192.0.2.1/v3", CloudError, "auth_url"),
        ("No valid host was found. There are not enough hosts available.", CloudCapacity, "another zone"),
        ("no flavor m9.huge is there", ConfigError, "section openstack"),
        ("module 'openstack' has no attribute 'version'", RequirementError, "cni-netlab[cloud]"),
    ],
)
def test_what_is_no_services_answer_is_told_by_its_words(message, kind, hint):
    for before in ("", "Task failed: Module failed: ", "keystoneauth1.exceptions.http.Unauthorized: "):
        error = said(f"{before}{message}")
        assert type(error) is kind
        assert error.message == f"OpenStack (mine): {message}"
        assert hint in error.hint


def test_which_cloud_is_meant(monkeypatch):
    nobody = Openstack(OpenstackSpec(**{**SECTION, "cloud": ""}))
    assert nobody.place == ""
    with pytest.raises(ConfigError, match=r"is said neither by openstack\.cloud nor by the environment"):
        nobody.check()
    monkeypatch.setenv("OS_AUTH_URL", "http://192.0.2.1/v3")
    assert nobody.place == "envvars"
    monkeypatch.setenv("OS_CLOUD", "theirs")
    assert nobody.place == "theirs"
    assert MINE.place == "mine", "netlab.yml comes first"
    assert Openstack(OpenstackSpec(**SECTION, region="One")).place == "mine/One"


def test_where_hosts_are_is_what_was_remembered():
    told = MINE.variables("theirs/Two")
    assert (told["cloud"], told["region"]) == ("theirs", "Two"), "whatever netlab.yml says by now"
    assert MINE.variables("theirs")["region"] == ""
    assert "jump" not in told


def test_labs_are_read_from_the_descriptions_of_their_networks():
    tags = {"netlab:lab": "abc", "netlab:name": "mine", "netlab:expires": "20260102T120000Z"}
    answer = {"labs": [json.dumps(tags), "somebody's own words", "[]", "{}", ""]}
    (lab,) = MINE.labs(answer)
    assert lab == ForeignLab("abc", "mine", "mine", None, read_stamp("20260102T120000Z"))


def test_hosts_and_pods_have_addresses_that_openstack_gives_to_nobody():
    first, last = (ipaddress.ip_address(address) for address in POOL)
    hosts, pods = ipaddress.ip_network("10.10.0.0/28"), ipaddress.ip_network("10.10.0.64/26")
    assert hosts[-1] < first < last < pods[0]


@pytest.mark.parametrize("group", ["inside", "ssh"])
def test_a_host_may_send_to_all_but_the_metadata_service(group):
    out = [
        ipaddress.ip_network(rule["remote_ip_prefix"])
        for rule in rules(["203.0.113.7/32"])[group]
        if rule["direction"] == "egress"
    ]

    def allowed(address):
        return any(ipaddress.ip_address(address) in network for network in out)

    for address in ("10.10.0.11", "10.244.0.2", "192.0.2.1", "169.253.255.255", "169.255.0.0", "2001:db8::1"):
        assert allowed(address), address
    for address in ("169.254.169.254", "fe80::a9fe:a9fe"):
        assert not allowed(address), address


def test_ssh_is_for_those_who_may_and_the_rest_for_the_lab():
    made = rules(["203.0.113.7/32", "198.51.100.0/24"])
    ssh = [rule for rule in made["ssh"] if rule["direction"] == "ingress"]
    assert [rule["remote_ip_prefix"] for rule in ssh] == ["203.0.113.7/32", "198.51.100.0/24"]
    assert {(rule["protocol"], rule["port_range_min"], rule["port_range_max"]) for rule in ssh} == {("tcp", 22, 22)}
    inside = [rule for rule in made["inside"] if rule["direction"] == "ingress"]
    assert [rule["remote_ip_prefix"] for rule in inside] == list(INSIDE)


def test_what_it_costs_is_not_known():
    cost = MINE.cost(["m1.small"])
    assert cost.per_hour is None
    assert "no prices" in cost.source
