"""OpenStack's plays and the provider on them, by the real command, against a small OpenStack of the tests' own."""

import ipaddress
import json
import os
import re
import shutil
import signal
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from netlab.hosts.cloud.metadata import REACHED
from netlab.hosts.cloud.record import stamp
from netlab.hosts.cloud.requirements import missing
from tests.conftest import Command, wait_until
from tests.hosts.cloud.conftest import YES
from tests.hosts.cloud.openstack_api import PASSWORD, TOKEN, OpenstackApi

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(900)]

NETLAB_YML = """provider: openstack
profiles: [baseline-vm]
openstack:
  flavor: m1.small
  image: Debian 13
  external_network: public
  ssh_from: [203.0.113.7/32]
"""
SERVER = "POST /compute/v2.1/servers"


class OpenstackLab(Command):
    """Drives the real command in a folder with a lab on OpenStack."""

    def __init__(self, folder, api, monkeypatch) -> None:
        super().__init__(folder)
        self.api = api
        self._monkeypatch = monkeypatch
        folder.mkdir()
        (folder / "netlab.yml").write_text(NETLAB_YML)
        for name in [name for name in os.environ if name.startswith("OS_")]:
            monkeypatch.delenv(name)
        for name, value in {**api.environment, "HOME": str(folder)}.items():
            monkeypatch.setenv(name, value)

    def configure(self, text):
        """Add lines to the section."""
        file = self.folder / "netlab.yml"
        file.write_text(f"{file.read_text()}{text}")

    def answer_ssh(self, script):
        """Have this program stand for ssh."""
        program = self.folder.parent / "bin" / "ssh"
        program.parent.mkdir(exist_ok=True)
        program.write_text(script)
        program.chmod(0o755)
        self._monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    @property
    def network(self):
        (network,) = self.api.left()["networks"]
        return network

    @property
    def servers(self):
        return {each["metadata"]["netlab:host"]: each for each in self.api.compute.servers.values()}


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab on an OpenStack of its own, whose hosts are entered by an ssh that says yes to everything."""
    if wanting := missing("openstack"):
        pytest.skip(f"{wanting} is not installed")
    api = OpenstackApi()
    lab = OpenstackLab(tmp_path / "lab", api, monkeypatch)
    lab.answer_ssh(YES)
    yield lab
    api.mend()
    for child in lab.children:
        child.kill()
        child.communicate(timeout=60)
    api.stop()


def test_from_up_to_nothing_left(lab):
    done = lab("up", "--no-profile")
    assert done.returncode == 0, done.stderr
    assert "cost: unknown (OpenStack has no prices" in done.stderr, "not a word of what nobody can know"
    _hosts_are_as_asked_for(lab)
    _ports_let_pods_pass(lab)
    _who_may_enter(lab)
    _host_keys_are_those_of_known_hosts(lab)
    _credentials_are_nowhere(lab, done)

    before = len(lab.api.calls)
    assert lab("up", "--no-profile").returncode == 0
    assert len(lab.api.calls) == before, "hosts that are there and answer are not asked for again"
    (lab.folder / ".netlab" / "cloud.json").unlink()
    before = len(lab.api.changes())
    done = lab("up", "--no-profile")
    assert done.returncode == 0, done.stderr
    changed = {call.rpartition("/")[2] for call in lab.api.changes()[before:]}
    assert changed <= {"metadata", lab.network["id"]}, "all is found again; it only says anew when it was created"

    shutil.rmtree(lab.folder / ".netlab")
    done = lab("down")
    assert done.returncode == 0, done.stderr
    assert not lab.api.left(), "by the lab's id, because nothing else is known any more"
    assert not (lab.folder / ".netlab").exists()


def _hosts_are_as_asked_for(lab):
    assert sorted(lab.servers) == ["client", "node1", "node2"]
    known = json.loads((lab.folder / ".netlab" / "cloud.json").read_text())
    (group,) = lab.api.compute.groups.values()
    assert group["policy"] == "soft-affinity"
    for name, server in lab.servers.items():
        assert server["flavor"]["name"] == "m1.small"
        assert server["image"]["id"].endswith("2"), "the newest of that name"
        assert server["config_drive"] == "True"
        assert server["_group"] == group["id"]
        tags = server["metadata"]
        assert (tags["netlab:lab"], tags["netlab:name"]) == (known["lab"], "lab")
        assert tags["netlab:expires"] == stamp(datetime.fromisoformat(known["expires"]))
        (port,) = [lab.api.network.things["ports"][each] for each in server["_ports"]]
        assert port["fixed_ips"][0]["ip_address"] == f"10.10.0.{10 + sorted(lab.servers).index(name)}"
        (address,) = [each for each in lab.api.left()["floatingips"] if each["port_id"] == port["id"]]
        assert address["floating_ip_address"] == known["hosts"][name]["address"]
    assert json.loads(lab.network["description"]) == {
        name: value for name, value in lab.servers["node1"]["metadata"].items() if name not in _OF_HOSTS
    }
    assert lab.network["mtu"] == 1450, "what the cloud has, where it is not more than 1500"


_OF_HOSTS = {"netlab:host", "netlab:digest"}


def _ports_let_pods_pass(lab):
    for server in lab.servers.values():
        (port,) = [lab.api.network.things["ports"][each] for each in server["_ports"]]
        assert "port_security_enabled" not in port, "security groups hold only where it is on"
        pairs = [(each["ip_address"], each["mac_address"]) for each in port["allowed_address_pairs"]]
        assert pairs == [("10.10.0.0/24", port["mac_address"]), ("10.244.0.0/16", port["mac_address"])]


def _who_may_enter(lab):
    things = lab.api.network.things
    groups = {each["id"]: each["name"].rpartition("-")[2] for each in things["security-groups"].values()}
    rules = list(things["security-group-rules"].values())
    ingress = {
        (groups[each["security_group_id"]], each["protocol"], each["port_range_min"], each["remote_ip_prefix"])
        for each in rules
        if each["direction"] == "ingress"
    }
    assert ingress == {
        ("ssh", "tcp", 22, "203.0.113.7/32"),
        ("inside", None, None, "10.10.0.0/24"),
        ("inside", None, None, "10.244.0.0/16"),
    }
    out = [each["remote_ip_prefix"] for each in rules if each["direction"] == "egress"]
    assert None not in out, "the rules that each group has from the start are gone"
    assert not [each for each in out if ipaddress.ip_address("169.254.169.254") in ipaddress.ip_network(each)]
    assert [each for each in out if ipaddress.ip_address("192.0.2.1") in ipaddress.ip_network(each)]


def _host_keys_are_those_of_known_hosts(lab):
    known = dict(line.split(" ", 1) for line in (lab.folder / ".netlab" / "known_hosts").read_text().splitlines())
    for name in lab.servers:
        told = lab.api.compute.told(name)
        assert told["ssh_keys"]["ed25519_public"] == known[name]
        assert told["hostname"] == name
    assert len(set(known.values())) == 3, "each host has a key of its own"


def _credentials_are_nowhere(lab, done):
    files = {path: path.read_bytes() for path in lab.folder.rglob("*") if path.is_file()}
    assert any(path.name == "cloud.log" for path in files)
    for marker in (PASSWORD, TOKEN):
        assert not [path for path, content in files.items() if marker.encode() in content]
        assert marker not in done.stdout + done.stderr


def test_a_quota_ends_it_and_nothing_is_left(lab):
    words = "Quota exceeded for cores: Requested 2, but already used 4 of 4 cores"
    lab.api.fail(SERVER, 403, words, after=1)
    done = lab("up", "--no-profile")
    assert done.returncode == 15
    assert f"node1: OpenStack (envvars): {words}" in done.stderr
    assert "for a higher quota" in done.stderr
    assert "what was made is removed again" in done.stderr
    assert "Traceback" not in done.stderr
    assert not lab.api.left()
    assert lab("status", "--json").stdout.find('"cloud": null') > 0


def test_a_host_that_the_cloud_cannot_run_ends_it(lab):
    lab.api.compute.fault = "No valid host was found. There are not enough hosts available."
    done = lab("up", "--no-profile")
    assert done.returncode == 15
    assert "client: OpenStack (envvars): No valid host was found." in done.stderr
    assert "take another zone, flavor or placement" in done.stderr
    assert not lab.api.left()


def test_killed_in_the_middle_the_next_up_continues(lab):
    lab.api.hold(SERVER, after=2)  # the third host's never answers
    child = lab.start("up", "--no-profile")
    wait_until(lambda: lab.api.calls.count(SERVER) >= 3, seconds=300, what="the third host")
    first = {each["id"] for each in lab.servers.values()}
    os.kill(child.pid, signal.SIGKILL)
    child.communicate(timeout=60)
    assert "NOT ALL of it was made" in lab("status").stdout
    lab.api.mend()
    done = lab("up", "--no-profile")
    assert done.returncode == 0, done.stderr
    now = {each["id"] for each in lab.servers.values()}
    assert len(lab.api.compute.servers) == len(now) == 3
    assert first < now, "what was made is used"
    words = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert not [each for each in words if str(lab.folder) in each], "no play of the killed one goes on"
    assert lab("down").returncode == 0
    assert not lab.api.left()


def test_hosts_in_the_network_outside_with_disks_of_their_own(lab):
    lab.api.network.mtu = 8950
    lab.configure("  floating_ips: false\n  client_flavor: m1.diskless\n  placement: any\n  zone: az1\n")
    done = lab("up", "--no-profile")
    assert done.returncode == 0, done.stderr
    assert lab.network["mtu"] == 1500, "hosts send what those of other providers do"
    left = lab.api.left()
    assert not {"routers", "floatingips", "server groups"} & left.keys()
    assert {each["gateway_ip"] for each in left["subnets"]} == {None}, "hosts leave by the other interface"
    (volume,) = left["volumes"]
    assert (volume["size"], volume["metadata"]["netlab:name"]) == (16, "lab")
    assert volume["attachments"] == [{"server_id": lab.servers["client"]["id"]}]
    known = json.loads((lab.folder / ".netlab" / "cloud.json").read_text())
    assert {name: host["zone"] for name, host in known["hosts"].items()} == dict.fromkeys(lab.servers, "az1")
    groups = {each["id"]: each["name"].rpartition("-")[2] for each in left["security-groups"]}
    for name, server in lab.servers.items():
        inside, outside = [lab.api.network.things["ports"][each] for each in server["_ports"]]
        assert [groups[each] for each in inside["security_groups"]] == ["inside"]
        assert [groups[each] for each in outside["security_groups"]] == ["ssh"]
        assert outside["fixed_ips"][1]["ip_address"] == known["hosts"][name]["address"], "of two, the one of IPv4"
        assert not outside["allowed_address_pairs"]
    _a_host_that_has_gone_has_all_made_again(lab)
    done = lab("down")
    assert done.returncode == 0, done.stderr
    assert not lab.api.left()


def _a_host_that_has_gone_has_all_made_again(lab):
    first = {each["id"] for each in lab.servers.values()}
    lab.api.compute._delete(lab.servers["node1"])
    lab.configure("  hours: 9\n")  # so that the cloud is asked
    done = lab("up", "--no-profile")
    assert done.returncode == 0, done.stderr
    assert len(lab.servers) == 3
    assert not first & {each["id"] for each in lab.servers.values()}, "one that is new is not like the others"
    known = json.loads((lab.folder / ".netlab" / "cloud.json").read_text())
    assert json.loads(lab.network["description"])["netlab:expires"] == stamp(datetime.fromisoformat(known["expires"]))


def test_labs_whose_time_is_over_are_removed_from_anywhere(lab, tmp_path):
    lab.api.without_volumes = True
    assert lab("up", "--no-profile").returncode == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.rmtree(lab.folder / ".netlab")
    words = ("-C", str(elsewhere), "down", "--expired", "--provider", "openstack")
    done = lab(*words)
    assert (done.returncode, done.stdout) == (0, "no lab has expired\n"), done.stderr
    assert len(lab.servers) == 3
    tags = json.loads(lab.network["description"])
    lab.network["description"] = json.dumps({**tags, "netlab:expires": stamp(datetime.now(UTC) - timedelta(minutes=1))})
    done = lab(*words)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"removed lab \(\w{12}, envvars\)\n", done.stdout)
    assert not lab.api.left()


def test_a_host_that_still_reaches_the_metadata_service_is_not_used(lab):
    lab.answer_ssh(f"{YES}echo '{REACHED}'\n")
    done = lab("up", "--no-profile")
    assert done.returncode == 15
    assert "the metadata service still answers" in done.stderr
    assert not lab.api.left()


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"OS_PASSWORD": "another"}, 15, "The request you have made requires authentication"),
        ({"OS_PASSWORD": None}, 15, "openstack token issue"),
        ({"OS_AUTH_URL": "http://127.0.0.1:9/v3"}, 15, "can this machine reach it?"),
        ({"OS_CLOUD": "mine"}, 15, "Cloud mine was not found"),
        ({"OS_AUTH_URL": None}, 3, "which OpenStack"),
    ],
)
def test_credentials_that_are_missing_or_refused_are_one_message(lab, monkeypatch, change, code, words):
    for name, value in change.items():
        monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)
    done = lab("up", "--no-profile")
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not lab.api.changes()


@pytest.mark.parametrize(("right", "wrong"), [("m1.small", "m9.huge"), ("Debian 13", "Plan 9"), ("public", "the-moon")])
def test_what_the_cloud_does_not_have_is_named(lab, right, wrong):
    file = lab.folder / "netlab.yml"
    file.write_text(file.read_text().replace(f": {right}", f": {wrong}"))
    done = lab("up", "--no-profile")
    assert done.returncode == 3
    assert re.search(rf"OpenStack \(envvars\): no \w+ {wrong} is there", done.stderr)
    assert "the section openstack of netlab.yml" in done.stderr
    assert not lab.api.left()


def test_no_floating_ip_is_left(lab):
    lab.api.network.pool = 2
    done = lab("up", "--no-profile")
    assert done.returncode == 15
    assert "node2: OpenStack (envvars): No more IP addresses available" in done.stderr
    assert SERVER not in lab.api.changes(), "known before any host is made"
    assert not lab.api.left()
