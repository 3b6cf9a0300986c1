"""What was measured in one cell, as parsed from raw files.

Raw samples are sacred: everything here is derived again from the raw files whenever a run is loaded.
Latencies are microseconds of the lab's clock, CPU times are ticks of 1/100 s, sizes are bytes.
"""

from __future__ import annotations

from datetime import datetime

from netlab.model.frozen import Frozen
from netlab.model.lab import Load
from netlab.model.latencies import Latencies


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
    histogram: Latencies | None
    """Each request that was answered in time, once; None where wrk's correction cannot be taken back."""
    corrected_histogram: Latencies
    """With the requests that wrk added to correct for coordinated omission: more than there were."""

    @property
    def requests_per_second(self) -> float:
        """Completed requests per second of the lab's clock."""
        return self.requests * 1e6 / self.duration_us

    @property
    def mean_latency_us(self) -> float | None:
        """Mean response time of the requests in µs; None where it is not known."""
        return self.histogram.mean if self.histogram else None


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

    @property
    def total(self) -> int:
        """Ticks of all classes, idle ones too."""
        return sum(self.model_dump().values())


class ProcessorCounters(Frozen):
    """Deltas over one sample on one processor of a kernel."""

    name: str
    """As the kernel calls it: ``cpu0``."""
    cpu: CpuTicks
    softirqs: dict[str, int]
    """By vector as /proc/softirqs names it."""


class Counters(Frozen):
    """Deltas over one sample on one kernel (hosts that share a kernel share the counters)."""

    hosts: tuple[str, ...]
    cpu: CpuTicks
    softirqs: dict[str, int]
    """By vector as /proc/softirqs names it: HI, TIMER, NET_TX, NET_RX, …"""
    softnet_processed: int
    softnet_dropped: int
    softnet_squeezed: int
    processors: tuple[ProcessorCounters, ...] = ()
    """One for each processor, where the kernel has several; of one, all of the above is its own."""


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
    control: bool = False
    """Whether it is the round's second sample of the baseline, which is compared with the first and nothing else."""
    build: int = 1
    """Which build of the hosts it was taken on, from 1; 1 in runs of an older netlab, which had one."""


class Excluded(Frozen):
    """Why a sample that can be used was taken again: a file beside it (docs/gates.md)."""

    gate: str
    """Name of the rule."""
    reason: str


class RefusedSample(Frozen):
    """A sample of failures, or of other hosts; its raw file is kept, its numbers are in no cell (docs/measuring.md)."""

    profile: str
    path: str
    keepalive: bool
    round: int
    attempt: int
    """From 1; after the first, the sample is taken again."""
    reason: str
    gate: str = ""
    """Name of the rule by which it was taken again although it can be used; empty for one that cannot be."""
    control: bool = False
    """As a sample's."""


class HotFunction(Frozen):
    """Samples of the profiler that found the CPU in this kernel function (self time).

    A helper (memcpy, a lock) counts for the subsystem that called it, so one symbol may stand in several groups.
    """

    symbol: str
    group: str
    """Subsystem: one of `netlab.samples.subsystems.GROUPS` (veth, ipip, netfilter, routing, tcp, …, user, other)."""
    samples: int


class HotStack(Frozen):
    """Samples of the profiler that found the CPU in the same chain of calls, idle ones left out."""

    frames: tuple[str, ...]
    """From the program to the function that ran; of user space, the program alone."""
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
    stacks: tuple[HotStack, ...] = ()
    """In the order of their frames' names."""


class RefusedHotSpots(Frozen):
    """A profile of a cell that cannot be read; its raw file is kept."""

    profile: str
    path: str
    keepalive: bool
    reason: str
    """Names the file."""


class Stacks(Frozen):
    """The same with the chains of callers: samples that found the CPU busy, by stack."""

    profile: str
    path: str
    keepalive: bool
    counts: dict[tuple[str, ...], int]
    """By names of frames, the outermost first: the program, its functions that have a name, the kernel's."""
