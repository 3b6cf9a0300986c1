"""Synthetic runs with the figures that were measured beforehand, for tests that need no machine."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from netlab.model.lab import Load
from netlab.model.run import Artifact, Environment, ProfileInfo, Provenance, Run, RunHeader, Stop
from netlab.model.sample import Counters, CpuTicks, HotFunction, HotSpots, HotStack, Sample, WrkErrors, WrkResult
from netlab.report.values import Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BASELINE = ("baseline-vm", "host")
SPEEDS = {
    BASELINE: 1.0,
    ("calico-ipip", "pod-ip"): 0.886,
    ("calico-ipip", "nodeport-local"): 0.852,
    ("calico-ipip", "nodeport-remote"): 0.607,
    ("ipvlan-l2", "pod-ip"): 1.04,
}
BASELINE_RATE = 20_200
STARTED = datetime(2025, 6, 1, 12, tzinfo=UTC)
PROFILES = (
    ProfileInfo(
        name="baseline-vm",
        label="baseline-vm",
        stack="vm",
        description="The app on the node itself, no container.",
        paths=("host",),
    ),
    ProfileInfo(
        name="calico-ipip",
        label="calico-ipip (data-path replica)",
        stack="datapath",
        description="veth pair, host routes, IPIP between nodes, NodePort through iptables.",
        paths=("pod-ip", "nodeport-local", "nodeport-remote"),
    ),
    ProfileInfo(
        name="ipvlan-l2",
        label="ipvlan-l2 (data-path replica)",
        stack="datapath",
        description="ipvlan slave of the node's interface in L2 mode.",
        paths=("pod-ip",),
        missing={"nodeport-local": "an ipvlan pod is not reachable from its own node, so no NodePort can lead to it"},
    ),
)
_HOT = {  # symbol: (group, samples by speed: fast, slower, slowest)
    "nginx": ("user", (900, 800, 600)),
    "tcp_sendmsg_locked": ("tcp", (620, 560, 400)),
    "tcp_v4_rcv": ("tcp", (480, 430, 310)),
    "sock_poll": ("socket", (410, 370, 260)),
    "__napi_poll": ("softirq", (300, 380, 420)),
    "fib_table_lookup": ("routing", (150, 260, 380)),
    "nft_do_chain": ("netfilter", (120, 330, 520)),
    "nf_conntrack_in": ("netfilter", (0, 180, 260)),
    "veth_xmit": ("veth", (110, 210, 260)),
    "ipip_tunnel_xmit": ("ipip", (0, 0, 340)),
    "ipvlan_queue_xmit": ("ipvlan", (60, 0, 0)),
    "memcpy_orig": ("other", (250, 240, 200)),
    "default_idle": ("idle", (10, 10, 10)),
}


def environment(**changes) -> Environment:
    values = {
        "netlab_version": "0.1.0",
        "provider": "qemu",
        "clock": "virtual",
        "accelerator": "tcg",
        "qemu_version": "7.2.15",
        "host_cpu": "Intel(R) Xeon(R) Processor @ 2.60GHz",
        "host_cpus": 2,
        "guest_os": "Debian GNU/Linux 13 (trixie)",
        "guest_kernel": "6.12.38+deb13-cloud-amd64",
        "guest_cpus": 1,
        "guest_memory_mib": 2048,
        "image_key": "3f9c2a7d51b0",
        "fleet": {"client": "client", "node1": "node", "node2": "node"},
        "kernels": (("client", "node1", "node2"),),
    }
    return Environment(**{**values, **changes})


def header(**changes) -> RunHeader:
    values = {
        "run_id": "20250601-120000",
        "created_at": STARTED,
        "seed": 7,
        "rounds": 5,
        "load": Load(),
        "baseline_profile": BASELINE[0],
        "baseline_path": BASELINE[1],
        "environment": environment(),
        "profiles": PROFILES,
    }
    values |= changes
    return RunHeader(**{"stop": Stop(reason="rounds", rounds=values["rounds"]), **values})


def change(percent, low, high, verdict, pairs=5) -> Change:
    """A comparison with another cell: in percent, with its interval."""
    return Change(
        base="b",
        percent=percent,
        low_percent=low,
        high_percent=high,
        confidence_percent=95,
        comparisons=4,
        standard_error=None if low is None else 0.001,
        margin_percent=1,
        rounds_needed=None,
        pairs=pairs,
        verdict=verdict,
    )


def made_of(profile: str = "aa", *, artifacts: dict[str, str] | None = None, **roles: str) -> Provenance:
    """What a profile may have been made of: short stand-ins for digests, and artifacts by version."""
    digests = {"profile": profile, "playbook up": "1b", **{f"role {name}": text for name, text in roles.items()}}
    found = {name: Artifact(version=version, digest=f"{name}{version}") for name, version in (artifacts or {}).items()}
    return Provenance(digests=digests, artifacts=found)


def made(profiles: Sequence[ProfileInfo] = PROFILES, /, **own: Provenance) -> tuple[ProfileInfo, ...]:
    """The profiles as a run of today records them; ``own`` by name, with _ for -, replaces what one was made of."""
    return tuple(
        one.model_copy(update={"provenance": own.get(one.name.replace("-", "_"), made_of())}) for one in profiles
    )


def histogram(mean_us: float, requests: int, rng: np.random.Generator) -> tuple[tuple[int, int], ...]:
    """Response times with the long tail that a queue makes."""
    times = mean_us * 0.8 + rng.gamma(1.2, mean_us * 0.2 / 1.2, size=max(requests // 10, 1))
    values, counts = np.unique(times.astype(int), return_counts=True)
    return tuple((int(value), int(count) * 10) for value, count in zip(values, counts, strict=True))


def correct(histogram: Iterable[tuple[int, int]], expected: int) -> tuple[tuple[int, int], ...]:
    """What wrk 4.1.0 does in `stats_correct`, and prints: from the shortest to the longest latency only.

    Its loop goes over all values, but only those with a count at that moment, which are the requests', add anything.
    """
    data = Counter(dict(histogram))
    least = min(data, default=0)
    for n in [n for n in sorted(data) if n >= expected * 2]:
        count, m = data[n], n - expected
        while count and m > expected:
            data[m] += count
            m -= expected
    return tuple((value, data[value]) for value in sorted(data) if value >= least)


def wrk(rate: float, rng: np.random.Generator, *, errors: WrkErrors | None = None) -> WrkResult:
    requests = histogram(3.6e6 / rate, round(rate), rng) if rate else ()
    return WrkResult(
        requests=round(rate),
        duration_us=1_000_000,
        bytes=round(rate) * 1300,
        errors=errors or WrkErrors(),
        histogram=requests,
        corrected_histogram=correct(requests, 1_000_000 // (round(rate) // 4)) if rate >= 4 else requests,
    )


def counters(speed: float, requests: int) -> Counters:
    softirq = round(18 + 22 * max(1 - speed, 0))
    cpu = CpuTicks(user=21, nice=0, system=100 - 21 - softirq, idle=0, iowait=0, irq=0, softirq=softirq, steal=0)
    return Counters(
        hosts=("client", "node1", "node2"),
        cpu=cpu,
        softirqs={"NET_RX": round(requests * (2 + 1.4 * max(0.8 - speed, 0))), "NET_TX": requests // 90, "TIMER": 250}
        | {"RCU": 900, "HI": 0},
        softnet_processed=4 * requests,
        softnet_dropped=0,
        softnet_squeezed=0,
    )


def sample(cell=BASELINE, *, round_: int = 1, position: int = 0, rate: float | None = None, **changes) -> Sample:
    speed = SPEEDS.get(cell, 1.0)
    rng = np.random.default_rng([round_, *map(ord, "".join(cell))])
    host = 1 + 0.004 * np.sin(round_)  # what a whole round has in common
    measured = BASELINE_RATE * speed * host * (1 + 0.0015 * rng.standard_normal()) if rate is None else rate
    values = {
        "profile": cell[0],
        "path": cell[1],
        "round": round_,
        "position": position,
        "url": "http://10.10.0.11:8080/",
        "load": Load(),
        "started_at": STARTED + timedelta(minutes=round_),
        "wrk": wrk(measured, rng),
        "kernels": (counters(speed, round(measured)),),
    }
    return Sample(**{**values, **changes})


def hotspots(cell=BASELINE) -> HotSpots:
    speed = SPEEDS.get(cell, 1.0)
    place = 0 if speed >= 1 else 1 if speed > 0.7 else 2
    found = [
        HotFunction(symbol=symbol, group=group, samples=counts[place])
        for symbol, (group, counts) in _HOT.items()
        if counts[place] and (group != "ipvlan" or cell[0] == "ipvlan-l2")
    ]
    found.sort(key=lambda function: -function.samples)
    total = sum(function.samples for function in found)
    stacks = [HotStack(frames=_chain(one), samples=one.samples) for one in found if one.group != "idle"]
    stacks.sort(key=lambda stack: stack.frames)
    return HotSpots(profile=cell[0], path=cell[1], total_samples=total, functions=tuple(found), stacks=tuple(stacks))


def _chain(function: HotFunction) -> tuple[str, ...]:
    if function.group == "user":
        return (function.symbol,)
    caller = "net_rx_action" if function.group in {"softirq", "netfilter", "veth", "ipvlan"} else "do_syscall_64"
    return ("nginx", caller, function.symbol)


def run(*, rounds: int = 5, cells=tuple(SPEEDS), samples=None, spots=None, proofs=(), **changes) -> Run:
    """A whole run; ``changes`` go to its header."""
    taken = [sample(cell, round_=at, position=place) for at in range(1, rounds + 1) for place, cell in enumerate(cells)]
    return Run(
        header=header(rounds=rounds, **changes),
        samples=tuple(taken if samples is None else samples),
        hotspots=tuple([hotspots(cell) for cell in cells] if spots is None else spots),
        proofs=proofs,
    )


CLUSTERS = {  # speed, and how far its rounds are from each other: the real clock is not a quiet one
    BASELINE: (1.0, 0.0),
    ("calico-ipip", "pod-ip"): (0.889, 0.01),  # as the replica above says
    ("calico-ipip", "nodeport-local"): (0.781, 0.008),  # differs
    ("calico-ipip", "nodeport-remote"): (0.63, 0.12),  # too wide to tell
    ("ipvlan-l2", "pod-ip"): (1.0492, 0.0083),  # within a point, and surely not the same
}
CLUSTER_PROFILES = (
    PROFILES[0],
    ProfileInfo(
        name="calico-ipip",
        label="calico-ipip (cluster)",
        stack="kubeadm",
        description="Calico on Kubernetes, IPIP between nodes, kube-proxy in iptables mode.",
        paths=("pod-ip", "nodeport-local", "nodeport-remote"),
    ),
    ProfileInfo(
        name="ipvlan-l2",
        label="ipvlan-l2",
        stack="kubeadm",
        description="Kubernetes with the reference ipvlan plugin in L2 mode.",
        paths=("pod-ip",),
    ),
)


def clusters(*, rounds: int = 5, cells=CLUSTERS, **changes) -> Run:
    """A run of real clusters; its profiles have the names of the replicas that `run` measures."""
    fleet = {"client": "client", "control": "control", "node1": "node", "node2": "node"}
    taken = [
        sample(cell, round_=at, rate=9000 * speed * (1 + spread * ((at % 3) - 1)), url="http://10.10.0.11:30080/")
        for at in range(1, rounds + 1)
        for cell, (speed, spread) in dict(cells).items()
    ]
    values = {
        "run_id": "20250602-120000",
        "profiles": CLUSTER_PROFILES,
        "environment": environment(clock="real", image_key="c1a5", guest_cpus=2, fleet=fleet),
        **changes,
    }
    return run(rounds=rounds, cells=cells, samples=taken, spots=[], **values)


MANY_PATHS = ("pod-ip", "nodeport-local", "nodeport-remote", "clusterip")


def many(profiles: int = 18, *, rounds: int = 3) -> Run:
    """A run as large as one of every profile: the baseline and ``profiles`` more, some without all paths."""
    names = [f"network-{chr(ord('a') + at)}" for at in range(profiles)]
    infos = [many_profile(name, len(MANY_PATHS) - at % 3) for at, name in enumerate(names)]
    cells = [BASELINE, *((info.name, path) for info in infos for path in info.paths)]
    slower = {cell: 1 - 0.011 * place for place, cell in enumerate(cells)}
    taken = [
        sample(cell, round_=at, position=place, rate=BASELINE_RATE * speed * (1 + 0.001 * at))
        for at in range(1, rounds + 1)
        for place, (cell, speed) in enumerate(slower.items())
    ]
    return run(rounds=rounds, cells=cells, samples=taken, profiles=(PROFILES[0], *infos))


def many_profile(name: str, paths: int) -> ProfileInfo:
    return ProfileInfo(
        name=name,
        label=f"{name} (data-path replica)",
        stack="datapath",
        description="One of many.",
        paths=MANY_PATHS[:paths],
        missing={"host": "the app runs in a pod"} | dict.fromkeys(MANY_PATHS[paths:], "an own path cannot exist"),
    )


def rebuilt(builds: int = 3, rounds: int = 6, *, apart: float = 0.01, **changes) -> Run:
    """A run of several builds, on each of which everything but the baseline is faster by ``apart`` than before."""
    made = run(rounds=rounds, builds=builds, **changes)
    taken = [_on_build(one, made.header.build_of(one.round), apart) for one in made.samples]
    return made.model_copy(update={"samples": tuple(taken)})


def _on_build(one: Sample, build: int, apart: float) -> Sample:
    faster = 1 + apart * (build - 1) * (one.profile != BASELINE[0])
    wrk = one.wrk.model_copy(update={"duration_us": round(one.wrk.duration_us / faster)})
    return one.model_copy(update={"build": build, "wrk": wrk})


CONTROL_FACTORS = (1.001, 0.999, 1.0005, 0.9995, 1.0002)


def controlled(factors=CONTROL_FACTORS, **changes) -> Run:
    """A run whose control answers by these factors more than the baseline of its round."""
    made = run(**({"control": "block"} | changes))
    bases = {one.round: one for one in made.samples if (one.profile, one.path) == BASELINE}
    again = [
        sample(round_=at, rate=bases[at].wrk.requests_per_second * factor, control=True)
        for at, factor in enumerate(factors, 1)
    ]
    return made.model_copy(update={"controls": tuple(again)})
