"""What apt on a host knows, and what a profile makes of it."""

import os
import subprocess
from pathlib import Path

import pytest

from netlab.errors import HostUnsuitable
from netlab.hosts import packages
from netlab.model.host import Host
from netlab.samples.machine import parse_answers
from tests.hosts.ssh_program import PACKAGES

NODE = Host(name="node1", part="node", address="192.0.2.11", lab_address="10.0.0.7", release="debian_12")
CLIENT = Host(name="client", part="client", address="192.0.2.10", lab_address="10.0.0.6", release="debian_12")

# Of a Debian 12 with backports: iproute2 is installed, nginx is known, of bird3 there is only the name
POLICY = """iproute2:
  Installed: 6.1.0-3
  Candidate: 6.1.0-3
  Version table:
     6.15.0-1~bpo12+1 100
        100 http://mirror.example/debian bookworm-backports/main amd64 Packages
 *** 6.1.0-3 500
        500 http://mirror.example/debian bookworm/main amd64 Packages
        100 /var/lib/dpkg/status
nginx:
  Installed: (none)
  Candidate: 1.22.1-9+deb12u11
  Version table:
     1.22.1-9+deb12u11 500
        500 http://mirror.example/debian-security bookworm-security/main amd64 Packages
bird3:
  Installed: (none)
  Candidate: (none)
  Version table:
util-linux:
  Installed: 2.38.1-5
  Candidate: 2.38.1-6
  Version table:
"""


@pytest.fixture
def asked(tmp_path):
    """Run the script where apt-cache notes what it is asked, and answers as ``POLICY``."""

    def ask():
        (tmp_path / "apt-cache").write_text(f"#!/bin/sh\necho \"$@\" >{tmp_path}/words\ncat <<'END'\n{POLICY}END\n")
        (tmp_path / "apt-cache").chmod(0o755)
        env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        done = subprocess.run(
            ["sh", "-s"], input=packages.script(), env=env, capture_output=True, text=True, check=True
        )
        return parse_answers(done.stdout), (tmp_path / "words").read_text().split()

    return ask


def test_a_version_is_that_which_is_installed_or_would_be(asked):
    said, _ = asked()
    assert said == {
        "package iproute2": "6.1.0-3",
        "package nginx": "1.22.1-9+deb12u11",
        "package util-linux": "2.38.1-5",
    }


def test_every_name_of_every_release_is_asked_for_at_once(asked):
    _, (verb, *names) = asked()
    assert verb == "policy"
    assert {"linux-perf", f"linux-tools-{os.uname().release}", "wrk", "containerd"} <= set(names)
    assert not any("{" in name for name in names)
    assert not {"grub-pc-bin", "linux-image-cloud-amd64"} & set(names), "what disks of netlab's own are baked with"


def test_a_machine_without_apt_knows_no_package(tmp_path):
    env = {"PATH": str(tmp_path)}
    for tool in ("awk", "uname"):
        (tmp_path / tool).symlink_to(
            next(f"{place}/{tool}" for place in ("/usr/bin", "/bin") if Path(place, tool).exists())
        )
    done = subprocess.run(
        ["/bin/sh", "-s"], input=packages.script(), env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""


def test_what_is_missing_is_named_by_what_the_host_runs():
    said = parse_answers(PACKAGES) | {"kernel": "6.8.0-31-generic"}
    every = packages.roles()
    assert packages.missing(said, "debian_13", every) == []
    assert packages.missing(said, "ubuntu_24_04", every) == ["linux-tools-6.8.0-31-generic"]
    del said["package crun"]
    assert packages.missing(said, "debian_12", ["base", "pod"]) == ["crun"]
    assert packages.missing(said, "debian_12", ["base", "benchmark"]) == []


@pytest.mark.parametrize(
    ("version", "old"),
    [
        ("14.2.0-19+2", False),
        ("14", False),
        ("2:14.1", False),
        ("12.2.0-14+deb12u1+", True),
        ("13.9", True),
        (None, True),
        ("x", True),
    ],
)
def test_versions_are_compared_by_their_numbers(version, old):
    said = {"package gcc-bpf": version} if version else {}
    found = packages.too_old(said, {"gcc-bpf": "14"})
    assert found == ([f"gcc-bpf {version or 'none'}"] if old else [])


class Remote:
    """Hosts that answer as they are told, without a shell."""

    def __init__(self, **answers) -> None:
        self.answers = answers

    def ask(self, script, failure):
        assert "apt-cache policy" in script
        return self.answers


ALL = f"kernel=6.12.1\n{PACKAGES}"


def require(node=ALL, client=ALL, least=None):
    packages.require(Remote(node1=node, client=client), [CLIENT, NODE], lambda host: ["base", "pod"], least or {})


def test_hosts_that_have_all_are_let_pass():
    require(least={"iproute2": "6.7"})


def test_a_package_that_is_nowhere_refuses_the_host():
    with pytest.raises(HostUnsuitable) as caught:
        require(client=ALL.replace("package crun=99\n", ""))
    assert caught.value.message == "client has no package crun to install"
    assert "apt-get update" in caught.value.hint


def test_one_that_is_too_old_refuses_a_node_and_no_client():
    old = ALL.replace("package iproute2=99", "package iproute2=6.1.0-3")
    require(client=old, least={"iproute2": "6.7"})
    with pytest.raises(HostUnsuitable) as caught:
        require(node=old, least={"iproute2": "6.7"})
    assert caught.value.message == "node1 has iproute2 6.1.0-3; the profile needs iproute2 6.7 or newer"
    assert "Debian 12's own is older" in caught.value.hint


@pytest.mark.parametrize(
    ("there", "fetches", "calls"),
    [(True, True, 0), (False, True, 1), (False, False, 3)],
    ids=["there", "fetched", "not to be had"],
)
def test_lists_are_fetched_where_there_are_none(tmp_path, there, fetches, calls):
    (lists := tmp_path / "lists").mkdir()
    if there:
        (lists / "mirror_dists_stable_main_binary-amd64_Packages.lz4").touch()
    fetch = f"touch {lists}/mirror_Packages" if fetches else "exit 100"
    for name, text in {"apt-get": f'echo "$@" >>{tmp_path}/calls\n{fetch}', "sleep": ""}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    script = packages.REFRESH.replace("/var/lib/apt/lists", str(lists))
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-s"], input=script, env=env, capture_output=True, text=True, check=True)
    noted = (tmp_path / "calls").read_text().splitlines() if (tmp_path / "calls").exists() else []
    assert (noted, done.stdout) == (["-qq update"] * calls, "")
