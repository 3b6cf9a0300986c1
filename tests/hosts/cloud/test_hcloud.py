"""Hetzner Cloud's plays and the provider on them, by the real command, against a small API with a memory."""

import json
import os
import re
import shutil
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
import yaml

from netlab.hosts.cloud.record import stamp
from netlab.hosts.cloud.requirements import missing
from tests.conftest import Command, wait_until
from tests.hosts.cloud.conftest import entered
from tests.hosts.cloud.hcloud_api import KINDS, TOKEN, HcloudApi

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(900)]

NETLAB_YML = """provider: hcloud
profiles: [baseline-vm]
hcloud:
  location: fsn1
  ssh_from: [203.0.113.7/32]
"""
MAKING = re.compile("^(POST|PUT|DELETE) ")
CHANGING = {"POST /firewalls/N/actions/set_rules", *(f"PUT /{kind}/N" for kind in KINDS)}
"""What may be asked where all is there: other rules, other dates."""


class HcloudLab(Command):
    """Drives the real command in a folder with a lab on Hetzner Cloud."""

    def __init__(self, folder, api) -> None:
        super().__init__(folder)
        self.api = api
        folder.mkdir()
        (folder / "netlab.yml").write_text(NETLAB_YML)

    def found(self) -> dict[str, list]:
        """Return all that the project has, by kind, of whatever lab."""
        return {kind: list(self.api.account.things[kind].values()) for kind in KINDS}

    def left(self) -> dict[str, list]:
        """Return what is there, without the kinds of which there is nothing."""
        return {kind: things for kind, things in self.found().items() if things}

    def servers(self) -> dict[str, dict]:
        """Return the servers by the names of their hosts."""
        return {each["labels"]["netlab/host"]: each for each in self.found()["servers"]}


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab on Hetzner Cloud; after the test nothing of it runs."""
    own = Path(sys.prefix) / "collections"  # scripts/collection.py puts one there, for an older Python
    if own.is_dir():
        monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", str(own))
    if wanting := missing("hcloud"):
        pytest.skip(f"{wanting} is not installed")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ssh").write_text(entered("enp7s0", 1450))
    (tmp_path / "bin" / "ssh").chmod(0o755)
    api = HcloudApi()
    lab = HcloudLab(tmp_path / "lab", api)
    words = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "HOME": str(lab.folder)}
    for name, value in {**api.environment, **words}.items():
        monkeypatch.setenv(name, value)
    yield lab
    api.stop()
    for child in lab.children:
        child.kill()
        child.communicate(timeout=60)


def made(lab, *words):
    """Have the command make the hosts; return what it said."""
    done = lab("up", "--no-profile", *words)
    assert done.returncode == 0, done.stderr
    return done


def test_from_up_to_nothing_left(lab):
    done = made(lab)
    assert "about 0.06 EUR an hour" in done.stderr, "what it costs is said before anything is made"
    assert "expect MORE" in done.stderr
    _hosts_are_as_asked_for(lab)
    _the_network_knows_where_pods_are(lab)
    _who_may_enter(lab)
    _the_token_is_nowhere(lab, done)
    listed = lab("inventory")
    assert listed.returncode == 0, listed.stderr
    variables = json.loads(listed.stdout)["_meta"]["hostvars"]["node1"]
    assert (variables["netlab_interface"], variables["netlab_mtu"]) == ("enp7s0", 1450)
    assert re.search(r"cloud    hcloud, fsn1, lab \w{12}; .* expires in 7 h", lab("status").stdout)

    before = len(lab.api.calls)
    made(lab)
    assert len(lab.api.calls) == before, "hosts that are there and answer are not asked for again"
    (lab.folder / ".netlab" / "cloud.json").unlink()
    text = (lab.folder / "netlab.yml").read_text().replace("203.0.113.7/32", "203.0.113.8/32")
    (lab.folder / "netlab.yml").write_text(text)
    made(lab)
    assert {call for call in lab.api.calls[before:] if MAKING.match(call)} <= CHANGING, "all is found again"
    assert lab.found()["firewalls"][0]["rules"][0]["source_ips"] == ["203.0.113.8/32"], "the hosts stay"

    shutil.rmtree(lab.folder / ".netlab")
    done = lab("down")
    assert done.returncode == 0, done.stderr
    assert not lab.left(), "by the lab's label, because nothing else is known any more"
    assert not (lab.folder / ".netlab").exists()


def _hosts_are_as_asked_for(lab):
    hosts = lab.servers()
    assert {name: each["private_net"][0]["ip"] for name, each in hosts.items()} == {
        "client": "10.10.0.10",
        "node1": "10.10.0.11",
        "node2": "10.10.0.12",
    }
    (group,) = lab.found()["placement_groups"]
    for each in hosts.values():
        assert (each["server_type"]["name"], each["image"]["name"], each["location"]["name"]) == (
            "ccx13",
            "debian-13",
            "fsn1",
        )
        assert each["status"] == "running"
        assert each["placement_group"]["id"] == group["id"]
        assert each["public_net"]["ipv6"] is None, "nobody needs it"
    for things in lab.found().values():
        assert things
        assert {thing["labels"]["netlab/name"] for thing in things} == {"lab"}
        assert {"netlab/lab", "netlab/created", "netlab/expires"} < things[0]["labels"].keys()
    _joined_before_it_was_started(lab.api.calls)
    _host_keys_are_those_of_known_hosts(lab)


def _joined_before_it_was_started(calls):
    last = max(n for n, call in enumerate(calls) if call.endswith("/attach_to_network"))
    assert last < calls.index("POST /servers/N/actions/poweron"), "or the first boot would find no such interface"


def _host_keys_are_those_of_known_hosts(lab):
    known = dict(line.split(" ", 1) for line in (lab.folder / ".netlab" / "known_hosts").read_text().splitlines())
    told = {name.rpartition("-")[2]: yaml.safe_load(text) for name, text in lab.api.account.user_data.items()}
    assert {name: words["ssh_keys"]["ed25519_public"] for name, words in told.items()} == known
    assert len(set(known.values())) == 3, "each host has a key of its own"
    assert told["node1"]["runcmd"] == [
        ["/usr/local/sbin/netlab-link", "10.10.0.11/24", "10.0.0.1", "1450", "10.10.0.10", "10.10.0.12"]
    ]


def _the_network_knows_where_pods_are(lab):
    (network,) = lab.found()["networks"]
    (subnet,) = network["subnets"]
    assert (subnet["type"], subnet["ip_range"], subnet["network_zone"]) == ("cloud", "10.10.0.0/24", "eu-central")
    assert subnet["gateway"] == "10.0.0.1", "the router that hosts are told of"
    assert [(each["destination"], each["gateway"]) for each in network["routes"]] == [
        ("10.244.0.0/26", "10.10.0.11"),
        ("10.244.1.0/26", "10.10.0.12"),
    ]


def _who_may_enter(lab):
    (firewall,) = lab.found()["firewalls"]
    (rule,) = firewall["rules"]
    assert (rule["direction"], rule["protocol"], rule["port"]) == ("in", "tcp", "22")
    assert rule["source_ips"] == ["203.0.113.7/32"]
    assert {each["server"]["id"] for each in firewall["applied_to"]} == {each["id"] for each in lab.found()["servers"]}


def _the_token_is_nowhere(lab, done):
    files = [path for path in lab.folder.rglob("*") if path.is_file()]
    assert any(path.name == "cloud.log" for path in files)
    assert not [path for path in files if TOKEN.encode() in path.read_bytes()]
    assert TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("call", "code", "words"),
    [
        ("POST /servers", "resource_limit_exceeded", "ask Hetzner for a higher limit"),
        ("POST /servers/N/actions/poweron", "placement_error", "take another location or type"),
    ],
)
def test_a_quota_ends_it_and_nothing_is_left(lab, call, code, words):
    lab.api.fail(call, code, "server limit reached", after=1)
    done = lab("up", "--no-profile")
    assert done.returncode == 15
    assert f"node1: Hetzner Cloud, fsn1: server limit reached ({code})" in done.stderr
    assert words in done.stderr
    assert "what was made is removed again" in done.stderr
    assert "Traceback" not in done.stderr
    assert not lab.left()
    assert '"cloud": null' in lab("status", "--json").stdout


def test_killed_in_the_middle_the_next_up_continues(lab):
    lab.api.hold("POST /servers", after=2)  # the third host's never answers
    child = lab.start("up", "--no-profile")
    wait_until(lambda: lab.api.calls.count("POST /servers") >= 3, seconds=300, what="the third host")
    first = {each["id"] for each in lab.found()["servers"]}
    assert len(first) == 2
    os.kill(child.pid, signal.SIGKILL)
    child.communicate(timeout=60)
    assert "NOT ALL of it was made" in lab("status").stdout
    assert lab("up", "--no-profile", "--provider", "qemu").returncode == 3, "hosts that cost money are not forgotten"
    lab.api.mend()
    made(lab)
    now = {each["id"] for each in lab.found()["servers"]}
    assert len(now) == 3
    assert first < now, "what was made is used"
    words = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert not [each for each in words if str(lab.folder) in each], "no play of the killed one still runs"


def test_where_one_host_has_gone_all_are_made_again(lab):
    made(lab)
    first = {each["id"] for each in lab.found()["servers"]}
    lab.api.account.answer("DELETE", ["servers", str(min(first))], {}, {})
    text = (lab.folder / "netlab.yml").read_text()
    (lab.folder / "netlab.yml").write_text(f"{text}  hours: 9\n")  # so that Hetzner is asked
    made(lab)
    now = {each["id"] for each in lab.found()["servers"]}
    assert len(now) == 3
    assert not now & first, "one that is new is not like the others"
    known = json.loads((lab.folder / ".netlab" / "cloud.json").read_text())
    expires = datetime.fromisoformat(known["expires"])
    assert expires - datetime.fromisoformat(known["created"]) == timedelta(hours=9)
    assert {each["labels"]["netlab/expires"] for things in lab.found().values() for each in things} == {stamp(expires)}


def test_labs_whose_time_is_over_are_removed_from_anywhere(lab, tmp_path):
    made(lab)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.rmtree(lab.folder / ".netlab")
    words = ("-C", str(elsewhere), "down", "--expired", "--provider", "hcloud")
    done = lab(*words)
    assert (done.returncode, done.stdout) == (0, "no lab has expired\n"), done.stderr
    assert len(lab.found()["servers"]) == 3
    lab.found()["networks"][0]["labels"]["netlab/expires"] = stamp(datetime.now(UTC) - timedelta(minutes=1))
    done = lab(*words)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"removed lab \(\w{12}, fsn1\)\n", done.stdout)
    assert not lab.left()


@pytest.mark.parametrize(
    ("token", "words"),
    [("WrongWrongWrong", "unable to authenticate"), (None, "missing required arguments: api_token")],
)
def test_a_token_that_is_wrong_or_missing_is_one_message(lab, monkeypatch, token, words):
    monkeypatch.delenv("HCLOUD_TOKEN")
    if token:
        monkeypatch.setenv("HCLOUD_TOKEN", token)
    done = lab("up", "--no-profile")
    assert done.returncode == 15
    assert words in done.stderr
    assert "HCLOUD_TOKEN" in done.stderr
    assert not (lab.folder / ".netlab" / "cloud.json").exists()
    assert not lab.left()


def test_an_api_that_is_not_there_is_one_message(lab, monkeypatch):
    monkeypatch.setenv("HCLOUD_ENDPOINT", "http://127.0.0.1:1/v1")
    done = lab("up", "--no-profile")
    assert done.returncode == 15
    assert "can this machine reach Hetzner's API" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"location": "nbg1"}, "no location nbg1 is there"),
        ({"location": "ash"}, "no server type ccx13 is there in ash"),
        ({"image": "debian-99"}, "no image debian-99 for x86 is there"),
    ],
)
def test_what_hetzner_does_not_have_is_refused_before_anything_is_made(lab, change, words):
    section = {"location": "fsn1", "ssh_from": ["203.0.113.7"], **change}
    spec = {"provider": "hcloud", "profiles": ["baseline-vm"], "hcloud": section}
    (lab.folder / "netlab.yml").write_text(yaml.safe_dump(spec))
    done = lab("up", "--no-profile")
    assert done.returncode == 3
    assert words in done.stderr
    assert not [call for call in lab.api.calls if call.startswith("POST ")]
