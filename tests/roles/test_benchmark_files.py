"""The programs that the benchmark role installs, run for real on 127.0.0.1."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import resource
import shlex
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from netlab.errors import MisfiledSample
from netlab.samples import probes
from netlab.samples.evidence import RawFacts, read_proof, read_requests
from netlab.samples.perf import parse_hotspots
from netlab.samples.procfs import RawCounters, parse_softirqs, parse_softnet, parse_stat
from netlab.samples.sample import parse_sample
from tests.roles.rendering import render, template

pytestmark = pytest.mark.real

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
ROLE = ROOT / "roles" / "benchmark"
FILES = ROLE / "files" / "netlab"
BODY = b"a" * 1024
LOAD = {"connections": 2, "threads": 1, "duration_s": 1, "warmup_s": 0, "keepalive": True, "response_bytes": len(BODY)}

needs_wrk = pytest.mark.skipif(not shutil.which("wrk"), reason="wrk is not installed")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="network and mount namespaces need root")

# One sample each time it is let record, of a function with a number
FAKE_PERF = f"""#!{sys.executable}
import os, sys, time
data = sys.argv[sys.argv.index("-o" if "-o" in sys.argv else "-i") + 1]
if sys.argv[1] == "script":
    sys.stdout.write(open(data).read())
    raise SystemExit
commands, answers = map(int, sys.argv[-1].removeprefix("fd:").split(","))
samples = 0
with open(commands) as lines, open(data, "w") as file:
    for line in lines:
        if line == "enable\\n":
            samples += 1
            frame = f"ffffffff821f236b tcp_{{samples}}+0x1 ([kernel.kallsyms])"
            file.write(f"wrk  7 [000]  {{time.monotonic():.6f}}:  1 cpu-clock: \\n\\t{{frame}}\\n\\n")
        os.write(answers, b"ack\\n")
        if line == "stop\\n":
            break
"""
BROKEN_PERF = """#!/bin/sh
echo 'No permission to enable cpu-clock event.' >&2
exit 255
"""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        if self.path == "/silent":
            time.sleep(2)
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", str(len(BODY)))
        if self.headers["Connection"] == "close":
            self.send_header("Connection", "close")  # as nginx does: wrk takes the end for a failure otherwise
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing of the connections that wrk drops at its end."""


@pytest.fixture
def url() -> Iterator[str]:
    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def fake_bin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first folder of PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


@pytest.fixture
def open_bin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The same where every user can read it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        yield folder


def install(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def program(name: str, folder: Path = FILES) -> list[str]:
    return [sys.executable, "-IS", str(folder / name)]


AT = "ssh://root@192.0.2.1"
"""Where the fake ssh finds every agent."""


def let_ssh_start(fake_bin: Path, command: list[str]) -> str:
    """Have ``ssh`` start a program on this machine; where it is to be found."""
    words = shlex.join(command)
    install(fake_bin, "ssh", f"#!/bin/sh\ncase \"$*\" in *' -O exit '*) ;; *) exec {words};; esac\n")
    return AT


@pytest.fixture
def agent(fake_bin: Path) -> Iterator[str]:
    """Where ssh starts the agent; its perf is the one in ``fake_bin``, if there is one. No load outlives its driver."""
    yield let_ssh_start(fake_bin, program("netlab-agent"))
    wait_until(lambda: not loads())
    assert not loads()


def loads() -> list[int]:
    """Processes of wrk that were started below this test, or that lost their parent."""
    mine = {os.getpid(), 1}
    found = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in found if name_and_parent(pid) in {("wrk", parent) for parent in mine}]


def name_and_parent(pid: int) -> tuple[str, int]:
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition(" (")[2].rpartition(") ")
    except OSError:
        return "", 0
    return name, int(rest.split()[1])


def changed(folder: Path, **constants: object) -> Path:
    """A copy of the programs in which these constants have other values."""
    shutil.copytree(FILES, folder)
    found = set()
    for file in folder.glob("netlab-*"):
        lines = file.read_text().splitlines()
        for at, line in enumerate(lines):
            name = line.partition(" = ")[0]
            if name in constants:
                found.add(name)
                lines[at] = f"{name} = {constants[name]!r}"
        file.write_text("\n".join(lines) + "\n")
    assert found == constants.keys()
    return folder


@contextlib.contextmanager
def asked(*requests: str, folder: Path = FILES, **options: object) -> Iterator[subprocess.Popen[str]]:
    """An agent that was sent these requests."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        program("netlab-agent", folder), stdin=pipe, stdout=pipe, stderr=pipe, text=True, **options
    ) as process:
        assert process.stdin is not None
        process.stdin.write("".join(f"{request}\n" for request in requests))
        process.stdin.flush()
        yield process
        process.kill()


def ask(*requests: str) -> list[dict[str, object]]:
    with asked(*requests) as process:
        return [json.loads(process.stdout.readline()) for _ in requests]


def drive(mode: str, job: object, folder: Path = FILES, **options: object) -> subprocess.CompletedProcess[str]:
    command = [*program("netlab-drive", folder), *mode.split()]
    told = job if isinstance(job, str) else json.dumps(job)
    return subprocess.run(command, input=told, capture_output=True, text=True, check=False, timeout=60, **options)


def job_of(tmp_path: Path, url: str, agent: str, **changes: object) -> dict[str, object]:
    paths = [{"name": "host", "url": url}, {"name": "pod-ip", "url": f"{url}pod"}]
    agents = {"node1": agent, "node2": agent}
    return {"output": str(tmp_path / "out"), "paths": paths, "agents": agents, "load": LOAD, **changes}


def test_agent_reads_this_kernel():
    first, second = ask("counters", "counters")
    assert first.pop("boot_id") == second.pop("boot_id") == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    before, after = RawCounters.model_validate(first), RawCounters.model_validate(second)
    assert parse_stat(before.stat).keys() == parse_stat(after.stat).keys()
    assert "intr" not in before.stat
    assert sum(parse_softirqs(after.softirqs)["NET_RX"].values()) >= sum(
        parse_softirqs(before.softirqs)["NET_RX"].values()
    )
    assert parse_softnet(after.softnet)[0] >= parse_softnet(before.softnet)[0]


@pytest.mark.parametrize(
    "request_",
    [
        *(
            "",
            "reboot",
            "counters now",
            "perf 99",
            "run perf",
            "run perf 0",
            "run perf 99999",
            "run perf -1",
            "run perf ²",
            "run perf 9;ls",
        ),
        *("run", "run ls", "run facts now", "run wrk", "run wrk no-such-pod -c1", "run get ../../etc", "run 'facts"),
        *("run trace p:netlab/mine", 'run trace {"probes": {}}', "run sh -c id", "bash", "x" * 5000),
    ],
)
def test_agent_refuses_all_else_and_continues(request_):
    refused, *_, answered = ask(*[request_[at : at + 4096] for at in range(0, len(request_) or 1, 4096)], "counters")
    assert refused["error"] == f"unknown request {request_[:80]!r}: counters, stamp, run PROGRAM"
    assert "boot_id" in answered


def test_agent_ends_with_its_client():
    with asked("counters") as process:
        assert "boot_id" in json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


@needs_root
def test_drive_passes_perfs_words_on(tmp_path, url, agent, fake_bin):
    install(fake_bin, "perf", BROKEN_PERF)
    done = drive("perf", job_of(tmp_path, url, agent, perf={"seconds": 1, "hertz": 99}))
    reason = "perf record ended with 255: No permission to enable cpu-clock event."
    assert (done.returncode, done.stderr) == (1, f"netlab-drive: the profiler of node1: {reason}\n")


@needs_root
def test_perf_ends_with_who_asked_for_it(fake_bin, tmp_path):
    install(fake_bin, "perf", f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    with asked("run perf 99") as process:
        wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
        process.stdin.close()
        process.stdout.close()
        perf = Path("/proc", (tmp_path / "pid").read_text().strip())
        wait_until(lambda: not perf.exists())
        assert not perf.exists()


def wait_until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)


@needs_wrk
@pytest.mark.parametrize("keepalive", [True, False], ids=["keepalive", "close"])
def test_drive_writes_raw_samples(tmp_path, url, agent, keepalive):
    done = drive("sample", job_of(tmp_path, url, agent, load=LOAD | {"keepalive": keepalive, "warmup_s": 1}))
    assert (done.returncode, done.stderr) == (0, "")
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(done.stdout))) as archive:
        assert archive.getnames() == ["host.json", "pod-ip.json"]
    sample = parse_sample((tmp_path / "out" / "pod-ip.json").read_bytes(), profile="p", round_=0, position=0)
    assert (sample.path, sample.url) == ("pod-ip", f"{url}pod")
    assert sample.load.keepalive is keepalive
    assert sample.wrk.requests > 0
    assert sample.wrk.errors.status == 0
    assert [kernel.hosts for kernel in sample.kernels] == [("node1", "node2")]
    assert sample.kernels[0].softnet_processed >= sample.wrk.requests


@needs_wrk
def test_drive_forgets_the_samples_of_before(tmp_path, url, agent):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.json").write_text("{}")
    drive("sample", job_of(tmp_path, url, agent, paths=[{"name": "host", "url": url}]))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["host.json"]


@pytest.mark.parametrize(
    ("target", "size", "message"),
    [
        ("missing", 1024, "missing answered 'HTTP/1.1 404 Not Found', not 200"),
        ("", 512, "/ answered 1024 bytes, not 512"),
    ],
)
def test_drive_times_nothing_that_answers_otherwise(tmp_path, url, agent, *, target, size, message):
    paths = [{"name": "host", "url": url + target}]
    done = drive("sample", job_of(tmp_path, url, agent, paths=paths, load=LOAD | {"response_bytes": size}))
    assert done.returncode == 1
    assert done.stderr.startswith("netlab-drive: http://127.0.0.1:")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"paths": [{"name": "host", "url": "http://127.0.0.1:1/"}]}, "cannot connect to http://127.0.0.1:1/ at"),
        ({"paths": [{"name": "host", "url": "https://127.0.0.1/"}]}, "'https://127.0.0.1/' is not a URL of the form"),
    ],
)
def test_drive_says_what_does_not_answer(tmp_path, url, agent, change, message):
    done = drive("sample", job_of(tmp_path, url, agent) | change)
    assert done.returncode == 1
    assert done.stderr.startswith(f"netlab-drive: {message}")
    assert done.stderr.count("\n") == 1


def test_drive_reports_a_wrk_that_fails(tmp_path, url, agent, fake_bin):
    install(fake_bin, "wrk", "#!/bin/sh\necho 'unable to create thread 0' >&2\nexit 2\n")
    done = drive("sample", job_of(tmp_path, url, agent))
    assert (done.returncode, done.stderr) == (1, "netlab-drive: wrk ended with 2: unable to create thread 0\n")


@needs_wrk
@needs_root
def test_drive_profiles_under_load(tmp_path, url, agent, fake_bin):
    install(fake_bin, "perf", FAKE_PERF)
    done = drive("perf", job_of(tmp_path, url, agent, perf={"seconds": 1, "hertz": 99}))
    assert (done.returncode, done.stderr) == (0, "")
    for name, symbol in (("host", "tcp_1"), ("pod-ip", "tcp_2")):
        spots = parse_hotspots((tmp_path / "out" / f"{name}.perf.gz").read_bytes(), profile="p", path=name)
        assert [(function.symbol, function.group) for function in spots.functions] == [(symbol, "tcp")]


@needs_wrk
@pytest.mark.skipif(not shutil.which("perf"), reason="perf is not installed")
def test_drive_profiles_with_the_real_perf(tmp_path, url, agent):
    paths = [{"name": "host", "url": url}]
    done = drive("perf", job_of(tmp_path, url, agent, paths=paths, perf={"seconds": 1, "hertz": 99}))
    if done.returncode:
        pytest.skip(f"perf does not work here: {done.stderr.strip()}")
    spots = parse_hotspots((tmp_path / "out" / "host.perf.gz").read_bytes(), profile="p", path="host")
    assert spots.total_samples > 10


@pytest.fixture
def pod() -> Iterator[str]:
    """A network namespace with a server at http://127.0.0.1:8080/, which only a load in there can reach."""
    name = f"netlab-test-{os.getpid()}"
    run = partial(subprocess.run, check=True, capture_output=True)
    run(["ip", "netns", "add", name])
    try:
        run(["ip", "-n", name, "link", "set", "lo", "up"])
        inside = ["ip", "netns", "exec", name, sys.executable]
        with subprocess.Popen([*inside, "-c", POD_SERVER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
            assert server.stdout is not None
            server.stdout.readline()
            yield name
            server.kill()
    finally:
        run(["ip", "netns", "del", name])


POD_SERVER = """
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "1024"); self.end_headers()
        self.wfile.write(b"a" * 1024)
    def log_message(self, *_): pass
server = ThreadingHTTPServer(("127.0.0.1", 8080), Handler)
print("ready", flush=True)
server.serve_forever()
"""


@needs_wrk
@needs_root
def test_drive_loads_from_inside_a_pod(tmp_path, url, agent, pod, fake_bin):
    install(fake_bin, "perf", FAKE_PERF)
    inside = {"name": "clusterip", "url": "http://127.0.0.1:8080/", "pod": pod, "at": agent}
    closing = {"name": "host", "file": "host+close", "keepalive": False, "url": url}
    job = job_of(tmp_path, url, agent, paths=[inside, closing], perf={"seconds": 1, "hertz": 99})
    job["load"] = LOAD | {"warmup_s": 1}
    done = drive("sample", job)
    assert (done.returncode, done.stderr) == (0, "")
    samples = {
        path.name: parse_sample(path.read_bytes(), profile="p", round_=0, position=0)
        for path in (tmp_path / "out").iterdir()
    }
    assert samples.keys() == {"clusterip.json", "host+close.json"}
    assert samples["clusterip.json"].wrk.requests > 0
    assert [samples[name].load.keepalive for name in sorted(samples)] == [True, False]
    done = drive("perf", job)
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"clusterip.perf.gz", "host+close.perf.gz"}


@needs_root
def test_what_a_pod_cannot_reach_is_said(tmp_path, url, agent, pod):
    paths = [{"name": "clusterip", "url": "http://127.0.0.1:81/", "pod": pod, "at": agent}]
    done = drive("sample", job_of(tmp_path, url, agent, paths=paths))
    assert done.returncode == 1
    assert "cannot connect to http://127.0.0.1:81/" in done.stderr


@needs_wrk
@needs_root
def test_time_outs_follow_the_load(tmp_path, url, agent, pod, fake_bin):
    """As a sample or a warm-up of minutes is to the time-outs of a minute, so are these to those of a second."""
    install(fake_bin, "perf", FAKE_PERF)
    folder = changed(tmp_path / "programs", TIMEOUT_S=1, LOAD_SLACK_S=1)
    paths = [{"name": "clusterip", "url": "http://127.0.0.1:8080/", "pod": pod, "at": agent}]
    load = LOAD | {"duration_s": 2, "warmup_s": 1.2}
    job = job_of(tmp_path, url, agent, paths=paths, load=load, perf={"seconds": 1, "hertz": 99})
    for mode in ("sample", "perf"):
        done = drive(mode, job, folder)
        assert (done.returncode, done.stderr) == (0, "")


STAMP = {"profile": "ipvlan-l2", "snapshot": "ipvlan-l2-1"}


@needs_wrk
def test_a_sample_says_which_profile_its_hosts_are(tmp_path, url, fake_bin):
    place = tmp_path / "profile.json"
    folder = changed(tmp_path / "programs", STAMP=str(place))
    paths = [{"name": "pod-ip", "url": url}]
    agent = let_ssh_start(fake_bin, program("netlab-agent", folder))
    for text, stamp in [("", None), (json.dumps(STAMP), STAMP)]:
        place.write_text(text)
        done = drive("sample", job_of(tmp_path, url, agent, paths=paths), folder)
        assert (done.returncode, done.stderr) == (0, "")
        raw = (tmp_path / "out" / "pod-ip.json").read_bytes()
        assert json.loads(raw)["stamps"] == dict.fromkeys((os.uname().nodename, "node1", "node2"), stamp)
    assert parse_sample(raw, profile="ipvlan-l2", round_=1, position=0, snapshot="ipvlan-l2-1").wrk.requests > 0
    for other in ({"profile": "ipvlan-l3"}, {"profile": "ipvlan-l2", "snapshot": "ipvlan-l2-2"}):
        with pytest.raises(MisfiledSample):
            parse_sample(raw, round_=1, position=0, **other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threads": 3, "connections": 4}, "4 connections are not a multiple of 3 threads: wrk would open fewer"),
        ({"threads": 2, "connections": 1}, "1 connections are not a multiple of 2 threads: wrk would open fewer"),
        ({"connections": 10_001}, "connections is 10001; it can be 1 to 10000"),
        ({"response_bytes": -1}, "response_bytes is -1; it can be 0 to 1048576"),
        ({"duration_s": 3601}, "duration_s is 3601; it can be 1 to 3600"),
    ],
)
def test_a_load_that_wrk_would_round_is_refused(tmp_path, url, agent, change, message):
    done = drive("sample", job_of(tmp_path, url, agent, load=LOAD | change))
    assert (done.returncode, done.stderr) == (1, f"netlab-drive: {message}\n")


@needs_wrk
@pytest.mark.parametrize("hertz", [0, 10_001])
def test_a_rate_that_the_agent_does_not_take_is_refused(tmp_path, url, agent, hertz):
    done = drive("perf", job_of(tmp_path, url, agent, perf={"seconds": 1, "hertz": hertz}))
    assert (done.returncode, done.stderr) == (1, f"netlab-drive: hertz is {hertz}; it can be 1 to 10000\n")


def few_files(most: int | None = None) -> dict[str, object]:
    """What a log-in gives, and less."""
    hard = most or resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return {"preexec_fn": partial(resource.setrlimit, resource.RLIMIT_NOFILE, (64, hard))}


def test_wrk_may_open_a_file_for_each_connection(tmp_path, url, agent, fake_bin):
    install(fake_bin, "wrk", "#!/bin/sh\nulimit -n\nexit 2\n")
    job = job_of(tmp_path, url, agent, load=LOAD | {"connections": 10_000})
    assert drive("sample", job, **few_files()).stderr == "netlab-drive: wrk ended with 2: 10064\n"
    refused = drive("sample", job, **few_files(1024)).stderr
    assert refused.startswith("netlab-drive: wrk needs 10064 open files, but a program of this host may have 1024")
    job["load"] = LOAD
    assert drive("sample", job, **few_files()).stderr == "netlab-drive: wrk ended with 2: 66\n"


@needs_root
def test_wrk_in_a_pod_is_nobody_and_may_open_as_many_files(tmp_path, url, pod, fake_bin, open_bin):
    install(open_bin, "wrk", "#!/bin/sh\necho $(id -u) $(ulimit -n) $(grep CapBnd /proc/self/status)\nexit 2\n")
    few = f"ulimit -S -n 64; exec {shlex.join(program('netlab-agent'))}"
    agent = let_ssh_start(fake_bin, ["sh", "-c", few])
    paths = [{"name": "clusterip", "url": "http://127.0.0.1:8080/", "pod": pod, "at": agent}]
    job = job_of(tmp_path, url, agent, paths=paths, load=LOAD | {"connections": 10_000})
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert drive("sample", job).stderr == f"netlab-drive: wrk ended before @ready: 65534 {most} CapBnd: {0:016x}\n"


@needs_root
@pytest.mark.parametrize(
    "words",
    [
        f"http://127.0.0.1:8080/ 1 /tmp/own.lua '{json.dumps(LOAD)}'",
        f"file:///etc/shadow 1 plain '{json.dumps(LOAD)}'",
        f"http://127.0.0.1:8080/ 99999 plain '{json.dumps(LOAD)}'",
        f"http://127.0.0.1:8080/ 1 plain '{json.dumps(LOAD | {'connections': 10_001})}'",
        "http://127.0.0.1:8080/ 1 plain -s",
        f"http://127.0.0.1:8080/ 1 plain '{json.dumps(LOAD)}' -s own.lua",
    ],
)
def test_an_agent_hands_wrk_nothing_of_its_clients_own(pod, fake_bin, words):
    install(fake_bin, "wrk", "#!/bin/sh\necho started\n")
    with asked(f"run wrk {pod} {words}") as process:
        assert json.loads(process.stdout.readline()) == {"running": "wrk"}
        said = process.stdout.read()
    assert said.startswith("netlab-drive: ")
    assert "started" not in said


BOTH_WAYS = """
function done(summary, latency, requests)
  local memory, calls = by_memory(latency), by_calls(latency)
  local found = memory and table.concat(memory, ";") or "nothing"
  io.write("netlab ", #latency, " ", found, "|", table.concat(calls, ";"), "\\n")
end
"""


@needs_wrk
@pytest.mark.parametrize("path", ["", "silent"])
def test_the_histogram_from_wrks_memory_is_that_of_its_calls(tmp_path, url, path):
    (tmp_path / "both.lua").write_text((FILES / "report.lua").read_text() + BOTH_WAYS)
    command = ["wrk", "-t2", "-c4", "-d1s", "-s", str(tmp_path / "both.lua"), url + path]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=True)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("netlab ")]
    count, _, both = line.removeprefix("netlab ").partition(" ")
    memory, _, calls = both.partition("|")
    assert memory == (calls or "nothing")
    assert bool(path) == (count == "0")


@contextlib.contextmanager
def app(folder: Path, size: int, **options: object) -> Iterator[str]:
    """The URL of the role's app, with the configuration that it gets on a host."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text = render("app", template("nginx.conf.j2"), "node1", app_response_bytes=size, app_port=port)
    file = folder / "nginx.conf"
    file.write_text(text.replace("/run/netlab-app", str(folder)))
    command = ["nginx", "-e", "stderr", "-c", str(file)]
    errors = folder / "errors"
    with errors.open("w") as log, subprocess.Popen(command, stderr=log, **options) as process:
        try:
            wait_until(lambda: answers(port))
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
    assert errors.read_text() == "", "a connection that is not accepted is no error of wrk's"


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


needs_nginx = pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")


@needs_wrk
@needs_nginx
@pytest.mark.parametrize(
    ("size", "load"),
    [(0, {}), (1, {}), (1_048_576, {}), (1024, {"connections": 2000, "keepalive": True})],
    ids=["empty", "one byte", "1 MiB", "2000 connections"],
)
def test_the_app_gives_what_a_load_may_ask_for(tmp_path, agent, size, load):
    with app(tmp_path, size, **few_files()) as url:
        paths = [{"name": "host", "url": url}]
        wanted = LOAD | {"response_bytes": size} | load
        done = drive("sample", job_of(tmp_path, url, agent, paths=paths, load=wanted), **few_files())
    assert (done.returncode, done.stderr) == (0, "")
    sample = parse_sample((tmp_path / "out" / "host.json").read_bytes(), profile="p", round_=0, position=0)
    assert sample.wrk.requests > 0
    assert set(sample.wrk.errors.model_dump().values()) == {0}
    assert sample.wrk.bytes > size * sample.wrk.requests


def let_ssh_say(fake_bin: Path, *answers_: bytes) -> str:
    """Something in an agent's place: to each line it says one of these, and then it ends."""
    steps = [f"sys.stdin.readline(); {_step(answer)}" for answer in answers_]
    text = "\n".join(["import os, sys, time", *steps])
    return let_ssh_start(fake_bin, [sys.executable, "-c", text])


def _step(answer: bytes) -> str:
    return "time.sleep(2)" if answer is SILENCE else f"os.write(1, {answer!r})"


SILENCE = b"silence"
RUNNING = b'{"running": "perf"}\n'


@pytest.mark.parametrize(
    ("mode", "said", "message"),
    [
        ("sample", (b"what?\n",), "the agent of node1 answers b'what?\\n', which is not JSON"),
        ("sample", (), "the agent of node1 "),
        ("sample", (SILENCE,), "the agent of node1 does not answer: timed out"),
        ("sample", (b'{"stamp": null}\n',), "the agent of node1"),
        ("perf", (RUNNING,), "the profiler of node1: it ended without a word"),
        ("perf", (RUNNING + b"@ready\n", b"what?\n"), "the profiler of node1: what?"),
        ("perf", (RUNNING + b"@ready\n", b"@on\n", b"@off\n", b"[what?\n"), "JSONDecodeError in line "),
        ("perf", (RUNNING + b"@ready\n", SILENCE), "the profiler of node1 does not answer: timed out"),
        ("prove", (b'{"running": "trace"}\n', SILENCE), "the recorder of node1 does not answer: timed out"),
    ],
)
@needs_wrk
def test_what_an_agent_says_wrong_is_one_sentence(tmp_path, url, fake_bin, mode, said, message):
    folder = changed(tmp_path / "programs", TIMEOUT_S=0.5, PERF_TIMEOUT_S=0.5, TRACE_TIMEOUT_S=0.5)
    agent = let_ssh_say(fake_bin, *said)
    job = job_of(tmp_path, url, agent, paths=[{"name": "host", "url": url}], agents={"node1": agent})
    job |= {"perf": {"seconds": 0, "hertz": 99}, "trace": {"hosts": ["node1"]}}
    done = drive(mode, job, folder)
    assert done.returncode == 1
    assert done.stderr.startswith(f"netlab-drive: {message}")
    assert done.stderr.count("\n") == 1


@needs_wrk
def test_what_ssh_says_is_why_an_agent_cannot_be_reached(tmp_path, url, fake_bin):
    install(fake_bin, "ssh", "#!/bin/sh\necho 'root@192.0.2.1: Permission denied (publickey).' >&2; exit 255\n")
    done = drive("sample", job_of(tmp_path, url, AT, paths=[{"name": "host", "url": url}]))
    assert done.returncode == 1
    assert "netlab-drive: the agent of node1" in done.stderr
    assert "Permission denied (publickey)." in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("mode", "job"),
    [("sample", "{"), ("sample", ""), ("sample", "{}"), ("sample", "[]"), ("", "{}"), ("dance", "{}")],
)
def test_whatever_it_is_told_the_driver_answers_in_one_sentence(mode, job):
    done = drive(mode, job)
    assert done.returncode == 1
    assert done.stderr.startswith("netlab-drive: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("words", ["get", "get http://127.0.0.1:1/", "get http://127.0.0.1:1/ many"])
def test_a_request_that_is_none_is_one_sentence(words):
    done = drive(words, "")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("netlab-drive: ")


def test_agent_tells_the_facts_of_this_host():
    with asked("run facts") as process:
        assert json.loads(process.stdout.readline()) == {"running": "facts"}
        facts = RawFacts.model_validate({"hosts": {"node1": json.loads(process.stdout.read())}})
    here = facts.hosts["node1"][""]
    assert here.namespace == Path("/proc/self/ns/net").stat().st_ino
    assert "lo" in {link.ifname for link in here.links}
    assert here.settings["kernel"] == os.uname().release
    assert here.kernel_arguments == Path("/proc/cmdline").read_text().strip()
    known = Path("/sys/devices/system/cpu/vulnerabilities")
    assert here.vulnerabilities == {file.name: file.read_text().strip() for file in known.glob("*")}
    assert all(not pod.kernel_arguments for name, pod in facts.hosts["node1"].items() if name), "once a host"


FAKE_TRACE = """#!/usr/bin/python3
import sys
print("@ready lost", flush=True)
sys.stdin.readline()
print("# tracer: nop")
"""


@pytest.fixture
def tracing_agent(tmp_path: Path, fake_bin: Path) -> str:
    """Where ssh starts an agent whose netlab-trace needs no tracefs."""
    folder = changed(tmp_path / "programs", PROVE_TIMEOUT_S=1)
    install(folder, "netlab-trace", FAKE_TRACE)
    return let_ssh_start(fake_bin, program("netlab-agent", folder))


def test_hosts_record_what_netlab_reads():
    assert (FILES / "probes.json").read_text() == probes.file_text(), "python -m netlab.samples.probes writes it"


def test_drive_proves_and_says_which_path_did_not_answer(tmp_path, url, tracing_agent):
    paths = [
        {"name": "host", "url": url, "origin": "client"},
        {"name": "pod-ip", "url": "http://127.0.0.1:1/", "origin": "client"},
    ]
    trace = {"hosts": ["node1"], "interfaces": {"node1": "eth1"}}
    done = drive("prove", job_of(tmp_path, url, tracing_agent, paths=paths, trace=trace), tmp_path / "programs")
    assert (done.returncode, done.stderr) == (0, "")
    requests = read_requests(tmp_path / "out")
    assert [(one.path, one.origin, bool(one.problem)) for one in requests.requests] == [
        ("host", "client", False),
        ("pod-ip", "client", True),
    ]
    assert requests.lacking == {"node1": ("lost",)}
    assert [trace.request for trace in read_proof(tmp_path / "out", "p").paths] == [(), ()]
    facts = RawFacts.model_validate({"hosts": json.loads((tmp_path / "out" / "facts.json").read_text())})
    assert {host: found[""].interface for host, found in facts.hosts.items()} == {"node1": "eth1", "node2": "lab0"}


def test_a_kernel_that_cannot_record_is_named(tmp_path, url, tracing_agent):
    install(tmp_path / "programs", "netlab-trace", "#!/bin/sh\necho @error no tracefs\n")
    trace = {"hosts": ["node1"]}
    done = drive("prove", job_of(tmp_path, url, tracing_agent, trace=trace))
    assert done.returncode == 1
    assert "cannot record: @error no tracefs" in done.stderr


def play(tmp_path: Path, playbook: str, url: str, agent: str, **inputs: object) -> None:
    """Play one of netlab's playbooks with this machine as every host, where ssh starts an agent."""
    assert agent == AT
    host = "127.0.0.1"
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "netlab_address": host}
    (tmp_path / "hosts.json").write_text(
        json.dumps({"client": {"hosts": {"client": local}}, "node": {"hosts": {"node1": local, "node2": local}}})
    )
    told = {
        "benchmark_folder": str(FILES), "benchmark_output": str(tmp_path / "out"),
        "benchmark_paths": [{"name": "host", "url": url.replace(host, "{{ hostvars['node1'].netlab_address }}")}],
        "benchmark_warmup_s": 0,
    }  # fmt: skip
    (tmp_path / "inputs.json").write_text(json.dumps(told | inputs))
    command = ["ansible-playbook", "-i", "hosts.json", "-e", "@inputs.json", str(ROOT / "playbooks" / playbook)]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "ANSIBLE_ROLES_PATH": str(ROOT / "roles"), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_wrk
def test_playbook_fetches_the_samples(tmp_path, url, agent):
    fetched = tmp_path / "raw" / "r0-p0-vm"
    play(tmp_path, "bench.yml", url, agent, benchmark_dest=str(fetched))
    assert [path.name for path in fetched.iterdir()] == ["host.json"]
    assert parse_sample((fetched / "host.json").read_bytes(), profile="vm", round_=0, position=0).url == url


@needs_wrk
def test_playbook_fetches_the_profiles_beside_those_of_an_earlier_attempt(tmp_path, url, agent, fake_bin):
    install(fake_bin, "perf", FAKE_PERF)
    fetched = tmp_path / "raw" / "hotspots-vm"
    fetched.mkdir(parents=True)
    (fetched / "pod-ip.perf.gz").write_bytes(b"of the first")
    play(tmp_path, "hotspots.yml", url, agent, benchmark_hotspots_dest=str(fetched), benchmark_perf_seconds=1)
    assert {path.name for path in fetched.iterdir()} == {"host.perf.gz", "pod-ip.perf.gz"}
    spots = parse_hotspots((fetched / "host.perf.gz").read_bytes(), profile="vm", path="host")
    assert [function.symbol for function in spots.functions] == ["tcp_1"]


def options_of_the_role() -> dict[str, dict[str, object]]:
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    return {name: option for spec in specs.values() for name, option in spec["options"].items()}


def test_inputs_are_documented_with_their_defaults():
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    options = options_of_the_role()
    required = {name for name, option in options.items() if option.get("required")}
    assert options.keys() - required == defaults.keys()
    for name, option in options.items():
        assert name.startswith("benchmark_")
        if "default" in option:
            assert option["default"] == defaults[name]


@pytest.mark.parametrize("name", ["netlab-agent", "netlab-drive", "netlab-facts", "netlab-trace"])
def test_programs_start_with_few_imports(name):
    source = (FILES / name).read_text()
    assert source.startswith("#!/usr/bin/python3 -IS\n")
    assert os.access(FILES / name, os.X_OK)
    for slow in ("argparse", "asyncio", "http", "logging", "pathlib", "tarfile", "urllib"):
        assert f"import {slow}" not in source
