"""Samples that are taken again because of what the machine did meanwhile; hosts and Ansible are stand-ins."""

import pytest

from netlab import workflow
from netlab.errors import ConfigError
from netlab.lab import Lab
from netlab.measure.again import Again
from netlab.progress import Reporter
from netlab.report.compute.build import build_report
from netlab.results.store import excluded, load_run
from netlab.samples.evidence import read_facts
from netlab.samples.sample import parse_sample
from netlab.spec.lab import LabSpec
from tests import factories
from tests.standins import EVIDENCE, GOLDEN, Plays, StandingHosts, made_by, played_by

SPEC = LabSpec(rounds=3, max_rounds=3, seed=1, provider="ssh")
NAMES = ("baseline-vm", "ipvlan-l2")
SAMPLES = 3 * (2 + 3)
"""Three rounds of the baseline's path, its control, and the other profile's paths."""


class Stolen(Plays):
    """Plays on a machine that takes processor time from the samples that ``stolen`` counts, by round and file."""

    def __init__(self, hosts) -> None:
        super().__init__(hosts)
        self.stolen: dict[tuple[int, str], int] = {}

    def sample(self, place, path, stamp):
        raw = super().sample(place, path, stamp)
        cell = int(place.name[1:3]), path["file"]
        left = self.stolen.get(cell, 0)
        self.stolen[cell] = left - 1
        for host in raw["hosts"].values():  # 52 of its ticks were stolen, really
            if left <= 0:
                host["after"]["stat"] = _without_steal(host["before"]["stat"], host["after"]["stat"])
        return raw


def _without_steal(before, after):
    """Return /proc/stat as if what was stolen had been idle."""
    old, new = (text.partition("\n")[0].split() for text in (before, after))
    stolen = int(new[8]) - int(old[8])
    new[4], new[8] = str(int(new[4]) + stolen), old[8]
    return " ".join(new) + "\n" + after.partition("\n")[2]


class RealHosts(StandingHosts):
    """As the ssh provider's: a kernel and a clock of their own."""

    def environment(self):
        return factories.environment(clock="real", provider="ssh", guest_cpus=2, kernels=(("client",), ("node1",)))


@pytest.fixture
def hosts(monkeypatch):
    return made_by(monkeypatch, RealHosts(), "ssh")


@pytest.fixture
def plays(monkeypatch, hosts):
    return played_by(monkeypatch, Stolen(hosts))


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def bench(lab, **changes):
    return workflow.bench(lab, SPEC.model_copy(update=changes), NAMES, Reporter())


def test_a_sample_that_was_disturbed_is_kept_and_taken_again(lab, plays):
    plays.stolen[2, "pod-ip"] = 1
    folder = bench(lab)
    run = load_run(folder)
    assert len(run.samples) + len(run.controls) == SAMPLES
    (refused,) = run.refused
    assert (refused.gate, refused.path, refused.round, refused.attempt) == ("steal", "pod-ip", 2, 1)
    assert refused.reason == "steal 24.5\N{NARROW NO-BREAK SPACE}% on node1"
    kept = {path.name for path in folder.glob("raw/r02-p*-ipvlan-l2/pod-ip*")}
    assert kept == {"pod-ip.json", "pod-ip.json.refused-1", "pod-ip.json.refused-1.reason"}
    report = build_report([run])
    assert report.warnings[0].startswith(
        "Taken again, because of what the machine did during the first sample (docs/gates.md), "
        f"1 of {SAMPLES} samples: "
        "ipvlan-l2/pod-ip in round 2 (steal 24.5"
    )
    (steal,) = [one for one in report.gates if one.name == "steal"]
    assert (steal.outcome, steal.worst, steal.taken_again) == ("passed", 0, 1), "what counts was not disturbed"


def test_a_second_attempt_that_is_no_better_counts_with_a_warning(lab, plays):
    plays.stolen[2, "pod-ip"] = 2
    run = load_run(bench(lab))
    assert len(run.samples) + len(run.controls) == SAMPLES
    assert [one.attempt for one in run.refused] == [1]
    (steal,) = [one for one in build_report([run]).gates if one.name == "steal"]
    assert steal.outcome == "warning"
    assert steal.worst == pytest.approx(100 * 52 / (3 * 212))


def test_where_all_samples_are_disturbed_no_more_than_one_in_ten_is_taken_again(lab, plays):
    plays.stolen = {(at, file): 9 for at in (1, 2, 3) for file in ("host", "host+control", "pod-ip", "nodeport-local")}
    run = load_run(bench(lab))
    assert len(run.refused) == 1
    assert len(run.samples) + len(run.controls) == SAMPLES


def test_a_retake_that_fails_is_left_out_like_any_other(lab, plays):
    plays.stolen[2, "pod-ip"] = 1
    plays.silent = "sample-silent.json"
    first = plays.sample

    def then_fails(place, path, stamp):
        raw = first(place, path, stamp)
        if (int(place.name[1:3]), path["file"]) == (2, "pod-ip") and plays.stolen[2, "pod-ip"] == 0:
            plays.failing[2, "pod-ip"] = 1
        return raw

    plays.sample = then_fails
    run = load_run(bench(lab))
    assert [(one.attempt, one.gate) for one in run.refused] == [(1, "steal"), (2, "")]
    assert any(text.startswith("Left out of every number") for text in build_report([run]).warnings)


def test_how_often_is_counted_over_an_interruption(lab, plays):
    plays.stolen[1, "pod-ip"] = 1
    folder = bench(lab)
    header = load_run(folder).header
    raw = (GOLDEN / "sample-keepalive.json").read_bytes()
    sample = parse_sample(raw, profile="baseline-vm", round_=1, position=0)
    assert Again(header.environment, SAMPLES, 0).reason(sample).gate == "steal"
    assert Again(header.environment, SAMPLES, 1).reason(sample) is None
    assert excluded(folder) == 1


def test_what_an_older_netlab_refused_says_no_reason_and_is_of_no_gate(lab, plays):
    plays.stolen[2, "pod-ip"] = 1
    folder = bench(lab)
    (reason,) = folder.glob("raw/r02-p*-ipvlan-l2/*.reason")
    reason.unlink()
    (refused,) = load_run(folder).refused
    assert (refused.gate, refused.reason) == ("", "it was refused by the netlab that measured it")


def test_a_reason_that_cannot_be_read_is_named(lab, plays):
    plays.stolen[2, "pod-ip"] = 1
    folder = bench(lab)
    (reason,) = folder.glob("raw/r02-p*-ipvlan-l2/*.reason")
    reason.write_text("{", encoding="utf-8")
    with pytest.raises(Exception, match=r"pod-ip\.json\.refused-1\.reason cannot be read"):
        load_run(folder)


def test_hosts_that_are_not_alike_under_all_profiles_are_refused_before_anything_is_measured(lab, plays, monkeypatch):
    facts = read_facts(EVIDENCE)
    other = {**facts, "node1": facts["node1"].model_copy(update={"kernel_arguments": "mitigations=auto"})}
    monkeypatch.setattr("netlab.measure.bench.read_facts", lambda folder: other if folder.name == NAMES[1] else facts)
    with pytest.raises(ConfigError, match=r"Hosts had other kernels under some profiles: node1 \(") as caught:
        bench(lab)
    assert caught.value.hint == "Boot all hosts into the same kernel, and measure again."
    assert "bench" not in plays
    assert not list(lab.runs.glob("*"))
