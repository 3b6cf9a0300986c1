"""What a host's answers mean for a cluster: each check as it should be, as it should not be, and whatever else."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import HostUnsuitable
from netlab.hosts.kubeadm import CLUSTER_SCRIPT, SCRIPT, Demands, checks, refuse_unfit
from netlab.hosts.remote import RemoteHosts
from netlab.lab import Lab
from netlab.model.host import Host
from netlab.progress import Reporter
from netlab.samples.machine import parse_answers

CONTROL = Host(name="control", part="control", address="192.0.2.13", lab_address="10.0.0.13")
NODE = Host(name="node1", part="node", address="192.0.2.11", lab_address="10.0.0.11")
DEMANDS = Demands(arch="amd64", payload_bytes=500 << 20)

# Of a Debian 13 that nobody has prepared for containers
ANSWERS = """machine=x86_64
cpus=2
memory_kib=2015012
swap=
free_mib= 5120
listens 0016=yes
listens 1F90=yes
"""


def found(host=CONTROL, demands=DEMANDS, **changes):
    """The checks by what they look at; a line that is None is not said."""
    said = parse_answers(ANSWERS) | {name.replace("_at_", " "): value for name, value in changes.items()}
    known = {name: value for name, value in said.items() if value is not None}
    return {check.name.removeprefix(f"{host.name} "): check for check in checks(host, known, demands)}


def test_a_host_that_fits_has_nothing_against_it():
    every = found()
    assert list(every) == ["processor", "swap", "runtime", "ports", "size", "room"]
    assert all(check.ok and check.hint is None for check in every.values())
    assert every["size"].message == "2 processors, 1967 MB; a control plane needs 2 processors and 1700 MB"
    assert every["room"].message == "5120 MiB free in /var/lib; the payload and its images need 1756 MiB"


@pytest.mark.parametrize(
    ("what", "changes", "message", "hint"),
    [
        ("processor", {"machine": "aarch64"}, "aarch64; the payload's programs are for amd64", "run netlab on a"),
        ("processor", {"machine": None}, "unknown; the payload's programs are for amd64", "run netlab on a"),
        ("size", {"cpus": "1"}, "1 processors, 1967 MB; a control plane needs", "kubeadm_control_cpus"),
        ("size", {"memory_kib": "1740799"}, "2 processors, 1699 MB; a control plane needs", "kubeadm_control_memory"),
        ("size", {"memory_kib": "lots"}, "it does not say how large it is; a control plane needs", "/proc"),
        ("swap", {"swap": "/dev/sda5"}, "swaps to /dev/sda5, which the kubelet refuses", "swapoff --all"),
        ("room", {"free_mib": "1755"}, "1755 MiB free in /var/lib; the payload and its images need 1756", "free 1 MiB"),
        ("room", {"free_mib": "?"}, "it does not say how much is free in /var/lib", "needs 1756 MiB"),
        ("runtime", {"runtime": "docker"}, "docker is there already, and netlab would configure", "without containers"),
        ("ports", {"listens_at_192B": "yes"}, "port 6443 taken; Kubernetes listens there", "ss --listening"),
        (
            "ports",
            {"listens_at_094B": "yes", "listens_at_280A": "yes"},
            "port 2379, 10250 taken; Kubernetes listens there",
            "ss --listening",
        ),
    ],
)
def test_what_keeps_a_host_out_is_said_with_what_to_do(what, changes, message, hint):
    every = found(**changes)
    assert [name for name, check in every.items() if not check.ok] == [what]
    assert every[what].message.startswith(message)
    assert hint in every[what].hint


def test_a_node_may_be_smaller_and_has_fewer_ports_to_itself():
    every = found(NODE, cpus="1", memory_kib="1048576", listens_at_192B="yes")
    assert "size" not in every
    assert all(check.ok for check in every.values())
    assert not found(NODE, listens_at_280A="yes")["ports"].ok


def test_a_profile_may_ask_for_less():
    less = DEMANDS._replace(control_cpus=1, control_memory_mb=0)
    assert found(demands=less, cpus="1", memory_kib="524288")["size"].ok


def test_what_netlab_itself_has_put_there_is_nothing_against_a_host():
    again = {"ours": "/etc/kubernetes/kubelet.conf", "record": "yes", "payload": "yes"}
    every = found(listens_at_192B="yes", runtime="containerd", free_mib="9", **again)
    assert "room" not in every
    assert all(check.ok for check in every.values())
    assert found(demands=DEMANDS._replace(own_runtime=True), runtime="containerd")["runtime"].ok, "of netlab's box"


NAMES = st.sampled_from([*(line.partition("=")[0] for line in ANSWERS.splitlines()), "runtime", "ours", "listens 192B"])
VALUES = st.one_of(st.text(max_size=30), st.text("0123456789.-eE²٣ ", max_size=5000), st.integers().map(str))


@given(st.dictionaries(NAMES, VALUES))
def test_whatever_a_host_says_is_judged(said):
    every = list(checks(CONTROL, said, DEMANDS))
    assert len(every) == 6
    assert all(check.ok == (check.hint is None) for check in every)
    assert not all(check.ok for check in every) or "machine" in said


def test_the_script_asks_for_all_that_is_checked():
    done = subprocess.run(["sh", "-s"], input=SCRIPT, capture_output=True, text=True, check=False)
    said = parse_answers(done.stdout)
    assert done.returncode == 0
    assert {"machine", "cpus", "memory_kib", "swap", "free_mib"} <= said.keys()
    assert int(said["memory_kib"]) > 0
    assert all(check.name.startswith("control ") for check in checks(CONTROL, said, DEMANDS))


def whose(folder):
    """Ask a host whose files are in a folder."""
    text = CLUSTER_SCRIPT
    for path in ("/etc/kubernetes", "/var/lib/netlab", "/var/lib/etcd", "/var/lib/rancher"):
        text = text.replace(path, f"{folder}{path}")
    done = subprocess.run(["sh", "-s"], input=text, capture_output=True, text=True, check=True)
    return {name: path.removeprefix(str(folder)) for name, path in parse_answers(done.stdout).items()}


def test_a_cluster_is_netlabs_where_there_is_a_record_of_what_was_before(tmp_path):
    assert whose(tmp_path) == {}
    (tmp_path / "etc" / "kubernetes").mkdir(parents=True)
    assert whose(tmp_path) == {}, "a package may make the folder"
    (tmp_path / "etc" / "kubernetes" / "kubelet.conf").touch()
    assert whose(tmp_path) == {"kubernetes": "/etc/kubernetes/kubelet.conf"}
    (tmp_path / "var" / "lib" / "netlab").mkdir(parents=True)
    (tmp_path / "var" / "lib" / "netlab" / "before.json").touch()
    assert whose(tmp_path) == {"ours": "/etc/kubernetes/kubelet.conf"}


def test_the_first_host_that_does_not_fit_is_named_and_the_client_is_not_asked_for_much(tmp_path, ssh):
    lab = Lab(tmp_path / "lab")
    lab.state_folder.mkdir(parents=True)
    client = Host(name="client", part="client", address="192.0.2.10", lab_address="10.0.0.10")
    hosts = (client, NODE, CONTROL)
    lab.write_access(hosts)
    remote = RemoteHosts(lab, hosts, Reporter())
    refuse_unfit(remote, DEMANDS)
    ssh.also("client", "swap=/dev/sda5\nlistens 280A=yes\n")
    refuse_unfit(remote, DEMANDS)
    ssh.also("node1", "swap=/dev/sda5\n")
    ssh.also("control", "cpus=1\n")
    with pytest.raises(HostUnsuitable, match=r"^node1 swap: swaps to /dev/sda5, which the kubelet refuses$") as caught:
        refuse_unfit(remote, DEMANDS)
    assert "swapoff" in caught.value.hint
    assert ssh.done == []
