"""EC2's plays and the provider on them, by the real command, against moto."""

import base64
import json
import os
import re
import shutil
import signal
from datetime import UTC, datetime, timedelta

import psutil
import pytest
import yaml

from netlab.hosts.cloud.record import stamp
from tests.conftest import wait_until
from tests.hosts.cloud.ec2_api import MARKERS

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(900)]

CREATING = re.compile("^(Create(?!Tags)|Run|Import|Allocate|Associate|Authorize|Terminate|Delete|Revoke)")


def texts(folder):
    """Yield every file below a folder with its content."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


def test_from_up_to_nothing_left(cloud_lab):
    done = cloud_lab("up", "--no-profile")
    assert done.returncode == 0, done.stderr
    assert "about 0.33 USD an hour" in done.stderr, "what it costs is said before anything is made"
    _hosts_are_as_asked_for(cloud_lab)
    _who_may_enter(cloud_lab)
    _credentials_are_nowhere(cloud_lab, done)
    _status_says_age_and_cost(cloud_lab)

    before = len(cloud_lab.api.calls())
    assert cloud_lab("up", "--no-profile").returncode == 0
    assert len(cloud_lab.api.calls()) == before, "hosts that are there and answer are not asked for again"
    (cloud_lab.folder / ".netlab" / "cloud.json").unlink()
    done = cloud_lab("up", "--no-profile")
    assert done.returncode == 0, done.stderr
    assert not [call for call in cloud_lab.api.calls()[before:] if CREATING.match(call)], "all is found again"

    shutil.rmtree(cloud_lab.folder / ".netlab")
    done = cloud_lab("down")
    assert done.returncode == 0, done.stderr
    assert not cloud_lab.left(), "by the lab's id, because nothing else is known any more"
    assert not (cloud_lab.folder / ".netlab").exists()


def _hosts_are_as_asked_for(lab):
    found = lab.found()
    hosts = {tag["Value"]: each for each in found["instances"] for tag in each["Tags"] if tag["Key"] == "netlab:host"}
    assert {name: each["PrivateIpAddress"] for name, each in hosts.items()} == {
        "client": "10.10.0.10",
        "node1": "10.10.0.11",
        "node2": "10.10.0.12",
    }
    assert {each["InstanceType"] for each in hosts.values()} == {"c7i.large"}
    assert {each["ImageId"] for each in hosts.values()} == {"ami-00000000000000002"}, "the newest of that name"
    assert [each["SourceDestCheck"] for each in hosts.values()] == [False] * 3, "pods carry addresses of their own"
    metadata = [each["MetadataOptions"] for each in hosts.values()]
    assert {(each["HttpEndpoint"], each["HttpTokens"]) for each in metadata} == {("disabled", "required")}
    assert [volume["Size"] for volume in found["volumes"]] == [16] * 3
    for things in found.values():
        for thing in things:
            tags = {tag["Key"]: tag["Value"] for tag in thing.get("Tags", thing.get("TagSet", []))}
            is_ours = tags.get("netlab:name") == "lab" or "NetworkInterfaceId" in thing or _is_main(thing)
            assert is_ours, thing
    _host_keys_are_those_of_known_hosts(lab, hosts)


def _is_main(thing):
    return any(each.get("Main") for each in thing.get("Associations", []))


def _host_keys_are_those_of_known_hosts(lab, hosts):
    known = dict(line.split(" ", 1) for line in (lab.folder / ".netlab" / "known_hosts").read_text().splitlines())
    client = lab.api.client("eu-central-1")
    keys = set()
    for name, each in hosts.items():
        answer = client.describe_instance_attribute(InstanceId=each["InstanceId"], Attribute="userData")
        told = yaml.safe_load(base64.b64decode(answer["UserData"]["Value"]))
        assert told["ssh_keys"]["ed25519_public"] == known[name]
        assert told["hostname"] == name
        keys.add(known[name])
    assert len(keys) == 3, "each host has a key of its own"


def _who_may_enter(lab):
    (group,) = lab.found()["security groups"]
    rules = {
        (rule["IpProtocol"], rule.get("FromPort"), source["CidrIp"])
        for rule in group["IpPermissions"]
        for source in rule["IpRanges"]
    }
    inside = {("-1", None, network) for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")}
    assert {(protocol, None if protocol == "-1" else port, network) for protocol, port, network in rules} == {
        ("tcp", 22, "203.0.113.7/32"),
        *inside,
    }


def _credentials_are_nowhere(lab, done):
    files = dict(texts(lab.folder))
    assert any(path.name == "cloud.log" for path in files)
    for marker in MARKERS.values():
        assert not [path for path, content in files.items() if marker.encode() in content]
        assert marker not in done.stdout + done.stderr


def _status_says_age_and_cost(lab):
    cloud = json.loads(lab("status", "--json").stdout)["cloud"]
    assert cloud["place"] == "eu-central-1"
    assert cloud["complete"]
    assert 0 < cloud["left_s"] < 8 * 3600
    text = lab("status").stdout
    assert re.search(r"cloud    ec2, eu-central-1, lab \w{12}; .* old, expires in 7 h .* 0.33 USD an hour", text)


def test_a_quota_ends_it_and_nothing_is_left(cloud_lab):
    cloud_lab.api.fail("RunInstances", "VcpuLimitExceeded", "more vCPU capacity than your limit of 2 allows", after=1)
    done = cloud_lab("up", "--no-profile")
    assert done.returncode == 15
    assert "node1: EC2 in eu-central-1: RunInstances: more vCPU capacity than your limit of 2 allows" in done.stderr
    assert "ask Amazon for a higher quota" in done.stderr
    assert "what was made is removed again" in done.stderr
    assert "Traceback" not in done.stderr
    assert not cloud_lab.left()
    assert cloud_lab("status", "--json").stdout.find('"cloud": null') > 0


def test_killed_in_the_middle_the_next_up_continues(cloud_lab):
    cloud_lab.api.fail("RunInstances", "", after=2)  # the third host's never answers
    asked = cloud_lab.api.calls().count("RunInstances")  # by other tests
    child = cloud_lab.start("up", "--no-profile")
    wait_until(lambda: cloud_lab.api.calls().count("RunInstances") >= asked + 3, seconds=300, what="the third host")
    first = {each["InstanceId"] for each in cloud_lab.found()["instances"]}
    os.kill(child.pid, signal.SIGKILL)
    child.communicate(timeout=60)
    assert "NOT ALL of it was made" in cloud_lab("status").stdout
    refused = cloud_lab("up", "--no-profile", "--provider", "qemu")
    assert refused.returncode == 3, "hosts that cost money are not forgotten for others"
    cloud_lab.api.mend()
    done = cloud_lab("up", "--no-profile")
    assert done.returncode == 0, done.stderr
    now = {each["InstanceId"] for each in cloud_lab.found()["instances"]}
    assert len(now) == 3
    assert first < now, "what was made is used"
    words = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert not [each for each in words if str(cloud_lab.folder) in each], "no play of the killed one goes on"


def test_where_one_host_has_gone_all_are_made_again(cloud_lab):
    assert cloud_lab("up", "--no-profile").returncode == 0
    first = [each["InstanceId"] for each in cloud_lab.found()["instances"]]
    cloud_lab.api.client("eu-central-1").terminate_instances(InstanceIds=first[:1])
    text = (cloud_lab.folder / "netlab.yml").read_text()
    (cloud_lab.folder / "netlab.yml").write_text(f"{text}  hours: 9\n  market: on-demand\n")  # so that EC2 is asked
    done = cloud_lab("up", "--no-profile")
    assert done.returncode == 0, done.stderr
    now = [each["InstanceId"] for each in cloud_lab.found()["instances"]]
    assert len(now) == 3
    assert not set(now) & set(first), "one that is new is not like the others"
    known = json.loads((cloud_lab.folder / ".netlab" / "cloud.json").read_text())
    lives = datetime.fromisoformat(known["expires"]) - datetime.fromisoformat(known["created"])
    assert lives == timedelta(hours=9)
    (vpc,) = cloud_lab.found()["vpcs"]
    tags = {tag["Key"]: tag["Value"] for tag in vpc["Tags"]}
    assert tags["netlab:expires"] == stamp(datetime.fromisoformat(known["expires"]))


def test_labs_whose_time_is_over_are_removed_from_anywhere(cloud_lab, tmp_path):
    assert cloud_lab("up", "--no-profile").returncode == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.rmtree(cloud_lab.folder / ".netlab")
    words = ("-C", str(elsewhere), "down", "--expired", "--provider", "ec2")
    done = cloud_lab(*words)
    assert (done.returncode, done.stdout) == (0, "no lab has expired\n"), done.stderr
    assert len(cloud_lab.found()["instances"]) == 3
    (vpc,) = cloud_lab.found()["vpcs"]
    over = {"Key": "netlab:expires", "Value": stamp(datetime.now(UTC) - timedelta(minutes=1))}
    cloud_lab.api.client("eu-central-1").create_tags(Resources=[vpc["VpcId"]], Tags=[over])
    done = cloud_lab(*words)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"removed lab \(\w{12}, eu-central-1\)\n", done.stdout)
    assert not cloud_lab.left()


@pytest.mark.parametrize(
    ("action", "code", "words"),
    [
        ("GetCallerIdentity", "ExpiredToken", "ExpiredToken"),
        ("CreateVpc", "UnauthorizedOperation", "what the account must be allowed"),
    ],
)
def test_refused_credentials_are_one_message(cloud_lab, action, code, words):
    cloud_lab.api.fail(action, code, f"{code}: as the test wants it")
    done = cloud_lab("up", "--no-profile")
    assert done.returncode == 15
    assert words in done.stderr
    assert not cloud_lab.left()


def test_no_credentials_are_one_message(cloud_lab, monkeypatch):
    for name in MARKERS:
        monkeypatch.delenv(name)
    done = cloud_lab("up", "--no-profile")
    assert done.returncode == 15
    assert "Unable to locate credentials" in done.stderr
    assert "aws sts get-caller-identity" in done.stderr
    assert not (cloud_lab.folder / ".netlab" / "cloud.json").exists()
    for name, value in MARKERS.items():
        monkeypatch.setenv(name, value)
