"""Hosts without snapshots: what is on them is undone before anything else is played, whatever happened meanwhile."""

import json
import shutil

import pytest

from netlab import ansible, workflow
from netlab.errors import AnsibleFailed, ConfigError, HostUnsuitable, NetlabError, NotUp, ProofFailed
from netlab.lab import Lab, LabState
from netlab.progress import Reporter
from netlab.provision import plays as provision_plays
from netlab.provision import preflight
from netlab.provision.states import states_of
from netlab.provision.tags import snapshot_tag
from netlab.results.store import load_run
from netlab.selection import find_profile
from netlab.spec.lab import LabSpec
from tests.standins import HOSTS, Plays, StandingHosts, made_by, played_by

SPEC = LabSpec(provider="ssh", rounds=3, seed=1)


@pytest.fixture
def hosts(monkeypatch):
    return made_by(monkeypatch, StandingHosts(), "ssh")


class Told(Plays):
    """Plays that also note whose roles are played and undone, and can fail."""

    def __init__(self, hosts) -> None:
        super().__init__(hosts)
        self.done: list[str] = []
        self.failing_play = ""

    def __call__(self, playbook, inventory, *, extra_vars, **words):
        profile = extra_vars.get("netlab_profile", "")
        self.done.append(f"{playbook.stem} {profile}".strip())
        super().__call__(playbook, inventory, extra_vars=extra_vars, **words)
        if playbook.stem == self.failing_play:
            raise AnsibleFailed("node1: task 'x' failed")

    def changes(self):
        """What changed the hosts, without what was measured and proven on them."""
        return [words for words in self.done if words.split()[0] in {"up", "teardown", "down", "cluster"}]


@pytest.fixture
def plays(monkeypatch, hosts):
    return played_by(monkeypatch, Told(hosts))


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def up(lab, name="baseline-vm", spec=SPEC):
    workflow.up(lab, spec, name, Reporter())


def tag(lab, name, spec=SPEC):
    return snapshot_tag(find_profile(lab, spec, name), spec)


def own_profile(lab, name, stack="datapath", **words):
    folder = lab.folder / "profiles" / ("kubeadm" if stack == "kubeadm" else "")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.yml"
    file.write_text(json.dumps({"description": "d", "label": name, "stack": stack, "roles": [], "paths": {}} | words))
    return file


def test_a_profile_is_applied_and_proven(lab, hosts, plays):
    up(lab)
    assert plays.done == ["up baseline-vm", "prove"]
    assert hosts.calls == ["start", "prepare"]
    state = lab.load_state()
    assert (state.provider, state.clock, state.profile) == ("ssh", "real", "baseline-vm")
    assert state.snapshot == state.applied == tag(lab, "baseline-vm")


def test_hosts_of_different_mtus_are_named_once_the_hosts_are_there(lab, hosts, plays, monkeypatch):
    said = []
    monkeypatch.setattr(Reporter, "warn", lambda _, text: said.append(text))
    found = (HOSTS[0].model_copy(update={"mtu": 9000}), *HOSTS[1:])
    monkeypatch.setattr(hosts, "hosts", lambda: found)
    up(lab)
    (text,) = said
    assert "node1, node2: 1500; client: 9000" in text
    assert lab.inventory(lab.hosts())["all"]["vars"]["netlab_mtu"] == 1500


def test_up_of_what_is_up_does_nothing(lab, hosts, plays):
    up(lab)
    up(lab)
    assert plays.done == ["up baseline-vm", "prove"]
    assert hosts.calls == ["start", "prepare"]


def test_hosts_that_stopped_answering_are_started_and_get_the_profile_again(lab, hosts, plays):
    up(lab)
    hosts.up_now = False
    up(lab)
    assert hosts.calls == ["start", "prepare"] * 2
    assert plays.changes() == ["up baseline-vm", "teardown baseline-vm", "up baseline-vm"]


def test_a_host_that_was_booted_meanwhile_gets_the_profile_again(lab, hosts, plays):
    up(lab)
    hosts.booted = 2
    with pytest.raises(NotUp, match="node1 booted since baseline-vm was applied") as caught:
        workflow.prove_paths(lab, SPEC, None, Reporter())
    assert caught.value.hint == "apply it again: netlab up --profile baseline-vm"
    up(lab)
    assert plays.changes() == ["up baseline-vm", "teardown baseline-vm", "up baseline-vm"]
    up(lab)
    assert len(plays.changes()) == 3, "it is known by now"


def test_a_host_that_is_booted_between_two_blocks_gets_the_profile_again(lab, hosts, plays, monkeypatch):
    def behind_our_back(playbook, inventory, **words):
        hosts.booted += playbook.stem == "bench" and hosts.booted == 1
        plays(playbook, inventory, **words)

    played_by(monkeypatch, behind_our_back)
    workflow.bench(lab, SPEC, ["baseline-vm"], Reporter())
    assert plays.changes() == ["up baseline-vm", "teardown baseline-vm", "up baseline-vm"]


def test_another_profile_comes_after_the_teardown_of_the_first(lab, hosts, plays):
    up(lab)
    up(lab, "ipvlan-l2")
    assert plays.done == ["up baseline-vm", "prove", "teardown baseline-vm", "up ipvlan-l2", "prove"]
    assert lab.load_state().applied == tag(lab, "ipvlan-l2")


@pytest.mark.parametrize("play", ["up", "prove"])
@pytest.mark.parametrize("then", ["baseline-vm", "ipvlan-l2"])
def test_what_a_failed_up_left_is_undone_first(lab, hosts, plays, play, then):
    plays.failing_play = play
    with pytest.raises(AnsibleFailed):
        up(lab)
    state = lab.load_state()
    assert (state.profile, state.snapshot, state.applied) == (None, None, tag(lab, "baseline-vm"))
    assert "down" not in hosts.calls, "they are there to be looked at"
    plays.failing_play = ""
    plays.done.clear()
    up(lab, then)
    assert plays.done == ["teardown baseline-vm", f"up {then}", "prove"]


def test_a_teardown_that_failed_is_played_again(lab, hosts, plays):
    up(lab)
    plays.failing_play = "teardown"
    with pytest.raises(AnsibleFailed):
        up(lab, "ipvlan-l2")
    assert lab.load_state().applied == tag(lab, "baseline-vm")
    plays.failing_play = ""
    plays.done.clear()
    up(lab, "ipvlan-l2")
    assert plays.done == ["teardown baseline-vm", "up ipvlan-l2", "prove"]


def test_a_profile_whose_packets_go_astray_is_applied_and_not_proven(lab, hosts, plays, monkeypatch):
    def astray(*_):
        raise ProofFailed("baseline-vm: packets do not take the promised path")

    monkeypatch.setattr("netlab.provision.prove.check", astray)
    with pytest.raises(ProofFailed):
        up(lab)
    assert (lab.load_state().profile, lab.load_state().applied) == (None, tag(lab, "baseline-vm"))


def test_everything_is_undone_where_the_profiles_file_is_gone(lab, hosts, plays):
    file = own_profile(lab, "mine")
    up(lab, "mine")
    file.unlink()
    up(lab, "ipvlan-l2")
    assert plays.changes() == ["up mine", "down", "up ipvlan-l2"]


def test_everything_is_undone_where_the_profiles_file_is_another_by_now(lab, hosts, plays):
    """Its teardown would leave what the earlier one had applied."""
    own_profile(lab, "mine")
    up(lab, "mine")
    own_profile(lab, "mine", roles=[{"role": "tunnel", "hosts": "node"}])
    up(lab, "mine")
    assert plays.changes() == ["up mine", "down", "up mine"]


@pytest.mark.parametrize("text", ["{", "roles: [{role: nobody, hosts: node}]"])
def test_everything_is_undone_where_the_profiles_file_is_broken(lab, hosts, plays, text):
    file = own_profile(lab, "mine")
    up(lab, "mine")
    file.write_text(text)
    up(lab, "ipvlan-l2")
    assert plays.changes() == ["up mine", "down", "up ipvlan-l2"]


def test_a_profile_of_another_stack_is_not_taken_for_its_namesake(lab, hosts, plays):
    own_profile(lab, "mine")
    own_profile(lab, "mine", stack="kubeadm", cluster={})
    up(lab, "mine")
    up(lab, "mine", SPEC.model_copy(update={"stack": "kubeadm"}))
    assert plays.changes() == ["up mine", "down", "cluster", "up mine"]


def test_a_clusters_profile_builds_the_cluster_first(lab, hosts, plays):
    spec = SPEC.model_copy(update={"stack": "kubeadm"})
    own_profile(lab, "mine", stack="kubeadm", cluster={})
    up(lab, "mine", spec)
    assert plays.done == ["cluster", "up mine", "prove"]
    workflow.reset(lab, SPEC, Reporter())
    assert plays.done[3:] == ["teardown mine"]


def test_reset_undoes_the_profile(lab, hosts, plays):
    with pytest.raises(NotUp):
        workflow.reset(lab, SPEC, Reporter())
    up(lab)
    workflow.reset(lab, SPEC, Reporter())
    assert plays.done[2:] == ["teardown baseline-vm"]
    state = lab.load_state()
    assert (state.profile, state.applied, state.hosts) == (None, None, HOSTS)


def test_up_without_a_profile_undoes_the_one_that_is_there(lab, hosts, plays):
    up(lab, None)
    assert not plays.done
    up(lab)
    up(lab, None)
    assert plays.done == ["up baseline-vm", "prove", "teardown baseline-vm"]
    assert lab.load_state().applied is None


def test_prove_looks_at_the_hosts_as_they_are(lab, hosts, plays):
    up(lab)
    proof = workflow.prove_paths(lab, SPEC, None, Reporter())
    assert (proof.profile, plays.changes()) == ("baseline-vm", ["up baseline-vm"])
    hosts.up_now = False
    with pytest.raises(NotUp):
        workflow.prove_paths(lab, SPEC, None, Reporter())


def test_bench_proves_once_and_applies_again_only_where_the_profile_changes(lab, hosts, plays):
    names = ("baseline-vm", "ipvlan-l2", "calico-ipip")
    folder = workflow.bench(lab, SPEC, names, Reporter())
    first = [words for name in names for words in (f"up {name}", "prove", f"teardown {name}")][:-1]
    assert plays.done[: len(first)] == first
    assert plays.done.count("prove") == 3
    rounds = plays.done[len(first) :]
    on_the_hosts, order = "calico-ipip", []
    for words in rounds:
        play, _, name = words.partition(" ")
        if play == "teardown":
            assert name == on_the_hosts
            on_the_hosts = ""
        elif play == "up":
            assert on_the_hosts == ""
            on_the_hosts = name
        elif play == "bench":
            order.append(on_the_hosts)
    assert sorted(order) == sorted(names * 3)
    changes = sum(1 for before, after in zip(["calico-ipip", *order], order, strict=False) if before != after)
    assert sum(words.startswith("up ") for words in rounds) == changes
    run = load_run(folder)
    assert len(run.samples) == 3 * (1 + 3 + 3)
    assert run.header.environment.resumed is False
    assert run.refused == ()
    assert (folder / "raw" / "proof-ipvlan-l2" / "requests.json").is_file()
    assert lab.load_state().profile == order[-1], "that is what the hosts are"


def test_bench_does_not_apply_what_is_up_a_second_time_for_its_first_block(lab, hosts, plays):
    workflow.bench(lab, SPEC, ["baseline-vm"], Reporter())
    assert plays.changes() == ["up baseline-vm"]


def test_run_gives_the_hosts_back_even_when_it_fails(lab, hosts, plays):
    spec = SPEC.model_copy(update={"profiles": ("baseline-vm", "ipvlan-l2")})
    workflow.run(lab, spec, Reporter())
    assert (hosts.calls[-1], lab.load_state()) == ("down", None)
    plays.failing_play = "up"
    with pytest.raises(AnsibleFailed):
        workflow.run(lab, spec, Reporter())
    assert (hosts.calls[-1], lab.load_state()) == ("down", None)


def test_interrupted_hosts_that_were_there_before_are_kept(lab, hosts, plays, monkeypatch):
    up(lab)
    with monkeypatch.context() as patched:
        patched.setattr(ansible, "play", interrupt)
        with pytest.raises(KeyboardInterrupt):
            up(lab, "ipvlan-l2")
    assert "down" not in hosts.calls
    assert lab.load_state().applied == tag(lab, "baseline-vm"), "its teardown was not played to the end"
    up(lab, "ipvlan-l2")
    assert plays.changes() == ["up baseline-vm", "teardown baseline-vm", "up ipvlan-l2"]


def test_interrupted_hosts_that_were_not_are_removed(lab, hosts, plays, monkeypatch):
    monkeypatch.setattr(ansible, "play", interrupt)
    with pytest.raises(KeyboardInterrupt):
        up(lab)
    assert hosts.calls[-1] == "down"
    assert lab.load_state() is None


def test_hosts_that_a_killed_netlab_was_making_are_removed_when_the_next_is_interrupted(lab, hosts, plays, monkeypatch):
    lab.state_folder.mkdir()
    lab.save_state(LabState(provider="ssh", clock="real", stack="datapath"))
    monkeypatch.setattr(ansible, "play", interrupt)
    with pytest.raises(KeyboardInterrupt):
        up(lab)
    assert hosts.calls[-1] == "down"
    assert lab.load_state() is None


def interrupt(*_, **__):
    raise KeyboardInterrupt


def test_hosts_that_cannot_be_had_leave_no_lab(lab, hosts, plays, monkeypatch):
    def refuse():
        raise HostUnsuitable("node1 disk: 7 MiB free on /")

    monkeypatch.setattr(hosts, "start", refuse)
    with pytest.raises(HostUnsuitable):
        up(lab)
    assert lab.load_state() is None
    assert not plays.done


def test_another_provider_is_refused_and_named(lab, hosts, plays):
    up(lab)
    with pytest.raises(ConfigError, match="are of the provider 'ssh', but 'qemu' is asked for") as caught:
        up(lab, spec=LabSpec())
    assert "'--provider ssh' works with them" in caught.value.hint
    assert lab.load_state().profile == "baseline-vm"


def test_down_takes_the_provider_that_is_up(lab, hosts, plays):
    up(lab)
    workflow.down(lab, LabSpec(), Reporter())
    assert hosts.calls[-1] == "down"
    assert not lab.state_folder.exists()


def test_down_of_a_provider_that_this_netlab_does_not_have_says_so(lab, hosts, plays):
    up(lab)
    file = lab.state_folder / "state.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "provider": "moon"}))
    with pytest.raises(NetlabError, match="of the provider 'moon', which this version") as caught:
        workflow.down(lab, LabSpec(), Reporter())
    assert "qemu, ssh" in caught.value.hint
    assert file.is_file()


def test_plans_say_that_profiles_are_undone_and_applied_again(lab, hosts, plays):
    up(lab)
    before = list(plays.done)
    outline = "hosts client, node1, node2: up already"
    assert workflow.plan_of_up(lab, SPEC, "baseline-vm", Reporter()).steps == (outline, "baseline-vm: applied already")
    _, step = workflow.plan_of_up(lab, SPEC, "ipvlan-l2", Reporter()).steps
    assert step.startswith("ipvlan-l2: play ")
    assert step.endswith("), prove it")
    measure = workflow.plan_of_run(lab, SPEC, Reporter()).steps[-4]
    assert measure.startswith("measure ")
    assert measure.endswith(
        "before each profile of a round, the previous one's roles are undone and its own are played"
    )
    assert plays.done == before


def test_the_kind_of_states_follows_the_provider(lab, hosts, plays):
    class Session:
        provider = hosts

    assert type(states_of(Session())).__name__ == "Reapplied"


def test_evidence_of_an_earlier_run_is_not_taken_for_this_ones(lab, hosts, plays):
    up(lab)
    stale = lab.proofs / "baseline-vm" / "stale.json"
    stale.touch()
    shutil.copytree(lab.proofs / "baseline-vm", lab.folder / "kept")
    folder = workflow.bench(lab, SPEC, ["baseline-vm"], Reporter())
    assert (lab.folder / "kept" / "stale.json").is_file()
    assert not (folder / "raw" / "proof-baseline-vm" / "stale.json").exists()


CLUSTER = LabSpec(provider="ssh", rounds=3, seed=1, stack="kubeadm")


@pytest.fixture
def asked(monkeypatch, plays):
    """What is asked of hosts that become a cluster, and when the payload reaches them; noted among the plays."""
    monkeypatch.setattr(
        preflight, "check_cluster", lambda _session, profile: plays.done.append(f"check {profile.name}")
    )
    monkeypatch.setattr(provision_plays, "deliver_payload", lambda _session: plays.done.append("deliver"))
    return plays.done


def test_hosts_are_looked_at_before_anything_is_undone_and_get_the_payload_before_they_become_a_cluster(
    lab, hosts, plays, asked
):
    up(lab)
    own_profile(lab, "mine", stack="kubeadm", cluster={})
    plays.done.clear()
    up(lab, "mine", CLUSTER)
    assert plays.done[:5] == ["check mine", "teardown baseline-vm", "deliver", "cluster", "up mine"]


def test_hosts_that_do_not_fit_keep_the_profile_that_they_are(lab, hosts, plays, monkeypatch):
    def refuse(_session, _profile):
        raise HostUnsuitable("control size: 1 processors")

    up(lab)
    own_profile(lab, "mine", stack="kubeadm", cluster={})
    monkeypatch.setattr(preflight, "check_cluster", refuse)
    before = list(plays.done)
    with pytest.raises(HostUnsuitable):
        up(lab, "mine", CLUSTER)
    assert plays.done == before
    assert "down" not in hosts.calls
