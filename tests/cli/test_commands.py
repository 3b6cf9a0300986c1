import json
import os
import socket

import pytest

from netlab.__main__ import main
from netlab.cli.work import override
from netlab.doctor import Check
from netlab.errors import MachineSilent, UsageError
from netlab.plan import Plan
from netlab.report.compute.build import build_report
from netlab.report.render import json_
from netlab.spec.file import load_spec
from netlab.spec.lab import LabSpec
from tests import factories


def test_init_writes_the_defaults_and_overwrites_nothing(netlab, folder):
    assert netlab("init").returncode == 0
    assert load_spec(folder) == LabSpec()
    (folder / "netlab.yml").write_text("rounds: 7\n")
    refused = netlab("init")
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert load_spec(folder).rounds == 7
    assert netlab("init", "--force").returncode == 0
    assert load_spec(folder).rounds is None
    (folder / "netlab.yml").rename(folder / "netlab.yaml")
    refused = netlab("init")
    assert "netlab.yaml is there already" in refused.stderr
    assert not (folder / "netlab.yml").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_the_commands(netlab, shell):
    done = netlab("completion", shell)
    assert done.returncode == 0
    assert "inventory" in done.stdout


def test_profiles_are_listed(netlab):
    found = json.loads(netlab("profiles", "--json").stdout)
    assert {"baseline-vm", "calico-ipip", "ipvlan-l2"} <= {info["name"] for info in found}
    assert "ipvlan-l2" in netlab("profiles").stdout


def test_status_of_nothing(netlab, folder):
    status = json.loads(netlab("status", "--json").stdout)
    assert (status["up"], status["hosts"], status["runs"]) == (False, [], [])
    assert "state    down" in netlab("status").stdout
    assert list(folder.iterdir()) == []


def test_status_of_a_lab(netlab, lab):
    with socket.create_server(("127.0.0.1", 0)) as server:
        state = lab.load_state()
        live = state.hosts[0].model_copy(update={"port": server.getsockname()[1]})
        lab.save_state(state.model_copy(update={"hosts": (live, state.hosts[1])}))
        status = json.loads(netlab("status", "--json").stdout)
    assert (status["up"], status["profile"], status["clock"]) == (True, "ipvlan-l2", "virtual")
    assert [host["answers"] for host in status["hosts"]] == [True, False]
    assert "host     node1 (node), 127.0.0.1:2, does not answer" in netlab("status").stdout


def test_status_of_an_up_that_was_killed(netlab, lab):
    lab.save_state(lab.load_state().model_copy(update={"hosts": (), "profile": None, "provider": "vagrant"}))
    assert json.loads(netlab("status", "--json").stdout)["unfinished"]
    assert "state    NOT ALL hosts were made (vagrant): 'netlab up' goes on" in netlab("status").stdout


def test_inventory_is_a_dynamic_inventory(netlab, lab):
    listing = json.loads(netlab("inventory", "--list").stdout)
    assert listing["node"]["hosts"] == ["node1"]
    one = listing["_meta"]["hostvars"]["node1"]
    assert (one["ansible_host"], one["ansible_port"], one["ansible_user"]) == ("127.0.0.1", 2, "root")
    assert json.loads(netlab("inventory", "--host", "node1").stdout) == one
    assert json.loads(netlab("inventory", "--host", "nobody").stdout) == {}


def test_the_inventory_has_groups_of_what_hosts_run(netlab, lab):
    state = lab.load_state()
    node = state.hosts[1].model_copy(update={"release": "ubuntu_22_04", "mtu": 1450})
    lab.save_state(state.model_copy(update={"hosts": (state.hosts[0], node)}))
    listing = json.loads(netlab("inventory", "--list").stdout)
    assert {name: listing[name] for name in ("node", "ubuntu", "ubuntu_22_04")} == {
        "node": {"hosts": ["node1"]},
        "ubuntu": {"children": ["ubuntu_22_04"]},
        "ubuntu_22_04": {"hosts": ["node1"]},
    }
    assert {"node", "ubuntu"} <= set(listing["all"]["children"])
    one = listing["_meta"]["hostvars"]["node1"]
    assert (one["ansible_port"], one["netlab_mtu"]) == (2, 1450)


@pytest.mark.parametrize("words", [["inventory"], ["ssh", "node1"]])
def test_what_needs_hosts_says_that_there_are_none(netlab, words):
    done = netlab(*words)
    assert done.returncode == 6
    assert "netlab up" in done.stderr


@pytest.fixture
def fake_ssh(tmp_path):
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nexit 42\n')
    program.chmod(0o755)
    return {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}


def test_ssh_becomes_ssh_with_the_labs_config(netlab, lab, fake_ssh):
    done = netlab("ssh", "node1", "--", "uname", "-a", env=fake_ssh)
    assert done.returncode == 42
    assert done.stdout.splitlines() == ["-F", str(lab.ssh_config), "node1", "--", "uname", "-a"]


def test_ssh_to_a_misspelt_host(netlab, lab):
    done = netlab("ssh", "nod1")
    assert done.returncode == 2
    assert "the lab has no host 'nod1'; did you mean 'node1'?" in done.stderr


def test_report_without_a_run(netlab, folder):
    assert netlab("report").returncode == 6
    done = netlab("report", "20260101T000000Z-aaaa")
    assert done.returncode == 6
    assert "there is no run '20260101T000000Z-aaaa'" in done.stderr


def test_down_of_nothing_leaves_nothing(netlab, folder):
    assert netlab("down").returncode == 0
    assert list(folder.iterdir()) == []


def test_a_busy_lab_names_who_holds_it(netlab, lab):
    with lab.lock():
        done = netlab("down")
    assert done.returncode == 5
    assert f"process {os.getpid()}" in done.stderr


def test_an_unknown_profile_is_named(netlab):
    done = netlab("up", "--profile", "ipvlan-l2x")
    assert done.returncode == 3
    assert "did you mean 'ipvlan-l2'?" in done.stderr


def test_options_win_over_the_file():
    spec = LabSpec(rounds=9, seed=1)
    changed = override(spec, {"rounds": 4, "seed": None, "profiles": ("a", "b"), "duration": 7, "host": "ignored"})
    assert (changed.rounds, changed.seed, changed.profiles, changed.load.duration_s) == (4, 1, ("a", "b"), 7)


@pytest.mark.parametrize(
    ("words", "file", "stack"),
    [
        (["--profile", "cilium"], "", "kubeadm"),
        (["--profile", "cilium"], "stack: datapath", "datapath"),
        (["--profile", "cilium", "--stack", "datapath"], "", "datapath"),
        (["--profile", "baseline-vm"], "", "datapath"),
        ([], "", "datapath"),
    ],
)
def test_the_name_of_a_cni_means_the_real_cluster(monkeypatch, folder, words, file, stack):
    seen = []
    monkeypatch.setattr("netlab.workflow.up", lambda lab, spec, name, progress: seen.append(spec.stack))
    (folder / "netlab.yml").write_text(file or "rounds: 3")
    assert main(["up", *words]) == 0
    assert seen == [stack]


def test_a_real_cluster_has_no_virtual_clock(capsys, folder):
    assert main(["up", "--profile", "cilium", "--clock", "virtual"]) == 2
    assert "take the stack datapath" in capsys.readouterr().err


def test_options_are_checked_together():
    with pytest.raises(UsageError, match="profiles: 'a' is there twice"):
        override(LabSpec(), {"profiles": ("a", "a")})


def test_doctor_names_the_package_of_a_missing_program(monkeypatch, capsys, folder):
    missing = Check(name="mmdebstrap", ok=False, message="not installed", hint="sudo apt-get install mmdebstrap")
    fine = Check(name="ssh", ok=True, message="/usr/bin/ssh")
    monkeypatch.setattr("netlab.doctor.checks", lambda *_: [fine, missing])
    assert main(["doctor"]) == 4
    assert capsys.readouterr().out.splitlines() == [
        "ok      ssh: /usr/bin/ssh",
        "MISSING mmdebstrap: not installed",
        "        sudo apt-get install mmdebstrap",
    ]
    assert main(["doctor", "--json"]) == 4
    assert [check["ok"] for check in json.loads(capsys.readouterr().out)] == [True, False]


def test_plan_and_dry_run_hand_the_options_on(monkeypatch, capsys, folder):
    asked = []
    plan = Plan(steps=("boot", "measure"))
    monkeypatch.setattr(
        "netlab.workflow.plan_of_run",
        lambda lab, spec, progress: asked.append((spec.rounds, spec.precision_percent)) or plan,
    )
    monkeypatch.setattr("netlab.workflow.plan_of_up", lambda lab, spec, name, progress: asked.append(name) or plan)
    assert main(["plan", "--rounds", "4", "--precision", "0.5 %"]) == 0
    assert main(["up", "--profile", "ipvlan-l2", "--dry-run"]) == 0
    assert main(["up", "--no-profile", "--dry-run"]) == 0
    assert capsys.readouterr().out == "boot\nmeasure\n" * 3
    assert main(["plan", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"steps": ["boot", "measure"]}
    assert asked == [(4, 0.5), "ipvlan-l2", None, (None, None)]


def test_bench_hands_the_options_on_and_prints_the_run(monkeypatch, capsys, folder):
    seen = {}

    def bench(lab, spec, names, progress):
        seen.update(folder=lab.folder, names=names, rounds=spec.rounds)
        progress.note("noted")
        return lab.runs / "r1"

    monkeypatch.setattr("netlab.workflow.bench", bench)
    assert main(["bench", "--profiles", "baseline-vm, ipvlan-l2", "--rounds", "5"]) == 0
    assert seen == {"folder": folder, "names": ("baseline-vm", "ipvlan-l2"), "rounds": 5}
    captured = capsys.readouterr()
    assert captured.out == f"{folder}/.netlab/runs/r1\n"
    assert captured.err == "noted\n"
    assert "noted" in (folder / ".netlab" / "logs" / "bench.log").read_text()
    assert (folder / ".netlab").stat().st_mode & 0o077 == 0


def test_a_failed_command_names_its_log(monkeypatch, capsys, folder):
    def up(*_):
        raise MachineSilent("node1 did not answer")

    monkeypatch.setattr("netlab.workflow.up", up)
    assert main(["up"]) == 7
    assert capsys.readouterr().err == f"netlab: error: node1 did not answer\n  log: {folder}/.netlab/logs/up.log\n"


def test_run_and_report_show_the_report(monkeypatch, capsys, folder):
    report = build_report([factories.run()])
    written = {"json": [folder / "r.json"], "html": [folder / "r.html"]}
    (folder / ".netlab" / "runs" / "r1").mkdir(parents=True)
    (folder / ".netlab" / "runs" / "r1" / "run.json").touch()
    monkeypatch.setattr("netlab.workflow.run", lambda lab, spec, progress, keep: (report, written))
    monkeypatch.setattr("netlab.reports.report", lambda folders, spec, replicas, **_: (report, written))
    for words in (["run"], ["report", "r1"]):
        assert main(words) == 0
        shown = capsys.readouterr().out
        assert shown.endswith(f"\nreport: {folder}/r.html\n")
        assert f"\njson: {folder}/r.json\n" in shown
    assert main(["report", "r1", "--json"]) == 0
    assert capsys.readouterr().out == json_.render(report)


def test_an_experiment_is_laid_over_the_file_and_options_over_both(monkeypatch, capsys, folder):
    (folder / "netlab.yml").write_text("rounds: 9\nseed: 4\n")
    seen = []
    monkeypatch.setattr("netlab.workflow.plan_of_run", lambda lab, spec, progress: seen.append(spec) or Plan(steps=()))
    assert main(["plan", "--experiment", "softirqs"]) == 0
    assert main(["plan", "--experiment", "softirqs", "--rounds", "6"]) == 0
    assert [(spec.experiment, spec.rounds, spec.seed, spec.qemu.cpus) for spec in seen] == [
        ("softirqs", 5, 4, 2),
        ("softirqs", 6, 4, 2),
    ]
    assert main(["plan", "--experiment", "softirq"]) == 3
    assert "there is no experiment 'softirq'; did you mean 'softirqs'?" in capsys.readouterr().err
