"""The report as frozen values, one JSON document; every number's unit and base is in its name or docstring."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from netlab.model.frozen import Frozen
from netlab.model.lab import Clock, Load, Stack
from netlab.model.proof import DeviceFacts, HopKind
from netlab.model.run import Environment, Stop
from netlab.statistics.agreement import Agreement
from netlab.statistics.verdict import Verdict


class Rate(Frozen):
    """Requests per second over the rounds; ``spread_percent`` is (max - min) in % of the mean."""

    median: float
    mean: float
    min: float
    max: float
    spread_percent: float


class Bounds(Frozen):
    """A 95 % confidence interval that holds by itself."""

    low: float
    high: float


class Percentiles(Frozen):
    """Response times in µs from the merged histogram of all rounds."""

    p50_us: float
    p90_us: float
    p99_us: float
    mean_us: float
    max_us: float
    intervals: dict[str, Bounds]
    """By name of the value: ``p50_us``, …; none of the longest, and none for fewer than three rounds."""


class Latency(Percentiles):
    """Of the requests themselves, each counted once."""

    cdf: tuple[tuple[float, float], ...]
    """(µs, % of requests that took no longer), rising."""


class Change(Frozen):
    """Difference of requests/s from the base in %: negative is a loss. The interval is on the mean paired ratio."""

    base: str
    percent: float | None
    low_percent: float | None
    high_percent: float | None
    confidence_percent: float
    """Of the intervals of all ``comparisons`` together."""
    comparisons: int
    """Cells of the report that have an interval."""
    standard_error: float | None
    """Of the natural logarithm of the ratio, 1 + ``percent`` / 100."""
    pairs: int
    """Rounds in which both the cell and its base were measured."""
    margin_percent: float
    """What is called no difference."""
    verdict: Verdict
    """What the interval says of requests/s: ``lower`` is a slower network."""
    rounds_needed: int | None
    """Where it cannot tell yet, about how many rounds would; None else, and where it is more than 1000."""


class CpuUse(Frozen):
    """One kernel's CPU time by class in % of one CPU; ``busy_percent`` leaves out idle, iowait and steal."""

    hosts: tuple[str, ...]
    percent: dict[str, float]
    busy_percent: float
    intervals: dict[str, Bounds]
    """By class; none for one that took no time, and none for fewer than three rounds."""


class HotFunctionShare(Frozen):
    """A kernel function's own time, in % of the profiler's samples that found the CPU busy."""

    symbol: str
    group: str
    percent: float


class GroupShare(Frozen):
    """A subsystem's time in % of the busy samples and, where one kernel runs everything, in CPU µs per request."""

    group: str
    percent: float
    us_per_request: float | None
    change_us_per_request: float | None
    """Against the baseline's cell."""


class Cell(Frozen):
    """Everything about one profile, path and load."""

    profile: str
    label: str
    """The profile's, with the load where a report has several; what is a cluster says so."""
    path: str
    name: str
    """Unique in the report, for humans."""
    load: Load
    is_baseline: bool
    rounds: int
    requests: int
    rate: Rate
    latency: Latency | None
    """None where no request was answered in time, or wrk's correction cannot be taken back."""
    corrected_latency: Percentiles | None
    """As wrk corrected it for coordinated omission, which adds requests that were never sent."""
    change: Change | None
    """None for the baseline itself."""
    cpu: tuple[CpuUse, ...]
    cpu_us_per_request: float | None
    """Busy CPU time of all kernels of the lab together, µs per request."""
    cpu_interval: Bounds | None
    """Of ``cpu_us_per_request``."""
    softirqs_per_request: dict[str, float]
    """Runs by vector, all kernels of the lab together."""
    softirq_intervals: dict[str, Bounds]
    """By vector."""
    hot_functions: tuple[HotFunctionShare, ...]
    hot_groups: tuple[GroupShare, ...]
    profiler_samples: int
    stack: Stack | None = None
    """``kubeadm``: a real cluster, ``datapath``: a replica of its path; None where no run says."""
    runs: tuple[int, ...] = ()
    """Numbers of the runs that it is of, from 1, where others measured another configuration of the profile."""


class PathHop(Frozen):
    """One thing that a packet crosses; ``new`` where the baseline's path has no such hop left to match it with."""

    what: str
    kind: HopKind
    new: bool


class Visit(Frozen):
    """A packet's stay in one network namespace; ``wire`` is the Ethernet between hosts, shown without its hops."""

    place: str
    hops: tuple[PathHop, ...]


class PathCounts(Frozen):
    """What a request and its response cross together, or the difference of two such counts; wires are counted apart."""

    hops: int
    net_rx_queued: int
    """How often the packet was queued for a NET_RX softirq (``netif_rx``), as each veth does."""
    net_rx_raises: int
    """How often that raised the softirq; a packet that is queued while it runs raises none."""
    netfilter_calls: int
    """Hooks, connection tracking and chains of rules."""
    namespaces: int
    wires: int


class PathPicture(Frozen):
    """The recorded path of one profile's cell, compared with the baseline's."""

    profile: str
    label: str
    path: str
    name: str
    """As the cell's."""
    is_baseline: bool
    base: str | None
    """The cell whose path this one is compared with; None where its path was not recorded, and for itself."""
    request: tuple[Visit, ...]
    response: tuple[Visit, ...]
    counts: PathCounts
    change: PathCounts | None
    """Against the base."""
    new_hops: int | None


class DeviceRow(Frozen):
    """A device as it was, beside the one of that name in the same place of the baseline's profile."""

    place: str
    device: DeviceFacts
    base: DeviceFacts | None
    differs: tuple[str, ...]
    """Fields that are not the base's."""
    gained: tuple[str, ...]
    """Offloads that the base has not."""
    lost: tuple[str, ...]


class SettingRow(Frozen):
    """A setting of a place, beside the baseline's; None where it is not known there."""

    place: str
    name: str
    value: str | None
    base: str | None
    differs: bool


class ProfileFacts(Frozen):
    """What decides performance besides the path, for one profile."""

    profile: str
    label: str
    base: str | None
    """The profile whose facts these are compared with; None where there are none, and for itself."""
    devices: tuple[DeviceRow, ...]
    settings: tuple[SettingRow, ...]


class Missing(Frozen):
    """Cells without a number, and the one reason why; they are not zero."""

    path: str
    labels: tuple[str, ...]
    """The profiles'."""
    reason: str


class Control(Frozen):
    """The baseline compared with itself: both samples of a round are of one thing, so that only chance differs."""

    name: str
    """The baseline's cell."""
    load: Load
    own_blocks: bool
    """Whether hosts became the baseline once more for a round's second sample; else it is of the same block."""
    change: Change
    """``comparisons`` counts the controls of the report, which are no part of the cells' comparisons."""
    text: str
    """The same in words."""


class RunRef(Frozen):
    """Where the samples came from."""

    run_id: str
    created_at: datetime
    seed: int
    """Of the random order: it repeats it."""
    rounds: int
    """That were measured, or where the run was interrupted, planned."""
    precision_percent: float | None = None
    """At which the run was to stop, in % of the baseline's requests/s; None: after a fixed number of rounds."""
    stop: Stop | None = None
    """Why it was the end; None where the run was interrupted."""
    resumed_at: tuple[datetime, ...] = ()
    """When it was continued after an interruption."""


class Difference(Frozen):
    """Something that runs of one report do not say alike of a profile."""

    what: str
    """``netlab``, ``image``, ``profile``, ``role pod``, ``calico``, ``kernel command line``, …"""
    profiles: tuple[str, ...]
    """Their names."""
    values: tuple[str | None, ...]
    """One a run, in the report's order; None where it did not record it, or has no such profile."""


class MadeOf(Frozen):
    """What a profile was made of."""

    label: str
    artifacts: dict[str, str]
    """Component to version."""
    digests: dict[str, str]
    """The first digits of SHA-256 over contents, and the artifacts' versions with theirs."""


class KernelFacts(Frozen):
    """A kind of kernel that hosts of the report had."""

    hosts: tuple[str, ...]
    arguments: str
    """Its command line."""
    mitigations: str
    """What that says of all guards against faults of the CPU at once; ``auto`` is the kernel's default."""
    vulnerabilities: dict[str, str]
    """By fault, in the kernel's words."""
    vulnerable: tuple[str, ...]
    """Faults that the kernel calls vulnerable to."""


class Headline(Frozen):
    """One sentence per cell, costliest first; ``verdict`` is that of its interval."""

    text: str
    verdict: Verdict


class Prediction(Frozen):
    """One path of a cluster beside that of its replica, each against the baseline of its own environment."""

    profile: str
    path: str
    load: Load
    """The cluster's; the replica's may differ in how long a sample takes."""
    network: str
    """The profile, with its runs and the load where there are several of each; for humans."""
    cluster: str
    """Name of the cluster's cell."""
    replica: str
    """Name of the replica's cell."""
    cluster_change: Change
    replica_change: Change
    difference_points: float | None
    """Replica minus cluster in percentage points: negative where the replica loses more."""
    low_points: float | None
    """Bound of the difference's interval; the intervals of all rows hold together with the confidence of a change."""
    high_points: float | None
    margin_points: float
    """What is called agreement."""
    agreement: Agreement
    text: str
    """The same in words, with the reason where it cannot be told."""


class Order(Frozen):
    """Whether the replicas order the cells of one load as the clusters do."""

    load: Load
    cells: int
    tau: float | None
    """Kendall's tau-b: 1 for the same order, -1 for the reverse; None for fewer than 4 cells."""
    settled: int
    """Pairs of cells whose order the clusters' intervals settle: they have no value in common."""
    kept: int
    """Those of them that the replicas have in the same order."""
    text: str


class Predictions(Frozen):
    """How well replicas, measured in an environment of their own, predict the clusters of the report."""

    base: str
    """Name of the clusters' baseline's cell."""
    replicas_base: str
    """Name of the replicas'; not the clusters' where these are compared with a host of theirs, which has no pods."""
    clusters_clock: Clock
    replicas_clock: Clock
    summary: str
    rows: tuple[Prediction, ...]
    """In the order of the report's cells."""
    orders: tuple[Order, ...]
    """One a load."""
    unpaired: tuple[str, ...]
    """Names of the clusters' cells that no replica was measured for."""
    notes: tuple[str, ...]
    """Base, unit, and what each verdict means, one sentence each."""
    clock_notes: tuple[str, ...]
    """What kind of time each side's numbers are in."""
    cells: tuple[Cell, ...]
    """The replicas' own, and their baseline's."""
    environment: Environment
    """The replicas'."""
    runs: tuple[RunRef, ...]
    """The replicas'."""
    kernels: tuple[KernelFacts, ...] = ()
    """The replicas'."""


class Report(Frozen):
    """One document over one or more runs."""

    schema_version: Literal[2] = 2
    """2: verdicts of four kinds, intervals that hold together, and the interval of a prediction's difference."""
    title: str
    base: str
    """Name of the baseline's cell, which every comparison is made with."""
    headlines: tuple[Headline, ...]
    clock_note: str
    method: tuple[str, ...]
    """How the numbers were made, one sentence each."""
    warnings: tuple[str, ...]
    cells: tuple[Cell, ...]
    """Baseline first, then from the cheapest to the costliest."""
    controls: tuple[Control, ...] = ()
    """One per load of the baseline; empty where no run measured the baseline twice a round."""
    margin_percent: float
    """What is called no difference from the baseline."""
    charted: tuple[str, ...]
    """Names of the cells that charts and headlines are of: all of a small report, one path per profile of a large."""
    subsystems: tuple[str, ...]
    """Every group of kernel functions that was found, the one with the largest share of any cell first."""
    main_subsystems: tuple[str, ...]
    """Those whose cost differs most between cells, as many as a table has room for as columns."""
    missing: tuple[Missing, ...]
    descriptions: dict[str, str]
    """Profile label to what the profile is."""
    environment: Environment
    runs: tuple[RunRef, ...]
    paths: tuple[PathPicture, ...] = ()
    """Baseline first, then profile by profile; empty where no run recorded any."""
    facts: tuple[ProfileFacts, ...] = ()
    differences: tuple[Difference, ...] = ()
    """Between runs, in what they measured under one name; where there are any, rows name their runs."""
    made_of: tuple[MadeOf, ...] = ()
    kernels: tuple[KernelFacts, ...] = ()
    """Empty where no run recorded them."""
    predictions: Predictions | None = None
    """Where runs of replicas were given to be compared with clusters."""
