from __future__ import annotations

import gzip
import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from netlab.errors import NotUp, ResultsError
from netlab.model.run import Artifact, Provenance
from netlab.report.compute.build import build_report
from netlab.report.compute.explain import explain
from netlab.results import store
from tests import factories

STAT = "cpu  {user} 0 {system} {idle} 0 0 {softirq} 0 0 0\ncpu0 {user} 0 {system} {idle} 0 0 {softirq} 0 0 0\n"
PERF = """\
nginx  1234 [000]  2079.398830:    5025125 cpu-clock:
\tffffffff821f236b veth_xmit+0xb ([veth])

"""


def snapshot(**ticks):
    softirqs = f"                    CPU0\n      NET_RX: {ticks['softirq'] * 10:10}\n"
    softnet = f"{ticks['softirq']:08x} 00000000 00000000" + " 00000000" * 12 + "\n"
    return {"stat": STAT.format(**ticks), "softirqs": softirqs, "softnet": softnet}


def raw_sample(path):
    wrk = {
        "exit_code": 0,
        "stdout": "  100 requests in 1.00s, 4.88KB read\n",
        "summary": {
            "requests": 100,
            "duration": 1_000_000,
            "bytes": 5000,
            "errors": {"connect": 0, "read": 0, "write": 0, "status": 0, "timeout": 0},
        },
        "latency": {"min": 1, "max": 9, "mean": 5, "stdev": 1, "p50": 5, "p90": 8, "p99": 9},
        "histogram": [[5, 90], [9, 10]],
    }
    before, after = (
        {"user": 1, "system": 1, "idle": 1, "softirq": 1},
        {"user": 5, "system": 50, "idle": 2, "softirq": 9},
    )
    host = {"boot_id": "b1", "before": snapshot(**before), "after": snapshot(**after)}
    load = factories.Load().model_dump()
    sample = {"format": 1, "path": path, "url": "http://x/", "load": load, "started_at": 1.0, "wrk": wrk}
    return json.dumps({**sample, "hosts": {"node1": host}})


@pytest.fixture
def directory(tmp_path):
    run = tmp_path / "r1"
    store.write_header(run, factories.header())
    for place, path in (
        ("r2-p0-calico-ipip", "pod-ip"),
        ("r1-p1-calico-ipip", "pod-ip"),
        ("r1-p0-baseline-vm", "host"),
    ):
        (run / "raw" / place).mkdir(parents=True)
        (run / "raw" / place / f"{path}.json").write_text(raw_sample(path))
    (run / "raw/hotspots-calico-ipip").mkdir()
    (run / "raw/hotspots-calico-ipip/pod-ip.perf.gz").write_bytes(gzip.compress(PERF.encode()))
    return run


def test_a_run_comes_back_in_the_order_it_was_measured(directory):
    run = store.load_run(directory)
    assert run.header == factories.header()
    assert [(s.profile, s.path, s.round, s.position) for s in run.samples] == [
        ("baseline-vm", "host", 1, 0),
        ("calico-ipip", "pod-ip", 1, 1),
        ("calico-ipip", "pod-ip", 2, 0),
    ]
    assert run.hotspots[0].functions[0].symbol == "veth_xmit"


def test_a_run_that_was_killed_has_fewer_samples(directory):
    (directory / "raw/r2-p0-calico-ipip/pod-ip.json").unlink()
    (directory / "raw/r2-p0-calico-ipip/.pod-ip.json.x1y2").write_text('{"for')
    (directory / "raw/r2-p0-calico-ipip/pod-ip.json.part").write_text('{"for')
    assert len(store.load_run(directory).samples) == 2


def test_a_run_without_any_sample_is_a_run(tmp_path):
    store.write_header(tmp_path, factories.header())
    assert store.load_run(tmp_path).samples == ()


def test_a_broken_raw_file_is_named(directory):
    name = "raw/r1-p0-baseline-vm/host.json"
    (directory / name).write_bytes(b"{")
    with pytest.raises(ResultsError, match=name) as caught:
        store.load_run(directory)
    assert "move it away" in caught.value.hint


@pytest.mark.parametrize("content", [b"{", gzip.compress(b"no line of perf's\n", mtime=0)])
def test_a_profile_that_cannot_be_read_is_told_and_all_samples_count(directory, content):
    file = directory / "raw/hotspots-calico-ipip/pod-ip.perf.gz"
    file.rename(file.with_name("nodeport-local+close.perf.gz"))
    file.write_bytes(content)
    run = store.load_run(directory)
    assert (len(run.samples), [spots.path for spots in run.hotspots]) == (3, ["nodeport-local"])
    (refused,) = run.refused_hotspots
    assert (refused.profile, refused.path, refused.keepalive) == ("calico-ipip", "pod-ip", True)
    assert refused.reason.startswith(f"{file} cannot be read: ")
    (warning,) = [text for text in build_report([run]).warnings if "profile of" in text]
    assert warning == f"The profile of calico-ipip/pod-ip cannot be used: {refused.reason}."
    base, calico, other = factories.PROFILES
    with pytest.raises(ResultsError, match="cannot be read") as caught:
        explain(run, calico)
    assert "move it away" in caught.value.hint
    assert [explain(run, profile).profile for profile in (base, other)] == [base.name, other.name]


def test_a_baseline_whose_profile_cannot_be_read_explains_nothing(directory):
    place = directory / "raw/hotspots-baseline-vm"
    place.mkdir()
    (place / "host.perf.gz").write_bytes(b"{")
    with pytest.raises(ResultsError, match=r"baseline-vm/host\.perf\.gz cannot be read"):
        explain(store.load_run(directory), factories.PROFILES[1])


def change(file, **changes):
    raw = json.loads(file.read_bytes())
    for place, value in changes.items():
        *above, key = place.split("__")
        inner = raw
        for name in above:
            inner = inner[name]
        inner[key] = value
    file.write_text(json.dumps(raw))


OTHERS = [
    ({"profile": "ipvlan-l2", "snapshot": "ipvlan-l2-1"}, "node1 was 'ipvlan-l2' when this sample of 'baseline-vm'"),
    ({"profile": "baseline-vm", "snapshot": "baseline-vm-2"}, "node1 was resumed from 'baseline-vm-2', not from"),
    (None, "node1 does not say which profile it is"),
]


@pytest.mark.parametrize(("stamp", "reason"), OTHERS)
def test_a_sample_of_other_hosts_is_left_out_and_all_else_stays(directory, stamp, reason):
    """Also one that somebody moved by hand: what hosts were is known from the hosts alone."""
    base, *others = factories.PROFILES
    profiles = (base.model_copy(update={"snapshot": "baseline-vm-1"}), *others)
    store.write_header(directory, factories.header(profiles=profiles))
    file = directory / "raw/r1-p0-baseline-vm/host.json"
    change(file, stamps={"node1": {"profile": "baseline-vm", "snapshot": "baseline-vm-1"}})
    assert len(store.load_run(directory).samples) == 3
    change(file, stamps={"node1": stamp})
    run = store.load_run(directory)
    assert [sample.profile for sample in run.samples] == ["calico-ipip", "calico-ipip"]
    (refused,) = run.refused
    assert (refused.profile, refused.path, refused.round) == ("baseline-vm", "host", 1)
    assert refused.reason.startswith(reason)
    assert f"(docs/measuring.md): baseline-vm/host in round 1 ({reason}" in build_report([run]).warnings[0]


def test_a_run_that_names_no_snapshots_is_compared_by_profile_alone(directory):
    file = directory / "raw/r1-p0-baseline-vm/host.json"
    change(file, stamps={"client": None, "node1": {"profile": "baseline-vm", "snapshot": "baseline-vm-1"}})
    assert len(store.load_run(directory).samples) == 3
    change(file, stamps={"node1": {"profile": "ipvlan-l2", "snapshot": "ipvlan-l2-1"}})
    assert len(store.load_run(directory).samples) == 2


def test_a_run_of_an_older_netlab_keeps_all_but_its_sample_of_failures(directory):
    file = directory / "raw/r1-p1-calico-ipip/pod-ip.json"
    change(file, wrk__summary__requests=0, wrk__stdout="  0 requests in 1.00s, 0.00B read\n", wrk__histogram=[])
    run = store.load_run(directory)
    assert [(one.profile, one.round) for one in run.samples] == [("baseline-vm", 1), ("calico-ipip", 2)]
    (refused,) = run.refused
    assert (refused.profile, refused.path, refused.keepalive, refused.round) == ("calico-ipip", "pod-ip", True, 1)
    assert refused.reason == "no request was answered in 1.0 s"
    assert "calico-ipip/pod-ip in round 1" in build_report([run]).warnings[0]


@pytest.mark.parametrize("content", ["{", raw_sample("pod-ip")])
def test_a_refused_sample_stays_refused_whatever_is_in_it(directory, content):
    file = store.refuse(directory / "raw/r2-p0-calico-ipip/pod-ip.json", 2)
    file.rename(closing := file.with_name("pod-ip+close.json.refused-2"))
    closing.write_text(content)
    run = store.load_run(directory)
    assert len(run.samples) == 2
    (refused,) = run.refused
    assert (refused.path, refused.keepalive, refused.round, refused.attempt) == ("pod-ip", False, 2, 2)
    assert refused.reason


def test_a_run_of_refused_samples_says_why_there_is_no_report(directory):
    for file in directory.glob("raw/*/*.json"):
        change(file, wrk__summary__errors__timeout=1)
    run = store.load_run(directory)
    assert (run.samples, len(run.refused)) == ((), 3)
    with pytest.raises(ResultsError, match=r"no sample to report on: 1 of 100 requests failed \(1 timeout\)"):
        build_report([run])


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"run_id": 3}'])
def test_a_broken_header_is_named(tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ResultsError, match=r"run\.json cannot be read") as caught:
        store.load_run(tmp_path)
    assert caught.value.hint


def test_a_run_of_version_1_is_read_and_says_that_it_recorded_less(tmp_path):
    shutil.copy(Path(__file__).parent / "data/run-version-1.json", tmp_path / "run.json")
    header = store.load_header(tmp_path)
    assert (header.run_id, header.schema_version) == ("20250601T120000Z-0ld1", 5)
    assert [profile.provenance for profile in header.profiles] == [None, None, None]
    assert header.environment.image_digest == ""
    assert (header.environment.control_cpus, header.environment.parallel_fleets) == (None, None)
    assert header == factories.header(run_id=header.run_id)


def test_a_run_of_version_2_is_read(tmp_path):
    shutil.copy(Path(__file__).parent / "data/run-version-2.json", tmp_path / "run.json")
    environment = store.load_header(tmp_path).environment
    assert environment.parallel_fleets == 2
    assert environment.kernels == (("client", "node1", "node2"),)


def test_a_run_of_version_3_is_read_as_one_that_ended_and_has_no_control(tmp_path):
    shutil.copy(Path(__file__).parent / "data/run-version-3.json", tmp_path / "run.json")
    header = store.load_header(tmp_path)
    assert (header.control, header.precision_percent, header.stack) == (None, None, None)
    assert (header.stop.reason, header.planned_rounds) == ("rounds", 5)
    with pytest.raises(NotUp):
        store.unfinished(tmp_path.parent)


def test_a_run_of_version_4_is_read_as_one_build(tmp_path):
    shutil.copy(Path(__file__).parent / "data/run-version-4.json", tmp_path / "run.json")
    header = store.load_header(tmp_path)
    assert (header.builds, {header.build_of(n) for n in range(1, 31)}) == (1, {1})
    assert (header.control, header.stop.reason, header.planned_rounds) == ("block", "precision", 7)
    assert header.looks == tuple(range(3, 31))
    assert header.snapshot_of(header.profiles[0], 30) == header.profiles[0].snapshot


def test_the_control_is_no_sample_of_the_baseline(directory):
    for file in ("host+control.json", "host+control.json.refused-1"):
        (directory / "raw/r1-p0-baseline-vm" / file).write_text(raw_sample("host"))
    run = store.load_run(directory)
    assert len(run.samples) == 3
    assert [(one.profile, one.path, one.round, one.control) for one in run.controls] == [
        ("baseline-vm", "host", 1, True)
    ]
    assert [(one.path, one.keepalive, one.control) for one in run.refused] == [("host", True, True)]


def test_a_run_that_was_interrupted_is_found_the_newest_first(tmp_path):
    for days, name in enumerate(("first", "second", "third")):
        when = factories.STARTED + timedelta(days=days)
        stop = {"stop": None} if name != "third" else {}
        store.write_header(tmp_path / name, factories.header(created_at=when, **stop))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/run.json").write_text("{")
    assert store.unfinished(tmp_path).name == "second"


def test_on_the_real_clock_of_an_older_run_each_host_has_a_kernel(tmp_path):
    written = json.loads((Path(__file__).parent / "data/run-version-2.json").read_text())
    written["environment"]["clock"] = "real"
    (tmp_path / "run.json").write_text(json.dumps(written))
    assert store.load_header(tmp_path).environment.kernels == (("client",), ("node1",), ("node2",))


def test_what_profiles_were_made_of_comes_back(tmp_path):
    made = Provenance(
        digests={"profile": "ab" * 32}, artifacts={"calico": Artifact(version="3.32.1", digest="cd" * 32)}
    )
    profiles = tuple(one.model_copy(update={"provenance": made}) for one in factories.PROFILES)
    store.write_header(tmp_path, factories.header(profiles=profiles))
    assert store.load_header(tmp_path).profiles == profiles
    assert json.loads((tmp_path / "run.json").read_text())["schema_version"] == 5


def test_an_unknown_version_says_so(tmp_path):
    (tmp_path / "run.json").write_text('{"schema_version": 9}')
    with pytest.raises(ResultsError, match="schema version 9") as caught:
        store.load_run(tmp_path)
    assert "newer" in caught.value.hint


def test_a_directory_without_a_run_says_so(tmp_path):
    with pytest.raises(ResultsError, match="holds no run"):
        store.load_run(tmp_path)


def test_runs_are_listed_newest_first_and_broken_ones_last(tmp_path):
    for days, name in enumerate(("z-old", "m", "a-new")):
        store.write_header(tmp_path / name, factories.header(created_at=factories.STARTED + timedelta(days=days)))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/run.json").write_text("{")
    (tmp_path / "no-run").mkdir()
    assert [run.name for run in store.list_runs(tmp_path)] == ["a-new", "m", "z-old", "broken"]
    assert store.latest(tmp_path).name == "a-new"


def test_no_run_yet(tmp_path):
    assert store.list_runs(tmp_path / "runs") == []
    with pytest.raises(NotUp) as caught:
        store.latest(tmp_path / "runs")
    assert "netlab bench" in caught.value.hint


def two_boot_ids(directory):
    """Give the first sample a second host that says it runs on another kernel, as a container does."""
    path = directory / "raw" / "r1-p0-baseline-vm" / "host.json"
    sample = json.loads(path.read_bytes())
    sample["hosts"]["node2"] = {**sample["hosts"]["node1"], "boot_id": "b2"}
    path.write_text(json.dumps(sample))


@pytest.mark.parametrize(
    ("kernels", "counted"),
    [
        ((("client", "node1", "node2"),), [("client", "node1", "node2")]),
        ((("client",), ("node1",), ("node2",)), [("node1",), ("node2",)]),
        ((("client", "node1"), ("node2",)), [("client", "node1"), ("node2",)]),
    ],
)
def test_a_kernel_that_hosts_share_counts_once(directory, kernels, counted):
    two_boot_ids(directory)
    environment = factories.environment(kernels=kernels)
    store.write_header(directory, factories.header(environment=environment))
    assert [kernel.hosts for kernel in store.load_run(directory).samples[0].kernels] == counted
