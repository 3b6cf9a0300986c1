"""Hosts of others are asked for what a profile needs before anything of it is on them; netlab's own are not."""

import os

import pytest

from netlab import assets
from netlab.errors import HostUnsuitable
from netlab.lab import Lab
from netlab.model.host import Host
from netlab.profiles import find, of_stack
from netlab.progress import Reporter
from netlab.provision.preflight import BY_NETWORKD, check_profile, roles_of, say_unlike_mtus
from netlab.provision.session import Session
from netlab.spec.lab import LabSpec
from tests.hosts.ssh_program import SUITABLE, SshProgram

NAMES = {"client": "client", "node1": "node", "node2": "node", "control": "control"}
FILE = "10-netplan-ens4.network"


def hosts(release="debian_13", without_networkd=(), names=tuple(NAMES)):
    return tuple(
        Host(
            name=name,
            part=NAMES[name],
            address="192.0.2.1",
            lab_address="10.0.0.1",
            interface="ens4",
            networkd_file="" if name in without_networkd else FILE,
            release=release,
        )
        for name in names
    )


UNLIKE = (
    "the MTUs of the lab's hosts differ (control: 1442; node1, node2: 1500; client: 9000): pods get the lowest, 1442; "
    "those of ipvlan and macvlan have their host's"
)


class Warned(Reporter):
    """Keeps what was warned of."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def warn(self, text):
        self.texts.append(text)


class Standing:
    def __init__(self, *hosts) -> None:
        self._hosts = hosts

    def hosts(self):
        return self._hosts


@pytest.fixture
def ssh(tmp_path, monkeypatch):
    program = SshProgram(tmp_path)
    monkeypatch.setenv("PATH", f"{program.folder}:{os.environ['PATH']}")
    return program


@pytest.fixture
def check(tmp_path, ssh):
    """Ask hosts for a profile."""
    lab = Lab(tmp_path)
    lab.state_folder.mkdir()

    def look(name, *hosts, stack="datapath"):
        session = Session(lab, LabSpec(provider="ssh"), Standing(*hosts), Reporter())
        lab.write_access(hosts)
        check_profile(session, find(name, stack=stack))

    return look


@pytest.mark.parametrize("release", ["debian_13", "debian_12"])
def test_hosts_that_have_all_are_let_pass_and_nothing_is_changed(check, ssh, release):
    check("cilium-netkit", *hosts(release))
    assert len(ssh.entered) == 4
    assert ssh.done == []


@pytest.mark.parametrize(("mtus", "said"), [((1450,) * 4, []), ((9000, 1500, 1500, 1442), [UNLIKE])])
def test_mtus_that_differ_are_said_with_what_pods_get(tmp_path, mtus, said):
    found = [host.model_copy(update={"mtu": mtu}) for host, mtu in zip(hosts(), mtus, strict=True)]
    warned = Warned()
    say_unlike_mtus(Session(Lab(tmp_path), LabSpec(provider="ssh"), Standing(*found), warned))
    assert warned.texts == said


def test_netlabs_own_hosts_are_not_asked(check, ssh):
    check("cilium-netkit", *hosts(release=""))
    assert ssh.entered == []


@pytest.mark.parametrize(
    ("profile", "answers", "message"),
    [
        ("cilium", "package gcc-bpf=12.2.0-14", "node2 has gcc-bpf 12.2.0-14; the profile needs gcc-bpf 14 or newer"),
        (
            "cilium-netkit",
            "package iproute2=6.1.0-3",
            "node2 has iproute2 6.1.0-3; the profile needs gcc-bpf 14, iproute2 6.7 or newer",
        ),
    ],
)
def test_tools_that_are_too_old_for_one_profile_are_named(check, ssh, profile, answers, message):
    ssh.also("node2", answers)
    with pytest.raises(HostUnsuitable) as caught:
        check(profile, *hosts())
    assert caught.value.message == message
    check("calico-ipip", *hosts())


def test_a_package_is_missing_only_where_a_role_of_the_host_wants_it(check, ssh):
    ssh.say("".join(line for line in SUITABLE.splitlines(keepends=True) if "crun" not in line))
    check("baseline-vm", *hosts())
    with pytest.raises(HostUnsuitable, match="node1 has no package crun to install"):
        check("calico-ipip", *hosts())


@pytest.mark.parametrize(
    ("profile", "stack", "without"),
    [
        ("calico-ipip", "datapath", "node1"),
        ("calico-ipip", "datapath", "client"),
        ("calico-ipip", "kubeadm", "client"),
        ("ipvlan-l3", "kubeadm", "node2"),
    ],
)
def test_routes_need_networkd_on_the_hosts_that_get_them(check, ssh, profile, stack, without):
    with pytest.raises(HostUnsuitable) as caught:
        check(profile, *hosts(without_networkd=[without]), stack=stack)
    assert caught.value.message == f"systemd-networkd does not configure ens4 of {without}, as {profile} needs it"
    assert "docs/hosts.md" in caught.value.hint
    assert ssh.entered == []


@pytest.mark.parametrize(
    ("profile", "stack", "without"),
    [("baseline-vm", "datapath", NAMES), ("calico-ipip", "kubeadm", ["node1", "node2", "control"])],
)
def test_others_may_configure_what_gets_no_routes(check, profile, stack, without):
    check(profile, *hosts(without_networkd=without), stack=stack)


def test_every_role_that_writes_for_networkd_is_known():
    for role in assets.roles().iterdir():
        texts = [file.read_text() for part in ("tasks", "vars") for file in (role / part).rglob("*.yml")]
        writes = any("dest: /etc/systemd/network" in text or "'dest': '/etc/systemd/network" in text for text in texts)
        if writes and role.name not in {"base", "image", "bootable"}:  # base goes without; the others are disks'
            assert role.name in BY_NETWORKD, role.name


@pytest.mark.parametrize("stack", ["datapath", "kubeadm"])
def test_the_roles_of_a_host_are_all_that_it_gets(stack):
    for profile in of_stack(stack):
        for host in hosts():
            found = roles_of(host, profile)
            assert {"base", "benchmark"} <= set(found)
            assert ("kubeadm_node" in found) == (profile.cluster is not None and host.part != "client")
            assert "image" not in found
