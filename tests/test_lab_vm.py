"""The real thing: machines under QEMU, the fleet, errors in the middle of work, the main job. Minutes, not seconds."""

import json
import os
import shlex
import signal
import subprocess
import time

import pytest

from netlab import access
from netlab.errors import HostUnreachable, LabBusy, MachineError, MachineSilent
from netlab.lab import Lab
from netlab.model.host import Server
from tests.conftest import wait_until

pytestmark = pytest.mark.vm

CALICO = ("pod-ip", "nodeport-local", "nodeport-remote")
SAMPLES = ".netlab/runs/*/raw/*/host.json"


def in_the_next_block(netlab):
    """A benchmark that has its first sample, and the machine on which it measures a later one just now.

    A machine that ran when the first sample came may be at its end: what is done to it would not be felt.
    """
    work = netlab.start("bench", "--profiles", "baseline-vm", "--rounds", "8")
    wait_until(lambda: list(netlab.folder.glob(SAMPLES)), seconds=200, what="the first sample")
    before, fresh = set(netlab.machines()), set()

    def came() -> bool:
        fresh.update(set(netlab.machines()) - before)
        return bool(fresh)

    wait_until(came, seconds=100, what="the machine of the next block")
    time.sleep(2)
    return work, min(fresh)


def a_host_is_reached_through_another_whose_key_is_known(lab):
    client, node, _ = lab.hosts()
    other = " ".join(lab.key.with_suffix(".pub").read_text().split()[:2])
    stranger = Server(address=client.address, port=client.port, host_key=other)
    for jump, reached in ((client, True), (stranger, False)):
        far = node.model_copy(update={"address": node.lab_address, "port": 22, "jump": jump})
        known, config = lab.folder / "known", lab.folder / "config"
        known.write_text(access.known_hosts([far]))
        config.write_text(access.ssh_config([far], lab.key, known))
        variables = access.inventory([far], lab.key, known)["all"]["children"]["node"]["hosts"]["node1"]
        for words in (
            ["-F", config, "node1"],
            [*shlex.split(variables["ansible_ssh_common_args"]), f"root@{far.address}"],
        ):
            done = subprocess.run(["ssh", *words, "hostname"], capture_output=True, text=True, check=False)
            assert (done.stdout.strip() == "node1") == reached, done.stderr
            assert reached or "Host key verification failed" in done.stderr


def test_a_lab_comes_up_answers_and_goes_away(netlab, tmp_path):
    first = netlab("up", "--profile", "baseline-vm")
    assert first.returncode == 0, first.stderr

    status = json.loads(netlab("status", "--json").stdout)
    assert status["profile"] == "baseline-vm"
    for host in ("client", "node1", "node2"):
        assert netlab("ssh", host, "--", "hostname").stdout.strip() == host
        assert json.loads(netlab("ssh", host, "--", "cat /etc/netlab/profile.json").stdout)["profile"] == "baseline-vm"

    again = netlab("up", "--profile", "baseline-vm")
    assert again.returncode == 0
    assert "provision" not in again.stderr
    a_host_is_reached_through_another_whose_key_is_known(Lab(tmp_path))

    assert len(netlab.machines()) == 1
    busy = netlab.start("bench", "--profiles", "baseline-vm", "--rounds", "3")
    runs = tmp_path / ".netlab" / "runs"
    wait_until(lambda: list(runs.glob("*/run.json")), seconds=60, what="the first netlab's run")
    second = netlab("up")
    assert second.returncode == LabBusy.exit_code
    assert f"process {busy.pid}" in second.stderr
    busy.send_signal(signal.SIGINT)
    _, err = busy.communicate(timeout=60)
    assert busy.returncode == 130, err
    assert "Traceback" not in err

    assert netlab("down").returncode == 0
    assert not netlab.machines()
    assert [entry.name for entry in (tmp_path / ".netlab").iterdir()] == ["runs"], "the run that was interrupted"


def test_one_node_is_enough(netlab):
    (netlab.folder / "netlab.yml").write_text("fleet: {nodes: 1}\n")
    done = netlab("up", "--profile", "calico-ipip", "--stack", "datapath")
    assert done.returncode == 0, done.stderr
    proof = json.loads(netlab("prove", "--json").stdout)
    assert {path["path"] for path in proof["paths"]} == {"pod-ip", "nodeport-local"}


def test_a_machine_that_dies_is_named_and_nothing_is_left(netlab):
    assert netlab("up", "--profile", "baseline-vm").returncode == 0
    work, machine = in_the_next_block(netlab)
    os.kill(machine, signal.SIGKILL)
    _, err = work.communicate(timeout=200)
    assert work.returncode in {MachineError.exit_code, HostUnreachable.exit_code}, err
    assert "machine 'fleet' exited unexpectedly" in err
    assert "Traceback" not in err
    assert list(netlab.folder.glob(SAMPLES)), "what was measured is kept"
    assert netlab("down").returncode == 0
    assert netlab("report").returncode == 0


def test_hosts_that_fall_silent_are_named_and_nothing_is_left(netlab):
    assert netlab("up", "--profile", "baseline-vm").returncode == 0
    work, _ = in_the_next_block(netlab)
    for pid in netlab.machines():
        os.kill(pid, signal.SIGSTOP)
    _, err = work.communicate(timeout=400)
    assert work.returncode in {HostUnreachable.exit_code, MachineSilent.exit_code}, err
    assert "Traceback" not in err
    assert netlab("down").returncode == 0
    assert not netlab.machines()


def test_the_main_job(netlab):
    done = netlab("run", "--profiles", "baseline-vm,calico-ipip", "--seed", "1", timeout=1400)
    assert done.returncode == 0, done.stderr
    assert not netlab.machines()
    (folder,) = (netlab.folder / ".netlab" / "runs").iterdir()
    report = json.loads((folder / "report" / "report.json").read_text())
    for file in folder.glob("raw/r*-p*-*/*.json"):
        stamps = json.loads(file.read_bytes())["stamps"]
        assert stamps.keys() == {"client", "node1", "node2"}
        assert {stamp["profile"] for stamp in stamps.values()} == {file.parent.name.partition("-")[2].partition("-")[2]}
    cells = {(cell["profile"], cell["path"]): cell for cell in report["cells"]}
    assert cells.keys() == {("baseline-vm", "host"), *(("calico-ipip", path) for path in CALICO)}
    losses = [cells["calico-ipip", path]["change"]["percent"] for path in CALICO]
    assert losses == sorted(losses, reverse=True), "each path is a longer way than the one before"
    assert losses[0] < 0
    assert all(cell["rate"]["spread_percent"] < 2 for cell in cells.values())
    for suffix in ("html", "md"):
        assert "calico-ipip (data-path replica)" in (folder / "report" / f"report.{suffix}").read_text()
    assert "requests" in done.stdout
    assert str(folder / "report" / "report.html") in done.stdout.replace("\n", "")
