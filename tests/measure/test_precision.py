"""Runs that end when they are precise enough; hosts and Ansible are stand-ins, the rest is real."""

from __future__ import annotations

import json

import pytest

from netlab import workflow
from netlab.lab import Lab
from netlab.progress import Reporter
from netlab.report.compute.build import build_report
from netlab.results.store import load_header, load_run, unfinished
from netlab.spec.lab import LabSpec
from tests.standins import Hosts, Plays, made_by, played_by

NAMES = ("baseline-vm", "ipvlan-l2")


class Noisy(Plays):
    """Plays whose samples of a profile's paths spread by a share that shrinks to nothing from a round on."""

    def __init__(self, hosts, quiet_from) -> None:
        super().__init__(hosts)
        self.quiet_from = quiet_from
        self.interrupt_at = -1

    def bench(self, stamp, inputs):
        if self.count("bench") - 1 == self.interrupt_at:
            raise KeyboardInterrupt
        super().bench(stamp, inputs)

    def sample(self, place, path, stamp):
        raw = super().sample(place, path, stamp)
        number = int(place.name[1:3])
        if path["file"] == "pod-ip" and number < self.quiet_from:
            raw["wrk"]["summary"]["duration"] = round(raw["wrk"]["summary"]["duration"] * (1 + 0.01 * (number % 2)))
        return raw


@pytest.fixture
def hosts(monkeypatch):
    return made_by(monkeypatch, Hosts())


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def spec(**changes):
    return LabSpec(**({"seed": 1, "precision_percent": 1.0} | changes))


def said(monkeypatch):
    found = []
    monkeypatch.setattr(Reporter, "milestone", lambda _, text: found.append(text))
    return found


def test_a_quiet_run_ends_after_three_rounds_and_says_why(lab, hosts, monkeypatch):
    plays = played_by(monkeypatch, Noisy(hosts, 0))
    run = load_run(workflow.bench(lab, spec(), NAMES, Reporter()))
    assert (run.header.rounds, run.header.fewest_rounds, run.header.precision_percent) == (30, 3, 1.0)
    assert (run.header.stop.reason, run.header.stop.rounds) == ("precision", 3)
    assert run.header.stop.half_width_percent == pytest.approx(0, abs=1e-6)
    assert {one.round for one in run.samples} == {1, 2, 3}
    assert len(run.hotspots) == 4, "the first round that may be the last is profiled"
    assert plays.count("hotspots") == 2
    report = build_report([run])
    assert not any("measured in" in text for text in report.warnings)


def test_a_noisy_run_is_looked_at_after_each_round(lab, hosts, monkeypatch):
    played_by(monkeypatch, Noisy(hosts, 4))
    told = said(monkeypatch)
    run = load_run(workflow.bench(lab, spec(), NAMES, Reporter()))
    stop = run.header.stop
    assert (stop.reason, stop.widest) == ("precision", "ipvlan-l2/pod-ip")
    assert 3 < stop.rounds < 30
    assert stop.half_width_percent <= 1.0
    assert {one.round for one in run.samples} == set(range(1, stop.rounds + 1))
    widest = max(
        (cell.change.high_percent - cell.change.low_percent) / 2 for cell in build_report([run]).cells if cell.change
    )
    assert widest == pytest.approx(stop.half_width_percent), "the report shows what the run stopped at"
    assert len(told) == stop.rounds - 3
    assert told[0].startswith("round 3 of at most 30 is measured, ipvlan-l2/pod-ip is known to ± ")
    assert "± 1 % is asked, about " in told[0]


def test_a_run_that_never_is_precise_ends_after_the_most_rounds(lab, hosts, monkeypatch):
    played_by(monkeypatch, Noisy(hosts, 99))
    noted = []
    monkeypatch.setattr(Reporter, "note", lambda _, text: noted.append(text))
    run = load_run(workflow.bench(lab, spec(max_rounds=4, precision_percent=0.01), NAMES, Reporter()))
    (text,) = noted
    assert text.startswith("the end, after round 4, no more rounds are allowed: ipvlan-l2/pod-ip is known to ± ")
    assert text.endswith(", ± 0.01 % is asked")
    assert (run.header.stop.reason, run.header.stop.rounds) == ("max-rounds", 4)
    assert any("did not become as precise as asked" in text for text in build_report([run]).warnings)


@pytest.mark.parametrize("at", [0, 8, 11, 16])
def test_an_interrupted_one_continues_to_the_same_end(lab, hosts, monkeypatch, at):
    hosts.parallel = 1
    plays = played_by(monkeypatch, Noisy(hosts, 4))
    whole = load_header(workflow.bench(lab, spec(), NAMES, Reporter()))
    plays.interrupt_at = plays.count("bench") + at
    with pytest.raises(KeyboardInterrupt):
        workflow.bench(lab, spec(), NAMES, Reporter())
    plays.interrupt_at = -1
    folder = unfinished(lab.runs)
    workflow.continue_bench(lab, LabSpec(), folder, Reporter())
    assert load_header(folder).stop == whole.stop
    assert len(load_run(folder).samples) == 4 * whole.stop.rounds


def test_one_that_was_killed_when_it_was_precise_enough_measures_no_further_round(lab, hosts, monkeypatch):
    plays = played_by(monkeypatch, Noisy(hosts, 0))
    folder = workflow.bench(lab, spec(), NAMES, Reporter())
    header = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**header, "stop": None}))
    before = plays.count("bench")
    workflow.continue_bench(lab, LabSpec(), folder, Reporter())
    assert plays.count("bench") == before
    assert load_header(folder).stop.rounds == 3


def test_a_fixed_number_tells_each_round_and_the_time_left_after_the_first(lab, hosts, monkeypatch):
    played_by(monkeypatch, Noisy(hosts, 0))
    told = said(monkeypatch)
    run = load_run(workflow.bench(lab, LabSpec(rounds=3, seed=1), NAMES, Reporter()))
    assert (run.header.stop.reason, run.header.stop.rounds, run.header.stop.widest) == ("rounds", 3, "")
    assert [text.partition(",")[0] for text in told] == [f"round {at} of 3 is measured" for at in (1, 2, 3)]
    assert all("left" in text for text in told[:-1])
