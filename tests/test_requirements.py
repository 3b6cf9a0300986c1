"""What a user sees when something is missing on the machine; no virtual machine is started."""

import json
import os
import socket
import stat
from pathlib import Path

import pytest

from netlab.errors import RequirementError
from tests.conftest import knows_its_accelerator
from tests.hosts.ssh.conftest import write_inventory
from tests.hosts.ssh_program import REFUSED, SshProgram

pytestmark = pytest.mark.real


@pytest.fixture
def path_without(tmp_path, monkeypatch):
    """A PATH that has everything but one program; the folders that netlab searches besides are emptied too."""

    def hide(name: str) -> dict[str, str]:
        folder = tmp_path / "bin"
        folder.mkdir()
        script = folder / "sitecustomize.py"
        script.write_text(
            "import shutil\n_which = shutil.which\n"
            f"shutil.which = lambda name, *a, **k: None if name == {name!r} else _which(name, *a, **k)\n"
        )
        return {"PYTHONPATH": str(folder)}

    return hide


@pytest.mark.parametrize(
    ("program", "package"), [("qemu-system-x86_64", "qemu-system-x86"), ("mmdebstrap", "mmdebstrap")]
)
def test_a_missing_program_is_named_with_its_package(netlab, path_without, tmp_path, program, package):
    done = netlab("up", XDG_CACHE_HOME=str(knows_its_accelerator(tmp_path / "cache")), **path_without(program))
    assert done.returncode == RequirementError.exit_code
    assert f"the program '{program}' is not installed" in done.stderr
    assert f"apt-get install {package}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not netlab.machines()


def test_without_root_a_bake_wants_subordinate_ids(netlab, path_without, tmp_path):
    env = path_without("newuidmap")
    knows_its_accelerator(tmp_path / "cache")
    with (tmp_path / "bin" / "sitecustomize.py").open("a") as file:
        file.write("import os\nos.geteuid = lambda: 1000\n")
    done = netlab("up", XDG_CACHE_HOME=str(tmp_path / "cache"), **env)
    assert done.returncode == RequirementError.exit_code
    assert "apt-get install uidmap" in done.stderr


def test_doctor_names_what_is_missing(netlab, path_without):
    done = netlab("doctor", **path_without("mmdebstrap"))
    assert done.returncode == RequirementError.exit_code
    assert "MISSING mmdebstrap" in done.stdout


def test_doctor_says_who_answers_and_fails_without_a_network_for_nobody(netlab, path_without):
    env = {"HTTPS_PROXY": "http://user:s3cret@127.0.0.1:9", "https_proxy": "http://user:s3cret@127.0.0.1:9"}
    env["PYTHONPATH"] = f"{path_without('skopeo')['PYTHONPATH']}:{Path(__file__).parents[1]}"
    done = netlab("doctor", "--json", **env)
    found = {check["name"]: check for check in json.loads(done.stdout)}
    for name in ("registries", "downloads", "skopeo"):
        assert (found[name]["ok"], found[name]["needed"]) == (False, False)
    assert found["registries"]["message"] == (
        "no answer from registry.k8s.io, quay.io, through the proxy http://***@127.0.0.1:9: Connection refused"
    )
    assert "dl.k8s.io" in found["downloads"]["message"]
    assert "s3cret" not in done.stdout + done.stderr
    assert done.returncode == (0 if all(check["ok"] for check in found.values() if check["needed"]) else 4)


def test_no_space_says_how_much_is_needed(netlab, tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import shutil, collections\nusage = collections.namedtuple('usage', 'total used free')\n"
        "shutil.disk_usage = lambda path: usage(1 << 30, 1 << 30, 7 << 20)\n"
    )
    done = netlab("up", XDG_CACHE_HOME=str(knows_its_accelerator(tmp_path / "cache")), PYTHONPATH=str(folder))
    assert done.returncode == RequirementError.exit_code
    assert "needs 2500 MiB" in done.stderr
    assert "7 MiB are free" in done.stderr


def test_a_port_in_use_is_named(netlab, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (tmp_path / "netlab.yml").write_text(f"qemu: {{ssh_port: {port}}}\n")
        done = netlab("up")
    assert done.returncode == RequirementError.exit_code
    assert f"port {port} on 127.0.0.1 is in use" in done.stderr


def test_a_broken_mmdebstrap_is_reported_with_its_own_words(netlab, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    script = tools / "mmdebstrap"
    script.write_text("#!/bin/sh\necho 'E: cannot reach the archive' >&2\nexit 1\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    cache = knows_its_accelerator(tmp_path / "cache")
    done = netlab("up", XDG_CACHE_HOME=str(cache), PATH=f"{tools}:/usr/sbin:/usr/bin:/sbin:/bin")
    assert done.returncode == 10
    assert "E: cannot reach the archive" in done.stderr
    log = tmp_path / "cache" / "netlab" / "images" / "bake-failed.log"
    assert str(log) in done.stderr
    assert "cannot reach" in log.read_text()
    assert not list(log.parent.glob(".bake-*"))


@pytest.fixture
def remote(netlab, tmp_path):
    """Ask the doctor about hosts of an inventory: what it found, by name, and its exit code. Its ssh is a stand-in."""
    write_inventory(tmp_path)
    program = SshProgram(tmp_path)

    def ask():
        done = netlab(
            *("doctor", "--provider", "ssh", "--json"),
            PATH=f"{program.folder}:{os.environ['PATH']}",
            XDG_CACHE_HOME=str(tmp_path / "cache"),
        )
        assert "Traceback" not in done.stderr
        return {check["name"]: check for check in json.loads(done.stdout)}, done.returncode

    ask.program = program
    return ask


def test_doctor_asks_the_hosts_of_an_inventory(remote, tmp_path):
    found, exit_code = remote()
    assert exit_code == 0, [check for check in found.values() if not check["ok"]]
    assert {"ssh", "client kernel", "node1 disk", "node2 labs", "cache"} <= set(found)
    assert not any(name.startswith("qemu") for name in found)
    assert found["node1 lab address"]["message"] == "10.0.0.11 on ens4"
    assert not (tmp_path / ".netlab").exists()
    assert remote.program.done == []


def test_doctor_names_the_host_that_cannot_carry_a_lab(remote):
    remote.program.also("node2", "free_mib=12\ndistribution=alpine\nos=Alpine Linux v3.21\nnetworkd ens5=")
    found, exit_code = remote()
    assert exit_code == RequirementError.exit_code
    assert {name for name, check in found.items() if not check["ok"] and check["needed"]} == {
        "node2 disk",
        "node2 distribution",
    }
    assert found["node2 distribution"]["message"] == "Alpine Linux v3.21"
    assert found["node2 network"]["hint"]


def test_doctor_names_the_host_that_lets_nobody_in(remote):
    remote.program.fail("node1", REFUSED)
    found, exit_code = remote()
    assert exit_code == RequirementError.exit_code
    assert "node1 at " in found["hosts"]["message"]
    assert "it lets nobody in with this user and key" in found["hosts"]["message"]


def test_doctor_of_hosts_without_an_inventory_says_where_it_belongs(netlab, tmp_path):
    done = netlab("doctor", "--provider", "ssh")
    assert done.returncode == RequirementError.exit_code
    assert f"MISSING hosts: there is no inventory at {tmp_path / 'inventory.yml'}" in done.stdout
    assert "ssh.inventory" in done.stdout


@pytest.mark.parametrize("words", [("doctor",), ("up",), ("plan",), ("run",)])
def test_a_provider_that_nobody_knows_is_refused_with_those_that_are(netlab, words):
    done = netlab(*words, "--provider", "shh")
    assert done.returncode == 2
    assert "'shh'" in done.stderr
    assert "ssh" in done.stderr.replace("shh", "")
    assert "Traceback" not in done.stderr


def test_a_provider_that_nobody_knows_is_refused_in_netlab_yml(netlab, tmp_path):
    (tmp_path / "netlab.yml").write_text("provider: shh\n")
    done = netlab("doctor")
    assert done.returncode == 3
    assert "netlab.yml:1" in done.stderr
    assert "'ssh'" in done.stderr
