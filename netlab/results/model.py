"""What a run measured, as frozen values.

Raw samples are sacred: everything here is derived again from the raw files whenever a run is loaded.
Latencies are microseconds of the lab's clock, CPU times are ticks of 1/100 s, sizes are bytes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

Clock = Literal["real", "virtual"]
Stack = Literal["vm", "datapath", "kubeadm"]
PathName = Literal["host", "pod-ip", "nodeport-local", "nodeport-remote", "clusterip", "pod-to-pod"]
"""How the client reaches the app; the last two begin in a pod of the second node."""


class Frozen(BaseModel):
    """A value: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Load(Frozen):
    """What wrk does: a closed loop of ``connections`` requests in flight for ``duration_s``."""

    connections: int = 4
    threads: int = 1
    duration_s: int = 1
    warmup_s: float = 0.2
    keepalive: bool = True
    response_bytes: int = 1024


class WrkErrors(Frozen):
    """Counts of failed requests, by wrk's own classes."""

    connect: int = 0
    read: int = 0
    write: int = 0
    status: int = 0
    timeout: int = 0


class WrkResult(Frozen):
    """One wrk run. Histograms hold (latency in µs, count) pairs in rising order."""

    requests: int
    duration_us: int
    bytes: int
    errors: WrkErrors
    histogram: tuple[tuple[int, int], ...] | None
    """Each request that was answered in time, once; None where wrk's correction cannot be taken back."""
    corrected_histogram: tuple[tuple[int, int], ...]
    """With the requests that wrk added to correct for coordinated omission: more than there were."""

    @property
    def requests_per_second(self) -> float:
        """Completed requests per second of the lab's clock."""
        return self.requests * 1e6 / self.duration_us

    @property
    def mean_latency_us(self) -> float | None:
        """Mean response time of the requests in µs; None where it is not known."""
        total = sum(count for _, count in self.histogram or ())
        return sum(value * count for value, count in self.histogram or ()) / total if total else None


class CpuTicks(Frozen):
    """Deltas of the first line of /proc/stat, in ticks (1/100 s), guest time left out."""

    user: int
    nice: int
    system: int
    idle: int
    iowait: int
    irq: int
    softirq: int
    steal: int


class Counters(Frozen):
    """Deltas over one sample on one kernel (hosts that share a kernel share the counters)."""

    hosts: tuple[str, ...]
    cpu: CpuTicks
    softirqs: dict[str, int]
    """By vector as /proc/softirqs names it: HI, TIMER, NET_TX, NET_RX, …"""
    softnet_processed: int
    softnet_dropped: int
    softnet_squeezed: int


class Sample(Frozen):
    """One measurement of one cell (profile × path × load) in one round."""

    profile: str
    path: str
    round: int
    position: int
    """Place in the round's random order, from 0."""
    url: str
    load: Load
    started_at: datetime
    wrk: WrkResult
    kernels: tuple[Counters, ...]


class RefusedSample(Frozen):
    """A sample of failures, or of other hosts; its raw file is kept, its numbers are in no cell (docs/measuring.md)."""

    profile: str
    path: str
    keepalive: bool
    round: int
    attempt: int
    """From 1; after the first, the sample is taken again."""
    reason: str


class HotFunction(Frozen):
    """Samples of the profiler that found the CPU in this kernel function (self time).

    A helper (memcpy, a lock) counts for the subsystem that called it, so one symbol may stand in several groups.
    """

    symbol: str
    group: str
    """Subsystem: one of `netlab.bench.subsystems.GROUPS` (veth, ipip, netfilter, routing, tcp, …, user, other)."""
    samples: int


class HotSpots(Frozen):
    """Where the CPU was in one cell, from a pass of its own (never inside a timed sample)."""

    profile: str
    path: str
    keepalive: bool = True
    """Whether the load kept its connections open."""
    total_samples: int
    functions: tuple[HotFunction, ...]
    """Sorted by samples, most first; they add up to ``total_samples``."""
    unreadable_samples: int = 0
    """Those that the parser could not read, besides ``total_samples``."""


class RefusedHotSpots(Frozen):
    """A profile of a cell that cannot be read; its raw file is kept."""

    profile: str
    path: str
    keepalive: bool
    reason: str
    """Names the file."""


HopKind = Literal[
    "send", "transmit", "receive", "netfilter", "nat", "route", "tunnel", "driver", "bpf", "softirq", "deliver"
]


WIRE = "wire"
"""The place of a hop that belongs to no host: the Ethernet that joins them."""


class Hop(Frozen):
    """One thing that a packet crosses, in the network namespace where it happens."""

    place: str
    """A host (``node1``), a pod (``node1/app``), or `WIRE`."""
    what: str
    """``in lab0``, ``out veth``, ``PREROUTING``, ``DNAT``, ``ip_forward``, ``ipip_tunnel_xmit``, ``raise NET_RX``, …"""
    kind: HopKind


class PathTrace(Frozen):
    """What one request and its response crossed, from socket to socket, in the order in which the kernel did it."""

    path: PathName
    request: tuple[Hop, ...]
    response: tuple[Hop, ...]


class DeviceFacts(Frozen):
    """A network device as it was during a proof."""

    name: str
    kind: str
    """What makes it: ``veth``, ``ipvlan``, ``virtio_net``, …; empty where the kernel does not say."""
    mtu: int
    """Bytes of an IP packet."""
    qdisc: str
    offloads: tuple[str, ...]
    """Features that are on, as ethtool names them."""
    rps: bool
    """Whether received packets are handed to other CPUs."""


class HostFacts(Frozen):
    """What decides performance besides the path, in one network namespace."""

    devices: tuple[DeviceFacts, ...]
    settings: dict[str, str]
    """Counts and settings, by a name that a network engineer knows: ``iptables rules``, ``conntrack entries``, …"""
    kernel_arguments: str = ""
    """The kernel's command line; of a host, not of its pods, and empty where it was not recorded, as below."""
    vulnerabilities: dict[str, str] = {}
    """What the kernel says of each fault of the CPU that it knows: ``spectre_v2`` to ``Mitigation: Retpolines``, …"""


class Proof(Frozen):
    """The path that the packets of a profile really take, from the kernel's own record."""

    profile: str
    paths: tuple[PathTrace, ...]
    facts: dict[str, HostFacts]
    """By place, as in `Hop`."""


class Artifact(Frozen):
    """A component of the lock that hosts were given."""

    version: str
    digest: str
    """SHA-256 over the names and digests of its files and images, for the hosts' architecture."""


class Provenance(Frozen):
    """What a profile was made of, and measured with. Two that are equal stand for the same thing."""

    digests: dict[str, str]
    """SHA-256 of contents, by what they are of: ``profile``, ``role pod``, ``playbook up``, …"""
    artifacts: dict[str, Artifact] = {}
    """By the component's name: ``calico``, ``kubernetes``, …"""


class ProfileInfo(Frozen):
    """What a report says about a profile."""

    name: str
    label: str
    """For humans; a replica is never called by its product's bare name: ``calico-ipip (data-path replica)``."""
    stack: Stack
    description: str
    paths: tuple[PathName, ...]
    """Those that the run measures."""
    missing: dict[PathName, str] = {}
    """Paths that cannot exist here, or that the run does not measure, each with its reason."""
    provenance: Provenance | None = None
    """None in runs of schema version 1, which did not record it."""
    snapshot: str = ""
    """What its hosts were resumed from, which each sample says too; empty in runs of an older netlab."""


class Environment(Frozen):
    """Where the run was measured; runs from different environments are not compared."""

    netlab_version: str
    provider: str
    clock: Clock
    accelerator: str
    qemu_version: str | None
    host_cpu: str
    host_cpus: int
    guest_os: str
    guest_kernel: str
    guest_cpus: int
    guest_memory_mib: int
    image_key: str
    """Hash of the recipe that the image was made by."""
    image_digest: str = ""
    """SHA-256 over the image's contents; empty in runs of schema version 1, which did not record it."""
    fleet: dict[str, str]
    """Host name to part (client, node, control)."""
    control_cpus: int | None = None
    """Of a cluster's control plane; None where there is none, and in runs of an older netlab."""
    lanes: int | None = None
    """How many fleets worked at the same time; None in runs of an older netlab."""


class RunHeader(Frozen):
    """All that is known before the first sample; stored as ``run.json``.

    Version 2 of the schema added what profiles and image were made of.
    """

    schema_version: Literal[2] = 2
    run_id: str
    created_at: datetime
    seed: int
    rounds: int
    load: Load
    baseline_profile: str
    baseline_path: PathName
    environment: Environment
    profiles: tuple[ProfileInfo, ...]


class Run(Frozen):
    """One ``netlab bench``: its header, every sample, and the profiler's findings."""

    header: RunHeader
    samples: tuple[Sample, ...]
    hotspots: tuple[HotSpots, ...]
    proofs: tuple[Proof, ...] = ()
    """One a profile, where the run recorded it."""
    refused: tuple[RefusedSample, ...] = ()
    """In the order in which they were measured."""
    refused_hotspots: tuple[RefusedHotSpots, ...] = ()
