"""What each command asks of its provider, in which order; hosts and Ansible are stand-ins, the rest is real."""

import json
import shutil
from pathlib import Path

import pytest

from netlab import ansible, assets, locks, profiles, workflow
from netlab.errors import (
    AnsibleFailed,
    BenchmarkFailed,
    ConfigError,
    HostUnreachable,
    LabBusy,
    MachinePanicked,
    MisfiledSample,
    NetlabError,
    NotLocked,
    NotUp,
    ProofFailed,
)
from netlab.lab import Lab
from netlab.progress import Reporter
from netlab.provision.tags import snapshot_tag
from netlab.report.compute.build import build_report
from netlab.results.store import load_header, load_run
from netlab.spec.lab import FleetSpec, LabSpec
from tests.standins import Hosts, Plays, made_by, played_by


@pytest.fixture
def hosts(monkeypatch):
    return made_by(monkeypatch, Hosts())


@pytest.fixture
def plays(monkeypatch, hosts):
    return played_by(monkeypatch, Plays(hosts))


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


FIRST_UP = ["prepare", "start booted", "save baseline-vm", "start baseline-vm"]
APPLIED = ["housekeeping", "up", "prove", "housekeeping"]
"""The plays that make a snapshot of a profile, on the virtual clock."""


def up(lab, name="baseline-vm"):
    workflow.up(lab, LabSpec(), name, Reporter())


def test_up_provisions_once_and_keeps_a_snapshot(lab, hosts, plays):
    up(lab)
    assert hosts.calls == FIRST_UP
    assert plays == APPLIED
    assert lab.load_state().profile == "baseline-vm"


def test_a_real_clock_waits_for_no_housekeeping(lab, hosts, plays):
    hosts.clock = "real"
    up(lab)
    assert plays == ["up", "prove"]


def test_up_of_what_is_up_does_nothing(lab, hosts, plays):
    up(lab)
    up(lab)
    assert hosts.calls == FIRST_UP
    assert plays == APPLIED


def cluster_profile(lab, name, **inputs):
    folder = lab.folder / "profiles" / "kubeadm"
    folder.mkdir(parents=True, exist_ok=True)
    words = {"description": "d", "label": name, "stack": "kubeadm", "roles": [], "paths": {}, "cluster": inputs}
    folder.joinpath(f"{name}.yml").write_text(json.dumps(words))
    workflow.up(lab, LabSpec(stack="kubeadm"), name, Reporter())


def test_clusters_with_the_same_inputs_are_built_once(lab, hosts, plays):
    cluster_profile(lab, "one")
    assert hosts.calls == ["prepare", "start booted", "save cluster", "start cluster", "save one", "start one"]
    assert plays == ["cluster", "resume", *APPLIED, "resume"]
    plays.clear()
    cluster_profile(lab, "two")
    assert plays == ["resume", *APPLIED, "resume"]
    cluster_profile(lab, "three", kubernetes_version="1.20.2")
    assert plays.count("cluster") == 1


@pytest.mark.parametrize(("name", "has_replica"), [("cilium", True), ("calico-ebpf", False)])
def test_a_cluster_whose_parts_cannot_be_had_names_its_replica(lab, hosts, monkeypatch, name, has_replica):
    def fail(*_):
        raise NotLocked("no digest", hint="update the lock")

    monkeypatch.setattr("netlab.artifacts.prepare.prepare_payload", fail)
    with pytest.raises(NotLocked) as caught:
        workflow.up(lab, LabSpec(stack="kubeadm"), name, Reporter())
    assert caught.value.hint.startswith("update the lock")
    assert ("--stack datapath" in caught.value.hint) == has_replica
    assert hosts.calls == []


def test_hosts_that_are_no_profile_have_the_payload_of_the_labs_profiles(lab, hosts, monkeypatch):
    brought = []
    monkeypatch.setattr("netlab.artifacts.prepare.prepare_payload", lambda words, *_: brought.append(words))
    workflow.up(lab, LabSpec(stack="kubeadm", profiles=("cluster-host",)), None, Reporter())
    assert brought == [{"kubernetes", "crictl"}]


def test_what_is_up_says_what_prove_looks_at(lab, hosts, plays):
    cluster_profile(lab, "one")
    plays.clear()
    assert workflow.prove_paths(lab, LabSpec(), None, Reporter()).profile == "one"
    assert plays == ["prove"]


def test_a_profile_of_another_stack_is_refused_by_name(lab, hosts, plays):
    with pytest.raises(ConfigError, match="profile 'bridge' is for the stack 'kubeadm'") as caught:
        up(lab, "bridge")
    assert "--stack kubeadm" in caught.value.hint


def test_after_a_reset_hosts_are_freshly_booted(lab, hosts, plays):
    with pytest.raises(NotUp):
        workflow.reset(lab, LabSpec(), Reporter())
    up(lab)
    hosts.calls.clear()
    workflow.reset(lab, LabSpec(), Reporter())
    assert hosts.calls == ["start booted"]
    assert lab.load_state().profile is None


def test_up_without_a_profile_leaves_hosts_freshly_booted(lab, hosts, plays):
    up(lab, None)
    assert hosts.calls == ["start booted"]
    assert not plays
    assert lab.load_state().profile is None


def test_up_of_another_profile_restores_its_snapshot(lab, hosts, plays):
    up(lab)
    up(lab, "ipvlan-l2")
    hosts.calls.clear()
    up(lab, "baseline-vm")
    assert hosts.calls == ["start baseline-vm"]
    assert plays == [*APPLIED, *APPLIED]
    assert lab.load_state().profile == "baseline-vm"


def test_a_profile_that_failed_is_not_up(lab, hosts, monkeypatch):
    def fail(*_, **__):
        raise AnsibleFailed("node1: task 'x' failed")

    monkeypatch.setattr(ansible, "play", fail)
    with pytest.raises(AnsibleFailed):
        up(lab)
    assert lab.load_state().profile is None
    assert "save baseline-vm" not in hosts.calls
    assert "down" not in hosts.calls, "they are there to be looked at"


def test_a_profile_whose_packets_go_astray_is_not_up(lab, hosts, plays, monkeypatch):
    def astray(*_):
        raise ProofFailed("baseline-vm: packets do not take the promised path")

    monkeypatch.setattr("netlab.provision.prove.check", astray)
    with pytest.raises(ProofFailed):
        up(lab)
    assert lab.load_state().profile is None
    assert "save baseline-vm" not in hosts.calls
    assert "down" not in hosts.calls, "they are there to be looked at"
    assert (lab.proofs / "baseline-vm" / "requests.json").is_file()


def test_prove_looks_at_the_hosts_as_they_are(lab, hosts, plays):
    with pytest.raises(NotUp, match="no profile is applied"):
        workflow.prove_paths(lab, LabSpec(), None, Reporter())
    up(lab)
    hosts.calls.clear()
    plays.clear()
    proof = workflow.prove_paths(lab, LabSpec(), None, Reporter())
    assert (proof.profile, plays, hosts.calls) == ("baseline-vm", ["prove"], [])
    workflow.prove_paths(lab, LabSpec(), "ipvlan-l2", Reporter())
    assert plays == ["prove", *APPLIED, "prove"]


def test_paths_that_need_a_second_node_are_refused_where_there_is_one(lab, hosts, plays):
    spec = LabSpec(paths=("host", "nodeport-remote"), fleet=FleetSpec(nodes=1))
    with pytest.raises(ConfigError) as found:
        workflow.bench(lab, spec, ["baseline-vm", "ipvlan-l2"], Reporter())
    assert "nodeport-remote: the lab has one node (fleet.nodes)" in found.value.hint


def test_paths_that_no_profile_has_are_refused(lab, hosts, plays):
    spec = LabSpec(paths=("host",))
    with pytest.raises(ConfigError, match="profile 'ipvlan-l2' has none of the paths that are measured: host"):
        workflow.bench(lab, spec, ["baseline-vm", "ipvlan-l2"], Reporter())
    with pytest.raises(ConfigError, match="the baseline has none"):
        workflow.bench(lab, LabSpec(paths=("pod-ip",)), ["baseline-vm", "ipvlan-l2"], Reporter())


def test_ctrl_c_leaves_no_hosts_half_made(lab, hosts, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(ansible, "play", interrupt)
    with pytest.raises(KeyboardInterrupt):
        up(lab)
    assert hosts.calls[-1] == "down"
    assert lab.load_state() is None


def test_ctrl_c_before_anything_was_done_leaves_the_profile_up(lab, hosts, plays, monkeypatch):
    up(lab)
    monkeypatch.setattr(hosts, "running", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        up(lab)
    assert "down" not in hosts.calls
    assert lab.load_state().profile == "baseline-vm"


def test_a_lost_connection_is_explained_by_the_machine_that_died(lab, hosts, monkeypatch):
    def lose(*_, **__):
        hosts.dead = True
        raise HostUnreachable("node1: lost")

    monkeypatch.setattr(ansible, "play", lose)
    with pytest.raises(MachinePanicked, match="exited unexpectedly"):
        up(lab)


def test_a_second_netlab_is_refused_and_changes_nothing(lab, hosts, plays):
    lab.state_folder.mkdir()
    with lab.lock(), pytest.raises(LabBusy):
        up(lab)
    assert not hosts.calls


def test_the_baseline_must_be_measured(lab, hosts, plays):
    with pytest.raises(ConfigError, match="baseline-vm/host is not among"):
        workflow.bench(lab, LabSpec(), ["ipvlan-l2"], Reporter())
    assert not hosts.calls


def bench(lab, *names, **changes):
    return workflow.bench(lab, LabSpec(**({"rounds": 3, "seed": 1, "control": False} | changes)), names, Reporter())


def test_bench_restores_before_every_block_and_profiles_at_the_end_of_the_last(lab, hosts, plays):
    folder = bench(lab, "baseline-vm", "ipvlan-l2")
    assert sorted(plays) == sorted([*["bench"] * 6, *["hotspots"] * 2, *APPLIED * 2])
    assert hosts.calls.count("start ipvlan-l2") == 3
    assert hosts.calls[-1] == "down fleet 1", "only the lab's own fleet is left"
    run = load_run(folder)
    assert len(run.samples) == 3 * (1 + 3)
    assert run.refused == ()
    assert len(run.hotspots) == 1 + 3
    assert lab.load_state().profile is None, "after a measurement the hosts are in no proven state"


def test_the_control_costs_one_restore_a_round_and_is_in_no_cell(lab, hosts, plays):
    run = load_run(bench(lab, "baseline-vm", "ipvlan-l2", control=True))
    assert hosts.calls.count("start baseline-vm") == 6
    assert hosts.calls.count("start ipvlan-l2") == 3
    assert sorted(map(sorted, plays.profiled)) == [["host"], ["nodeport-local", "nodeport-remote", "pod-ip"]]
    assert (run.header.control, len(run.samples), len(run.controls)) == ("block", 3 * (1 + 3), 3)
    assert {(one.profile, one.path, one.round) for one in run.controls} == {
        ("baseline-vm", "host", n) for n in (1, 2, 3)
    }
    report = build_report([run])
    assert [cell.rounds for cell in report.cells] == [3] * 4
    assert {cell.change.comparisons for cell in report.cells if cell.change} == {3}
    (control,) = report.controls
    assert (control.own_blocks, control.change.pairs, control.change.comparisons) == (True, 3, 1)


def test_a_control_that_fails_twice_is_named_and_takes_no_comparison_along(lab, hosts, plays):
    plays.failing[2, "host+control"] = 2
    run = load_run(bench(lab, "baseline-vm", "ipvlan-l2", control=True))
    assert [(one.control, one.attempt) for one in run.refused] == [(True, 1), (True, 2)]
    report = build_report([run])
    assert report.warnings[0].startswith("Left out of every number")
    assert "baseline-vm/host (A/A control) in round 2" in report.warnings[0]
    assert not any("The baseline is left out" in text for text in report.warnings)
    assert [cell.change.pairs for cell in report.cells if cell.change] == [3, 3, 3]
    assert report.controls[0].change.verdict == "cannot tell yet"


@pytest.mark.parametrize("silent", ["sample-silent.json", "sample-non-2xx.json"])
def test_a_sample_of_failures_is_taken_again(lab, hosts, plays, silent):
    plays.silent = silent
    plays.failing[2, "pod-ip"] = 1
    folder = bench(lab, "baseline-vm", "ipvlan-l2")
    run = load_run(folder)
    assert len(run.samples) == 3 * (1 + 3)
    (refused,) = run.refused
    assert (refused.profile, refused.path, refused.round, refused.attempt) == ("ipvlan-l2", "pod-ip", 2, 1)
    assert plays.count("bench") == 7
    assert hosts.calls.count("start ipvlan-l2") == 4, "it is taken from the same state"
    (kept,) = folder.glob("raw/r02-p*-ipvlan-l2/*refused*")
    assert (kept.name, json.loads(kept.read_bytes())["path"]) == ("pod-ip.json.refused-1", "pod-ip")
    first, *_ = build_report([run]).warnings
    assert first.startswith("Taken again, because the first sample measured failures: ipvlan-l2/pod-ip in round 2 (")
    assert refused.reason in first


def test_a_sample_that_fails_twice_is_left_out_and_all_else_stays(lab, hosts, plays):
    plays.failing[2, "pod-ip"] = 2
    run = load_run(bench(lab, "baseline-vm", "ipvlan-l2"))
    assert len(run.samples) == 3 * (1 + 3) - 1
    assert [one.attempt for one in run.refused] == [1, 2]
    report = build_report([run])
    cells = {cell.path: cell for cell in report.cells}
    assert cells["pod-ip"].rounds == 2
    assert (cells["pod-ip"].change.pairs, cells["pod-ip"].change.verdict) == (2, "cannot tell yet")
    assert cells["nodeport-local"].change.pairs == 3
    assert "no request was answered in 3.0 s" in report.warnings[0]
    assert report.warnings[0].startswith("Left out of every number")


def test_only_paths_whose_sample_is_accepted_are_profiled(lab, hosts, plays):
    """A path that went dead in the last round is measured again, and profiled where that sample can be used."""
    plays.failing |= {(3, "pod-ip"): 1, (3, "nodeport-local"): 2}
    run = load_run(bench(lab, "baseline-vm", "ipvlan-l2"))
    assert len(run.refused) == 3
    assert sorted(plays.profiled) == [["host"], ["nodeport-remote"], ["pod-ip"]]
    assert sorted(spots.path for spots in run.hotspots) == ["host", "nodeport-remote", "pod-ip"]


def test_nothing_is_profiled_where_no_sample_is_accepted(lab, hosts, plays):
    plays.failing[3, "host"] = 2
    assert [spots.profile for spots in load_run(bench(lab, "baseline-vm", "ipvlan-l2")).hotspots] == ["ipvlan-l2"] * 3
    assert plays.count("hotspots") == 1


def test_a_round_without_a_baseline_is_in_no_comparison(lab, hosts, plays):
    plays.failing[1, "host"] = 2
    report = build_report([load_run(bench(lab, "baseline-vm", "ipvlan-l2"))])
    assert [cell.rounds for cell in report.cells] == [2, 3, 3, 3]
    assert [cell.change.pairs for cell in report.cells if cell.change] == [2, 2, 2]
    assert {cell.change.verdict for cell in report.cells if cell.change} == {"cannot tell yet"}
    assert "no cell of the same round and load is compared: baseline-vm/host in round 1." in report.warnings[1]


def test_a_profile_without_any_sample_fails_at_the_end_and_the_others_stay(lab, hosts, plays):
    paths = ("pod-ip", "nodeport-local", "nodeport-remote")
    plays.failing = {(number, path): 2 for number in (1, 2, 3) for path in paths}
    with pytest.raises(BenchmarkFailed, match="ipvlan-l2: no sample of any path can be used: no request was") as caught:
        bench(lab, "baseline-vm", "ipvlan-l2")
    run = load_run(caught.value.log.parent)
    assert len(run.samples) == 3
    assert len(run.refused) == 3 * 3 * 2
    report = build_report([run])
    assert {missing.reason for missing in report.missing if missing.path == "pod-ip"} == {
        "there are no pods", "no sample can be used: no request was answered in 3.0 s"
    }  # fmt: skip


def test_a_sample_is_filed_under_the_profile_that_its_hosts_are(lab, hosts, plays, monkeypatch):
    up(lab)
    up(lab, "ipvlan-l2")
    resume = Hosts.resume
    stuck = next(tag for tag in hosts.tags if tag.startswith("baseline-vm"))
    monkeypatch.setattr(Hosts, "resume", lambda self, tag: resume(self, stuck))
    with pytest.raises(
        MisfiledSample, match="client was 'baseline-vm' when this sample of 'ipvlan-l2' was taken"
    ) as caught:
        bench(lab, "baseline-vm", "ipvlan-l2")
    assert caught.value.log.name.endswith(".json.refused-1")
    assert caught.value.log.is_file()
    run = load_run(caught.value.log.parents[2])
    assert "ipvlan-l2" not in {sample.profile for sample in run.samples}
    assert "client was 'baseline-vm'" in {one.reason.partition(" when")[0] for one in run.refused}


def test_a_run_records_what_its_profiles_were_made_of(lab, hosts, plays):
    (lab.folder / "profiles").mkdir()
    own = lab.folder / "profiles" / "mine.yml"
    shutil.copy(assets.profiles() / "ipvlan-l2.yml", own)
    header = load_header(workflow.bench(lab, LabSpec(), ["baseline-vm", "mine"], Reporter()))
    made = {profile.name: profile.provenance for profile in header.profiles}
    assert made["mine"].digests["profile"] == assets.digest([own])
    assert made["mine"].digests["role benchmark"] == assets.digest([assets.roles() / "benchmark"])
    assert made["baseline-vm"].digests["profile"] != made["mine"].digests["profile"]


@pytest.mark.parametrize(
    ("stamp", "message"),
    [
        (None, "client does not say which profile it is; it should be 'baseline-vm'"),
        ({"profile": "baseline-vm", "snapshot": "baseline-vm-0"}, "client was resumed from 'baseline-vm-0', not from"),
    ],
)
def test_hosts_that_are_of_another_snapshot_are_named(lab, hosts, plays, monkeypatch, stamp, message):
    bench_of_the_role = Plays.bench
    monkeypatch.setattr(Plays, "bench", lambda self, _, inputs: bench_of_the_role(self, stamp, inputs))
    with pytest.raises(MisfiledSample, match=message) as caught:
        bench(lab, "baseline-vm")
    run = load_run(caught.value.log.parents[2])
    assert run.samples == ()
    assert all(message in one.reason for one in run.refused)


def test_run_removes_the_hosts_even_when_it_fails(lab, hosts, monkeypatch):
    def fail(*_, **__):
        raise AnsibleFailed("node1: task 'x' failed")

    monkeypatch.setattr(ansible, "play", fail)
    with pytest.raises(AnsibleFailed):
        workflow.run(lab, LabSpec(), Reporter())
    assert hosts.calls[-1] == "down"
    assert lab.load_state() is None


def test_down_leaves_the_runs_and_nothing_else(lab, hosts, plays, monkeypatch):
    up(lab)
    (lab.runs / "r1").mkdir()
    workflow.down(lab, LabSpec(), Reporter())
    assert [entry.name for entry in lab.state_folder.iterdir()] == ["runs"]
    assert not lab.sockets.exists()
    (lab.runs / "r1").rmdir()
    workflow.down(lab, LabSpec(), Reporter())
    assert not lab.state_folder.exists()


def test_a_lab_that_an_older_netlab_left_up_is_refused_and_can_be_taken_down(lab, hosts, plays):
    up(lab)
    state = json.loads((lab.state_folder / "state.json").read_text())
    old = [{"name": host["name"], "part": host["part"], "ssh_port": 2201} for host in state["hosts"]]
    (lab.state_folder / "state.json").write_text(json.dumps({**state, "schema_version": 1, "hosts": old}))
    with pytest.raises(NetlabError, match="cannot be read") as caught:
        up(lab)
    assert "netlab down" in caught.value.hint
    workflow.down(lab, LabSpec(), Reporter())
    assert not lab.state_folder.exists()
    up(lab)
    assert lab.load_state().profile == "baseline-vm"


def test_down_holds_the_lock_until_its_file_is_gone(lab, hosts, plays, monkeypatch):
    """Released first, another netlab could take the lock of the file that is then removed, and a third a new one's."""
    up(lab)
    path, unlink, refused = lab.state_folder / "lock", Path.unlink, []

    def look_and_unlink(self, *args, **words):
        if self == path:
            refused.append(locks.acquire(path, wait=False) is None)
        unlink(self, *args, **words)

    monkeypatch.setattr(Path, "unlink", look_and_unlink)
    workflow.down(lab, LabSpec(), Reporter())
    assert refused == [True]
    assert not path.exists()


def test_plan_names_what_is_done_and_what_is_not(lab, hosts, plays):
    up(lab)
    before = list(hosts.calls)
    steps = workflow.plan_of_run(lab, LabSpec(), Reporter()).steps
    assert steps[:2] == (*hosts.outline(), "baseline-vm: applied already")
    assert any(step.startswith("calico-ipip: play 5 roles") for step in steps)
    assert hosts.calls == before


def test_a_snapshot_is_named_by_what_goes_into_it():
    profile = profiles.find("calico-ipip")
    small = LabSpec.model_validate({"load": {"response_bytes": 10}})
    assert snapshot_tag(profile, LabSpec()) == snapshot_tag(profile, LabSpec(rounds=9))
    assert snapshot_tag(profile, LabSpec()) != snapshot_tag(profile, small)
    assert snapshot_tag(profile, LabSpec()) != snapshot_tag(profiles.find("ipvlan-l2"), LabSpec())


def test_what_stays_of_an_earlier_proof_is_an_error_and_no_proof(lab, hosts, plays, monkeypatch):
    up(lab)

    def refuse(path, *_, **__):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(shutil, "rmtree", lambda path, ignore_errors=False, **_: ignore_errors or refuse(path))
    with pytest.raises(PermissionError, match="proofs/baseline-vm"):
        workflow.prove_paths(lab, LabSpec(), None, Reporter())
