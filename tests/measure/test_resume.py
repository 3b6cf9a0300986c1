"""Runs that are interrupted, killed and continued; hosts and Ansible are stand-ins, the rest is real."""

import gzip
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netlab import workflow
from netlab.__main__ import main
from netlab.errors import ConfigError, HostUnreachable, NotUp
from netlab.lab import Lab
from netlab.progress import Reporter
from netlab.report.compute.build import build_report
from netlab.results.store import load_header, load_run, unfinished, write_header
from netlab.spec.lab import LabSpec
from tests import factories
from tests.standins import EVIDENCE, Hosts, Plays, StandingHosts, made_by, played_by

NAMES = ("baseline-vm", "ipvlan-l2")
SPEC = LabSpec(rounds=3, seed=1)
PERF = gzip.compress(
    b"nginx  1234 [000]  2079.398830:    5025125 cpu-clock: \n\tffffffff821f236b veth_xmit+0xb ([veth])\n\n", mtime=0
)
BLOCKS = 3 * 3
"""Two profiles and the control, in three rounds."""


class Killed(Plays):
    """Plays that are interrupted once, in the middle of the block with a number, after some of its files are there."""

    def __init__(self, hosts) -> None:
        super().__init__(hosts)
        self.at = -1
        self.left = 0
        self.error: BaseException = KeyboardInterrupt()
        self.measured: list[tuple[str, str]] = []
        """Folder and file of every sample that was taken, in order."""

    def bench(self, stamp, inputs):
        if self.count("bench") - 1 == self.at:
            self.at = -1
            some = inputs["benchmark_paths"][: self.left]
            self.take(stamp, {**inputs, "benchmark_paths": some})
            raise self.error
        self.take(stamp, inputs)

    def take(self, stamp, inputs):
        super().bench(stamp, inputs)
        place = inputs["benchmark_dest"].rpartition("/")[2]
        self.measured += [(place, path["file"]) for path in inputs["benchmark_paths"]]

    def look_before_hotspots(self, fleet):
        assert fleet.played[-2:] in (["bench", "hotspots"], ["hotspots"]), "on the hosts of the samples, or like those"

    def hotspots(self, measured, inputs):
        """Also where the samples were taken before the interruption."""
        target = Path(inputs["benchmark_hotspots_dest"])
        target.mkdir(parents=True, exist_ok=True)
        for path in inputs["benchmark_paths"]:
            (target / f"{path['file']}.perf.gz").write_bytes(PERF)

    def sample(self, place, path, stamp):
        return {**super().sample(place, path, stamp), "started_at": 1e9 + len(self.measured)}


class Bench:
    """A lab of stand-ins, and what it says."""

    def __init__(self, folder, monkeypatch, hosts) -> None:
        self.lab = Lab(folder)
        self.hosts = hosts
        hosts.parallel = 1
        provider = "qemu" if isinstance(hosts, Hosts) else "ssh"
        hosts.environment = lambda: factories.environment(provider=provider, clock=hosts.clock)
        made_by(monkeypatch, hosts, provider)
        self.spec = SPEC.model_copy(update={"provider": provider})
        self.plays = played_by(monkeypatch, Killed(hosts))
        self.said: list[str] = []
        monkeypatch.setattr(Reporter, "warn", lambda _, text: self.said.append(text))

    def interrupted(self, at, left=0, **changes):
        """Begin a run that is interrupted; return its folder."""
        self.plays.at, self.plays.left = self.plays.count("bench") + at, left
        with pytest.raises(type(self.plays.error)):
            workflow.bench(self.lab, self.spec.model_copy(update=changes), NAMES, Reporter())
        return unfinished(self.lab.runs)

    def resume(self, folder, spec=None):
        workflow.continue_bench(self.lab, spec or LabSpec(), folder, Reporter())
        return load_run(folder)


@pytest.fixture
def bench(tmp_path, monkeypatch):
    return Bench(tmp_path, monkeypatch, Hosts())


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in (folder / "raw").rglob("*") if path.is_file()}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, BLOCKS - 1), left=st.integers(0, 2))
def test_a_run_that_is_continued_after_any_prefix_is_the_uninterrupted_one(tmp_path_factory, at, left):
    with pytest.MonkeyPatch.context() as monkeypatch:
        bench = Bench(tmp_path_factory.mktemp("lab"), monkeypatch, Hosts())
        whole = workflow.bench(bench.lab, bench.spec, NAMES, Reporter())
        wanted, bench.plays.measured = bench.plays.measured, []
        folder = bench.interrupted(at, left)
        before, header = files(folder), load_header(folder)
        run = bench.resume(folder)
        assert bench.plays.measured == wanted, "the same order, and nothing twice"
        after = files(folder)
        assert before.items() <= after.items(), "what was there stays as it is"
        assert after.keys() == files(whole).keys()
        assert run.header.model_copy(update={"stop": None, "resumed_at": ()}) == header
        assert len(run.header.resumed_at) == 1
        assert run.header.stop == load_header(whole).stop
        assert (len(run.samples), len(run.controls), run.refused) == (12, 3, ())


def test_an_experiment_that_is_continued_keeps_its_settings(bench, monkeypatch):
    folder = bench.interrupted(2, experiment="softirqs")
    specs = []
    monkeypatch.setattr(workflow, "continue_run", lambda session, *_: specs.append(session.spec))
    workflow.continue_bench(bench.lab, LabSpec(), folder, Reporter())
    (spec,) = specs
    assert load_header(folder).experiment.name == "softirqs"
    assert (spec.experiment, spec.qemu.cpus) == ("softirqs", 2)
    assert spec.load.model_dump() == load_header(folder).load.model_dump(), "what the run says of itself counts"


def test_an_interruption_says_how_to_continue_and_restores_only_what_is_missing(bench):
    folder = bench.interrupted(4)
    assert bench.said == [
        f"4 of 9 blocks are measured, and every sample is kept; to continue: netlab bench --resume {folder.name}"
    ]
    warnings = build_report([load_run(folder)]).warnings
    assert warnings[0].endswith(f"3 rounds was done. To continue it: netlab bench --resume {folder.name}")
    bench.hosts.calls.clear()
    bench.plays.clear()
    run = bench.resume(folder)
    assert len([call for call in bench.hosts.calls if call.startswith("start ")]) == 5
    assert "prepare" not in bench.hosts.calls
    assert (bench.plays.count("prove"), bench.plays.count("up")) == (0, 0)
    report = build_report([run])
    assert not any("interrupted" in text for text in report.warnings), "on the virtual clock time does not matter"
    assert report.runs[0].resumed_at == run.header.resumed_at


def test_a_run_that_an_error_ended_is_continued_too(bench):
    bench.plays.error = HostUnreachable("node1: lost")
    folder = bench.interrupted(2)
    assert bench.said[0].startswith("2 of 9 blocks are measured")
    assert len(bench.resume(folder).samples) == 12


def test_a_sample_that_was_cut_off_is_taken_again(bench):
    folder = bench.interrupted(5)
    cut = min(folder.glob("raw/r01-*/*.json"))
    cut.write_bytes(cut.read_bytes()[:100])
    run = bench.resume(folder)
    assert (len(run.samples) + len(run.controls), len(run.refused)) == (15, 1)
    assert "measured again" in bench.said[1]


def test_a_sample_that_failed_once_before_the_interruption_has_one_attempt_left(bench):
    folder = bench.interrupted(5)
    for raw in sorted(folder.glob("raw/r01-*/*.json"))[:2]:
        raw.rename(raw.with_name(f"{raw.name}.refused-1"))
    lost = min(folder.glob("raw/r01-*/*.refused-1"))
    bench.plays.failing[1, lost.name.removesuffix(".json.refused-1")] = 1
    run = bench.resume(folder)
    assert len(run.samples) + len(run.controls) == 14
    assert len(list(lost.parent.glob(f"{lost.name[:-1]}*"))) == 2


def test_profiles_of_the_kernel_that_are_missing_are_taken(bench):
    folder = bench.interrupted(8)
    for spots in folder.glob("raw/hotspots-*"):
        shutil.rmtree(spots)
    bench.plays.measured.clear()
    run = bench.resume(folder)
    assert len(run.hotspots) == 4
    assert len(bench.plays.measured) < 5, "no sample was taken for it"


def test_a_run_that_was_killed_after_its_last_sample_ends_without_hosts(bench):
    folder = workflow.bench(bench.lab, bench.spec, NAMES, Reporter())
    write_header(folder, load_header(folder).model_copy(update={"stop": None}))
    bench.hosts.calls.clear()
    run = bench.resume(folder)
    assert bench.hosts.calls == []
    assert (run.header.stop.reason, run.header.stop.rounds, run.header.resumed_at) == ("rounds", 3, ())


def test_a_complete_run_is_refused(bench):
    folder = workflow.bench(bench.lab, bench.spec, NAMES, Reporter())
    with pytest.raises(ConfigError, match=f"run {folder.name} is complete"):
        bench.resume(folder)
    with pytest.raises(NotUp, match="was interrupted"):
        unfinished(bench.lab.runs)


def changed(folder, **changes):
    header = load_header(folder)
    write_header(folder, header.model_copy(update=changes))


def test_other_hosts_are_refused_in_one_sentence(bench):
    folder = bench.interrupted(3)
    changed(folder, environment=factories.environment(qemu_version="9.0", resumed=True))
    with pytest.raises(ConfigError, match=r"cannot be continued: qemu version was 9.0 and is 7.2.15$") as caught:
        bench.resume(folder)
    assert "netlab report" in caught.value.hint
    assert load_header(folder).resumed_at == ()


def test_profiles_of_something_else_are_refused(bench):
    folder = bench.interrupted(3)
    (one, two) = load_header(folder).profiles
    made = two.provenance.model_copy(update={"digests": {**two.provenance.digests, "role pod": "0"}})
    changed(folder, profiles=(one, two.model_copy(update={"provenance": made})))
    before = list(bench.hosts.calls)
    with pytest.raises(ConfigError, match=r"cannot be continued: of ipvlan-l2, role pod changed since$"):
        bench.resume(folder)
    assert bench.hosts.calls == before, "that is known before any host is touched"


def test_inputs_that_changed_are_refused(bench):
    folder = bench.interrupted(3)
    load = load_header(folder).load.model_copy(update={"response_bytes": 10})
    changed(folder, load=load)
    with pytest.raises(ConfigError, match="of baseline-vm, its inputs changed since"):
        bench.resume(folder)


def test_snapshots_that_are_gone_are_not_made_again(bench):
    folder = bench.interrupted(3)
    bench.hosts.tags.clear()
    before = bench.plays.count("up")
    with pytest.raises(
        ConfigError, match="the snapshots of baseline-vm, ipvlan-l2 that it was measured on are no longer"
    ):
        bench.resume(folder)
    assert bench.plays.count("up") == before


def test_snapshots_that_were_made_again_are_refused(bench):
    folder = bench.interrupted(3)
    (folder / "raw" / "proof-ipvlan-l2" / "requests.json").write_text("{}")
    with pytest.raises(ConfigError, match="the snapshot of ipvlan-l2 was made again since"):
        bench.resume(folder)


@pytest.fixture
def standing(tmp_path, monkeypatch):
    return Bench(tmp_path, monkeypatch, StandingHosts())


def test_hosts_without_snapshots_are_proven_again_and_continue(standing):
    folder = standing.interrupted(3)
    wanted = set(files(folder))
    run = standing.resume(folder)
    assert (run.header.control, run.header.environment.resumed) == ("sample", False)
    assert (len(run.samples), len(run.controls)) == (12, 3)
    assert wanted < set(files(folder))
    assert standing.plays.count("prove") == 4


def test_hosts_without_snapshots_whose_kernels_are_others_are_refused(standing):
    folder = standing.interrupted(3)
    facts = json.loads((EVIDENCE / "facts.json").read_bytes())
    facts["node1"][""]["kernel_arguments"] = "mitigations=auto"
    (folder / "raw" / "proof-ipvlan-l2" / "facts.json").write_text(json.dumps(facts))
    with pytest.raises(ConfigError, match="under ipvlan-l2, kernels have other arguments"):
        standing.resume(folder)


def test_a_round_on_both_sides_of_an_interruption_is_told_on_the_real_clock(standing):
    folder = standing.interrupted(3)
    run = standing.resume(folder)
    real = factories.environment(clock="real", resumed=False)
    begin = min(one.started_at for one in run.samples)
    header = run.header.model_copy(update={"environment": real, "resumed_at": (begin.replace(microsecond=1),)})
    (text,) = [text for text in build_report([run.model_copy(update={"header": header})]).warnings if "apart" in text]
    assert text.startswith(f"Round 1 of run {folder.name} was interrupted: its samples lie ")


@pytest.fixture
def there(tmp_path, monkeypatch, bench):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_the_command_takes_the_newest_interrupted_run_or_the_one_that_is_named(bench, there, capsys):
    folder = bench.interrupted(3)
    assert main(["bench", "--resume", folder.name]) == 0
    assert capsys.readouterr().out.strip() == str(folder)
    folder = bench.interrupted(1)
    assert main(["bench", "--resume"]) == 0
    assert load_header(folder).stop.rounds == 3
    assert main(["bench", "--resume"]) == 6
    assert main(["bench", "--resume", folder.name]) == 3
    assert "is complete" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--rounds", "4"],
        ["--seed", "3"],
        ["--precision", "1%"],
        ["--no-control"],
        ["--profiles", "a,b"],
        ["--clock", "real"],
    ],
)
def test_options_that_were_decided_when_the_run_began_are_refused(bench, there, capsys, words):
    bench.interrupted(1)
    assert main(["bench", "--resume", *words]) == 2
    option = words[0].replace("--no-", "--")
    assert f"error: {option} does not go with --resume" in capsys.readouterr().err


def test_a_run_of_another_lab_is_refused(bench, there, tmp_path, capsys):
    folder = bench.interrupted(1)
    other = tmp_path / "elsewhere" / folder.name
    shutil.copytree(folder, other)
    assert main(["bench", "--resume", str(other)]) == 2
    assert "is not a run of this lab" in capsys.readouterr().err
