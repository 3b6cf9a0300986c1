"""The provider ssh on machines of another lab: up, proof, rounds without snapshots, report, down, what it refuses."""

import json
import os
import subprocess
import sys

import pytest

from netlab.errors import HostUnsuitable
from netlab.lab import Lab
from tests.conftest import Command, wait_until
from tests.roles.test_teardown_vm import Hosts, difference

pytestmark = [pytest.mark.ssh, pytest.mark.timeout(7000)]

INVENTORY = """#!/bin/sh
cd '{folder}' && exec '{python}' -m netlab inventory "$@"
"""
"""A dynamic inventory, as a cloud's is."""
PROFILES = ("baseline-vm", "ipvlan-l2")


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    """Three machines that are there already, and know nothing of netlab."""
    netlab = Command(tmp_path_factory.mktemp("machines"))
    (netlab.folder / "netlab.yml").write_text("clock: real\n")
    try:
        up = netlab("up", "--no-profile", "--stack", "datapath", timeout=3000)
        assert up.returncode == 0, up.stderr
        found = Hosts(netlab.folder)
        found.play("down")  # of the roles that their image was baked with
        yield found
    finally:
        netlab("down")


def lab_on(machines, folder):
    """A lab of its own on these machines."""
    folder.mkdir()
    script = folder / "inventory.sh"
    script.write_text(INVENTORY.format(folder=machines.folder, python=sys.executable))
    script.chmod(0o755)
    (folder / "netlab.yml").write_text(
        "provider: ssh\nstack: datapath\nssh: {inventory: inventory.sh}\nload: {warmup_s: 1}\n"
    )
    return Command(folder)


def succeed(done):
    assert done.returncode == 0, done.stderr
    return done


def test_machines_that_are_there_carry_a_lab_and_get_back_what_they_were(machines, tmp_path):
    netlab = lab_on(machines, tmp_path / "mine")
    before = machines.state()
    doctor = json.loads(netlab("doctor", "--json").stdout)
    of_hosts = [check for check in doctor if check["name"].split()[0] in {"ssh", "client", "node1", "node2"}]
    assert len(of_hosts) > 3
    assert [check for check in of_hosts if check["needed"] and not check["ok"]] == []
    assert not (netlab.folder / ".netlab").exists(), "who only looks leaves nothing"

    succeed(netlab("up", "--profile", "ipvlan-l2", timeout=3000))
    proof = json.loads(succeed(netlab("prove", "--json")).stdout)
    assert {path["path"] for path in proof["paths"]} >= {"pod-ip", "nodeport-local", "nodeport-remote"}
    assert "provision" not in succeed(netlab("up", "--profile", "ipvlan-l2")).stderr, "a second time, nothing is done"

    other = lab_on(machines, tmp_path / "other")
    refused = other("up", "--profile", "baseline-vm")
    assert refused.returncode == HostUnsuitable.exit_code
    assert f"carries the lab in {netlab.folder}" in refused.stderr

    succeed(netlab("bench", "--profiles", ",".join(PROFILES), "--rounds", "3", timeout=6000))
    (run,) = Lab(netlab.folder).runs.iterdir()
    stamps = {
        (file.parent.name.split("-", 2)[2], stamp["profile"])
        for file in run.glob("raw/r*-p*-*/*.json")
        for stamp in json.loads(file.read_bytes())["stamps"].values()
    }
    assert stamps == {(name, name) for name in PROFILES}, "each sample is its own profile's"
    header = json.loads((run / "run.json").read_bytes())
    assert {machine["name"] for machine in header["environment"]["machines"]} == {"client", "node1", "node2"}
    succeed(netlab("report"))
    report = json.loads((run / "report" / "report.json").read_text())
    assert {cell["profile"] for cell in report["cells"]} == set(PROFILES)
    keep_for_docs(run)

    succeed(netlab("down", timeout=3000))
    assert difference(before, machines.state()) == []
    succeed(netlab("down"))


def test_what_a_killed_netlab_left_is_undone(machines, tmp_path):
    netlab = lab_on(machines, tmp_path / "mine")
    before = machines.state()
    work = netlab.start("up", "--profile", "calico-ipip")
    log = netlab.folder / ".netlab" / "logs" / "ansible.log"
    wait_until(lambda: log.is_file() and "TASK [tunnel : " in log.read_text(), seconds=1500, what="the profile's role")
    work.kill()
    work.communicate()
    assert difference(before, machines.state()), "it was in the middle"
    succeed(netlab("down", timeout=3000))
    assert difference(before, machines.state()) == []


def keep_for_docs(run):
    """Show what was measured: figures of the documents are from here."""
    if folder := os.environ.get("NETLAB_KEEP"):
        subprocess.run(["cp", "-r", run, folder], check=True)
