"""Runs of several builds of the hosts, interrupted and continued; hosts and Ansible are stand-ins, the rest is real."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netlab import workflow
from netlab.errors import ConfigError
from netlab.lab import Lab
from netlab.progress import Reporter
from netlab.results.store import load_header, load_run, unfinished, write_header
from netlab.spec.lab import LabSpec
from tests import factories
from tests.measure.test_resume import Bench, Killed, files
from tests.standins import Hosts, StandingHosts, made_by, played_by

NAMES = ("baseline-vm", "ipvlan-l2")
BLOCKS = 4 * 3
"""Two profiles and the control, in four rounds: two on each build."""


class Cloud(StandingHosts):
    """Hosts that can be made anew, and keep no snapshots."""

    def __init__(self, lab: Lab) -> None:
        super().__init__()
        self.lab = lab

    def rebuilt(self, build):
        state = self.lab.load_state()
        if state is None or state.build != build:
            self.down()
            self.become(None)
            self.lab.save_state(None)
        return self

    def forget(self):
        self.calls.append("forget")


def begun(folder, monkeypatch, hosts, **changes):
    bench = Bench(folder, monkeypatch, hosts)
    bench.spec = bench.spec.model_copy(update={"rounds": 4, "rebuilds": 2, **changes})
    return bench


@pytest.fixture
def bench(tmp_path, monkeypatch):
    return begun(tmp_path, monkeypatch, Hosts())


def measured(bench):
    return workflow.bench(bench.lab, bench.spec, NAMES, Reporter())


def stamps(folder):
    """Which snapshots the samples of each round say that their hosts were."""
    found = {}
    for file in (folder / "raw").glob("r*-p*-*/*.json"):
        said = {one["snapshot"] for one in json.loads(file.read_text())["stamps"].values()}
        found.setdefault(int(file.parent.name[1:3]), set()).update(said)
    return found


def test_rounds_are_spread_over_builds_that_are_booted_and_provisioned_anew(bench):
    folder = measured(bench)
    header, calls = load_header(folder), bench.hosts.calls
    assert (header.rounds, header.builds, [header.build_of(n) for n in range(1, 5)]) == (4, 2, [1, 1, 2, 2])
    boundary = calls.index("rebuild")
    for part in (calls[:boundary], calls[boundary:]):
        assert part.count("prepare") == 1
        assert [call for call in part if call.startswith("save")] == ["save baseline-vm", "save ipvlan-l2"]
    assert len([call for call in calls[:boundary] if call.startswith("start ")]) == 2 + 2 * 3
    assert calls[-2:] == ["forget", "start booted"], "what is up afterwards is what every command makes"
    assert bench.plays.count("prove") == 4


def test_every_sample_says_its_build_by_the_snapshot_that_its_hosts_were(bench):
    folder = measured(bench)
    run, said = load_run(folder), stamps(folder)
    own = f"+{folder.name.replace('-', '.')}.2"
    assert not any("+" in tag for tag in said[1] | said[2])
    assert all(tag.endswith(own) for tag in said[3] | said[4])
    assert {sample.build: sample.round for sample in run.samples} == {1: 2, 2: 4}
    assert {sample.build for sample in run.controls} == {1, 2}
    assert run.refused == ()


def test_a_sample_of_another_build_is_left_out(bench):
    folder = measured(bench)
    first, third = (min((folder / "raw").glob(f"r{at}-*-ipvlan-l2/*.json")) for at in ("01", "03"))
    third.write_bytes(first.read_bytes())
    (left,) = load_run(folder).refused
    assert (left.round, left.path) == (3, first.stem)
    assert "not from 'ipvlan-l2-" in left.reason


def test_what_the_cache_had_stays_and_what_only_a_build_needed_goes(bench):
    folder = measured(bench)
    assert len(bench.hosts.tags) == 2
    assert not any("+" in tag for tag in bench.hosts.tags)
    proofs = sorted(path.name for path in (folder / "raw").glob("proof-*"))
    assert proofs == ["proof-baseline-vm", "proof-baseline-vm+build2", "proof-ipvlan-l2", "proof-ipvlan-l2+build2"]
    assert [proof.profile for proof in load_run(folder).proofs] == list(NAMES)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, BLOCKS - 1), left=st.integers(0, 2))
def test_a_run_that_is_continued_after_any_prefix_is_the_uninterrupted_one(tmp_path_factory, at, left):
    with pytest.MonkeyPatch.context() as monkeypatch:
        bench = begun(tmp_path_factory.mktemp("lab"), monkeypatch, Hosts())
        whole = measured(bench)
        wanted, bench.plays.measured = bench.plays.measured, []
        folder = bench.interrupted(at, left)
        before = files(folder)
        run = bench.resume(folder)
        assert bench.plays.measured == wanted, "the same order, and nothing twice"
        assert before.items() <= files(folder).items(), "what was there stays as it is"
        assert files(folder).keys() == files(whole).keys()
        assert len(run.header.resumed_at) == 1
        assert (len(run.samples), len(run.controls), run.refused) == (16, 4, ())
        assert not any("+" in tag for tag in bench.hosts.tags)


class KilledWhileProving(Killed):
    """Plays of which one proof fails."""

    proofs = 0
    fatal = 0

    def __call__(self, playbook, inventory, **words):
        if playbook.stem == "prove":
            self.proofs += 1
            if self.proofs == self.fatal:
                raise KeyboardInterrupt
        super().__call__(playbook, inventory, **words)


@pytest.mark.parametrize(("proof", "again"), [(3, 2), (4, 1)])
def test_a_build_that_was_interrupted_while_it_was_provisioned_is_completed(bench, monkeypatch, proof, again):
    plays = bench.plays = played_by(monkeypatch, KilledWhileProving(bench.hosts))
    plays.fatal = proof
    with pytest.raises(KeyboardInterrupt):
        measured(bench)
    folder = unfinished(bench.lab.runs)
    assert bench.said[-1].startswith("6 of 12 blocks are measured")
    plays.fatal = plays.proofs = 0
    run = bench.resume(folder)
    assert plays.proofs == again, "what was proven before is not proven again"
    assert len(run.samples) == 16
    assert {sample.build for sample in run.samples} == {1, 2}


def test_a_build_whose_snapshot_is_gone_is_not_mixed_with_another(bench):
    folder = bench.interrupted(8)
    bench.hosts.tags -= {tag for tag in bench.hosts.tags if "+" in tag and tag.startswith("ipvlan")}
    with pytest.raises(ConfigError, match="the snapshots of ipvlan-l2 that it was measured on are no longer there"):
        bench.resume(folder)


def test_the_first_builds_snapshots_may_be_gone_once_it_is_measured(bench):
    folder = bench.interrupted(8)
    bench.hosts.tags -= {tag for tag in bench.hosts.tags if "+" not in tag}
    assert len(bench.resume(folder).samples) == 16


def test_a_run_that_was_killed_after_its_last_sample_ends_without_hosts(bench):
    folder = measured(bench)
    write_header(folder, load_header(folder).model_copy(update={"stop": None}))
    bench.hosts.calls.clear()
    assert bench.resume(folder).header.stop.rounds == 4
    assert bench.hosts.calls == []


def test_with_a_precision_builds_follow_until_it_is_reached(tmp_path, monkeypatch):
    bench = begun(tmp_path, monkeypatch, Hosts(), rounds=None, precision_percent=1.0, max_rounds=9)
    header = load_header(measured(bench))  # all samples are one file, so that intervals have no width
    assert (header.fewest_rounds, header.rounds, header.builds, header.looks) == (6, 9, 3, (6, 9))
    assert (header.stop.reason, header.stop.rounds) == ("precision", 6)
    assert bench.hosts.calls.count("rebuild") - bench.hosts.calls.count("forget") == 1, "once to measure, once to go"


@pytest.fixture
def cloud(tmp_path, monkeypatch):
    return begun(tmp_path, monkeypatch, Cloud(Lab(tmp_path)))


def test_hosts_without_snapshots_are_made_anew(cloud):
    folder = measured(cloud)
    assert cloud.hosts.calls.count("down") == 1
    assert cloud.hosts.calls[cloud.hosts.calls.index("down") :][:2] == ["down", "start"]
    own = f"+{folder.name.replace('-', '.')}.2"
    assert all(tag.endswith(own) for tag in stamps(folder)[4])
    assert {sample.build for sample in load_run(folder).samples} == {1, 2}
    assert cloud.lab.load_state().build == own[1:]


def test_hosts_that_were_made_for_a_build_are_measured_on_after_an_interruption(cloud):
    folder = cloud.interrupted(5)
    cloud.hosts.calls.clear()
    assert len(cloud.resume(folder).samples) == 16
    assert "down" not in cloud.hosts.calls


def test_hosts_of_a_build_that_are_gone_are_not_replaced_by_another(cloud):
    folder = cloud.interrupted(6)  # the recorded sample met a busy machine: one block is measured again
    workflow.down(cloud.lab, cloud.spec, Reporter())
    with pytest.raises(ConfigError, match="the hosts of build 2, which is measured in part, are no longer there"):
        cloud.resume(folder)
    assert len(load_run(folder).samples) > 8


def test_hosts_that_come_back_as_other_machines_end_the_run(cloud, monkeypatch):
    def other():
        cpu = "another" if cloud.hosts.calls.count("down") else "this"
        return factories.environment(provider="ssh", clock="real", host_cpu=cpu)

    cloud.hosts.environment = other
    with pytest.raises(ConfigError, match="host cpu was this and is another"):
        measured(cloud)
    assert len(load_run(unfinished(cloud.lab.runs)).samples) == 8


def test_machines_that_netlab_does_not_make_are_refused_before_anything_is_done(tmp_path, monkeypatch):
    bench = begun(tmp_path, monkeypatch, StandingHosts())
    with pytest.raises(ConfigError, match="hosts of the provider ssh are there already") as caught:
        measured(bench)
    assert "applies its profile again" in caught.value.hint
    assert bench.hosts.calls == []
    assert bench.plays == []


def test_a_plan_says_how_many_builds_and_refuses_what_a_run_would(tmp_path, monkeypatch):
    hosts = made_by(monkeypatch, Hosts())
    spec = LabSpec(profiles=NAMES, rebuilds=3)
    steps = workflow.plan_of_run(Lab(tmp_path), spec, Reporter()).steps
    assert any("in each of 9 rounds on 3 builds of the hosts" in step for step in steps)
    made_by(monkeypatch, StandingHosts(), "ssh")
    with pytest.raises(ConfigError, match="--rebuilds"):
        workflow.plan_of_run(Lab(tmp_path), spec.model_copy(update={"provider": "ssh"}), Reporter())
    assert hosts.calls == []
