"""Hosts and plays that are none: they remember what they were asked for, and leave real files behind."""

import copy
import json
import shutil
from pathlib import Path

from netlab import ansible
from netlab.errors import AnsibleFailed, MachinePanicked
from netlab.hosts.registry import PROVIDERS
from netlab.model.host import Host
from tests import factories

GOLDEN = Path(__file__).parent / "samples" / "data"
EVIDENCE = Path(__file__).parent / "samples" / "data" / "calico-ipip"
HOSTS = (
    Host(name="client", part="client", address="127.0.0.1", port=1, lab_address="10.10.0.10"),
    Host(name="node1", part="node", address="127.0.0.1", port=2, lab_address="10.10.0.11"),
    Host(name="node2", part="node", address="127.0.0.1", port=3, lab_address="10.10.0.12"),
)


class StandingHosts:
    """A provider of hosts that are there, and whose state cannot be kept: it remembers what it was asked for."""

    clock = "real"

    def __init__(self) -> None:
        self.fleets = {0: self}
        self.stamp: dict[str, str] | None = None
        self.played: list[str] = []
        """What was played since the hosts became what they are."""
        self.calls: list[str] = []
        self.up_now = False
        self.dead = False
        self.booted = 1
        """How often node1 has been booted, by whomever."""

    def facts(self):
        return {"netlab_kernel": "6.12"}

    def hosts(self):
        return HOSTS

    def running(self):
        return self.up_now

    def boots(self):
        return {"client": "1", "node1": str(self.booted), "node2": "1"}

    def prepare(self):
        self.calls.append("prepare")

    def kernels(self):
        return (("client", "node1", "node2"),)

    def outline(self):
        return ("hosts client, node1, node2: up already",)

    def start(self):
        self.calls.append("start")
        self.up_now = True

    def become(self, stamp):
        self.played = []
        self.stamp = stamp

    def check(self):
        if self.dead:
            raise MachinePanicked("machine 'fleet' exited unexpectedly")

    def environment(self):
        return factories.environment()

    def down(self):
        self.calls.append("down")
        self.up_now = False


class Hosts(StandingHosts):
    """Those of a provider with snapshots and parallel fleets, which share what is remembered."""

    clock = "virtual"
    parallel = 2

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.build = ""
        self.number = 0

    def parallel_fleet(self, number):
        other = self.fleets[number] = copy.copy(self)
        other.number = number
        other.down = lambda: self.calls.append(f"down fleet {number}")
        return other

    def rebuilt(self, build):
        other = copy.copy(self)
        other.build = build
        self.calls.append("rebuild")
        return other

    def forget(self):
        self.calls.append("forget")
        self.tags -= {tag for tag in self.tags if tag.endswith(f"+{self.build}")}

    def start(self):
        self._begin("booted", None)

    def resume(self, tag):
        name = tag.rpartition("-")[0]
        self._begin(name, {"profile": name, "snapshot": tag})

    def _begin(self, name, stamp):
        self.calls.append(f"start {name}")
        self.fleets[self.number] = self  # of several builds, the one that was started last
        self.up_now = True
        self.become(stamp)

    def snapshots(self, *, reserve=True):
        return self.tags

    def save(self, tag, evidence):
        assert (evidence is None) == tag.startswith("cluster-"), "only a profile has been proven"
        assert evidence is None or (evidence / "requests.json").is_file()
        self.calls.append(f"save {tag.rpartition('-')[0]}")
        self.tags.add(tag)

    def evidence(self, tag):
        return EVIDENCE


class Plays(list):
    """Names of the playbooks played; bench leaves real samples behind, stamped with what the hosts are."""

    def __init__(self, hosts) -> None:
        super().__init__()
        self.hosts = hosts
        self.failing: dict[tuple[int, str], int] = {}
        """How often the sample of a file in a round is one of failures."""
        self.silent = "sample-silent.json"
        self.profiled: list[list[str]] = []
        """The files of each play of the profiler."""

    def __call__(self, playbook, inventory, *, folder, extra_vars, **_):
        self.append(playbook.stem)
        fleet = self.hosts.fleets[int(folder.name)]
        if playbook.stem in {"up", "teardown", "down"} and not isinstance(fleet, Hosts):  # those are what they resumed
            fleet.become(
                {"profile": extra_vars["netlab_profile"], "snapshot": extra_vars["netlab_snapshot"]}
                if playbook.stem == "up"
                else None
            )
        fleet.played.append(playbook.stem)
        if playbook.stem == "prove":
            shutil.copytree(EVIDENCE, extra_vars["benchmark_dest"], dirs_exist_ok=True)
        elif playbook.stem == "bench":
            fleet.measured = Path(extra_vars["benchmark_dest"])
            self.bench(fleet.stamp, extra_vars)
        elif playbook.stem == "hotspots":
            self.look_before_hotspots(fleet)
            self.hotspots(fleet.measured, extra_vars)

    def bench(self, stamp, inputs):
        place = Path(inputs["benchmark_dest"])
        place.mkdir(parents=True, exist_ok=True)
        for path in inputs["benchmark_paths"]:
            (place / f"{path['file']}.json").write_text(json.dumps(self.sample(place, path, stamp)))

    def look_before_hotspots(self, fleet):
        assert fleet.played[-2:] == ["bench", "hotspots"], "what is profiled was measured, on the same hosts"

    def hotspots(self, measured, inputs):
        """As netlab-drive does it: nothing is profiled where one path is dead."""
        files = [path["file"] for path in inputs["benchmark_paths"]]
        if dead := [file for file in files if not (measured / f"{file}.json").is_file()]:
            raise AnsibleFailed(f"netlab-drive: {dead[0]} does not answer")
        target = Path(inputs["benchmark_hotspots_dest"])
        target.mkdir(parents=True, exist_ok=True)
        for file in files:
            shutil.copy(GOLDEN / "nodeport-netfilter.perf.gz", target / f"{file}.perf.gz")
        self.profiled.append(files)

    def sample(self, place, path, stamp):
        cell = int(place.name[1:3]), path["file"]
        left = self.failing.get(cell, 0)
        self.failing[cell] = left - 1
        bad = left > 0
        raw = json.loads((GOLDEN / (self.silent if bad else "sample-keepalive.json")).read_bytes())
        raw["load"] |= {"keepalive": path["keepalive"]}
        return {**raw, "path": path["name"], "stamps": {host.name: stamp for host in HOSTS}}


def made_by(monkeypatch, provider, name="qemu"):
    """Have this one make the hosts of labs whose provider is called so."""
    monkeypatch.setitem(PROVIDERS, name, PROVIDERS[name]._replace(make=lambda *_: provider))
    return provider


def played_by(monkeypatch, plays):
    """Have all plays be these; what they record is not compared with what a profile promises."""
    monkeypatch.setattr(ansible, "play", plays)
    monkeypatch.setattr("netlab.provision.prove.check", lambda *_: None)
    return plays
