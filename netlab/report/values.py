"""The report as frozen values, one JSON document; every number's unit and base is in its name or docstring."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from netlab.model.frozen import Frozen
from netlab.model.lab import Clock, Load, Stack
from netlab.model.proof import DeviceFacts, HopKind
from netlab.model.run import Environment, ExperimentInfo, Stop
from netlab.statistics.agreement import Agreement
from netlab.statistics.verdict import Verdict


class Rate(Frozen):
    """Requests per second over the rounds; ``spread_percent`` is (max - min) in % of the mean."""

    median: float
    """Requests/s: the round in the middle."""
    mean: float
    """Requests/s: arithmetic mean of the rounds."""
    min: float
    """Requests/s of the slowest round."""
    max: float
    """Requests/s of the fastest round."""
    spread_percent: float
    """``max`` minus ``min``, in % of ``mean``."""
    rounds: tuple[float, ...] = ()
    """Requests/s of each round, in the order in which they were measured; empty in reports of an older netlab."""


class Bounds(Frozen):
    """A 95 % confidence interval that holds by itself."""

    low: float
    """In the unit of the figure that the interval is of."""
    high: float
    """In the same unit."""


class Percentiles(Frozen):
    """Response times in µs from the merged histogram of all rounds."""

    p50_us: float
    """Half of all requests of all rounds took no longer, µs of the lab's clock."""
    p90_us: float
    """90 % of all requests took no longer, µs."""
    p99_us: float
    """99 % of all requests took no longer, µs."""
    mean_us: float
    """Arithmetic mean over all requests, µs."""
    max_us: float
    """The longest response of all rounds, µs."""
    intervals: dict[str, Bounds]
    """In µs, by name of the value: ``p50_us``, …; none of the longest, and none for fewer than three rounds."""


class Latency(Percentiles):
    """Of the requests themselves, each counted once."""

    cdf: tuple[tuple[float, float], ...]
    """(µs, % of requests that took no longer), rising."""


class Change(Frozen):
    """Difference of requests/s from the base in %: negative is a loss. The interval is on the mean paired ratio."""

    base: str
    """Name of the cell that it is compared with, in the same rounds."""
    percent: float | None
    """Geometric mean over the rounds of requests/s divided by the base's, minus 1, in %; None without a pair of
    rounds."""
    low_percent: float | None
    """Lower bound of its interval, % of the base's requests/s; None for fewer than three pairs of rounds."""
    high_percent: float | None
    """Upper bound, likewise in %."""
    confidence_percent: float
    """Of the intervals of all ``comparisons`` together, %."""
    comparisons: int
    """Number of the report's cells that have an interval."""
    standard_error: float | None
    """Of the natural logarithm of the ratio, 1 + ``percent`` / 100; a pure number."""
    pairs: int
    """Number of rounds in which both the cell and its base were measured."""
    margin_percent: float
    """What is called no difference: ± so many % of the base's requests/s."""
    verdict: Verdict
    """What the interval says of requests/s: ``lower`` is a slower network."""
    rounds_needed: int | None
    """Where it cannot tell yet, the number of rounds that would, about; None else, and where it is more than 1000."""
    builds: int = 1
    """Number of builds of the hosts that the pairs are of. With several, the interval covers what differs between
    builds, its degrees of freedom are ``builds`` - 1, and ``percent`` is the mean of the builds' means; with one, it
    covers what differs between rounds of one build, and they are ``pairs`` - 1."""
    builds_needed: int | None = None
    """With several builds and ``rounds_needed``, the number of builds that those rounds are of."""
    between_builds_percent: float | None = None
    """Standard deviation of what the rounds of a build have in common, % of the ratio; 0 where builds are no further
    apart than their rounds explain, None with one build, and where each has one round."""
    within_builds_percent: float | None = None
    """Standard deviation between the rounds of one build, % of the ratio; None where each build has one round."""


class CpuUse(Frozen):
    """One kernel's CPU time by class in % of one CPU; ``busy_percent`` leaves out idle, iowait and steal."""

    hosts: tuple[str, ...]
    """Those that share the kernel."""
    percent: dict[str, float]
    """By class (``user``, ``softirq``, …), in % of one CPU, over all rounds."""
    busy_percent: float
    """user + nice + system + irq + softirq, in % of one CPU."""
    intervals: dict[str, Bounds]
    """By class, in % of one CPU; none for one that took no time, and none for fewer than three rounds."""


class ProcessorUse(Frozen):
    """What one of a kernel's processors did: CPU time by class in % of its own, softirq runs per request."""

    hosts: tuple[str, ...]
    """Those that share the kernel."""
    name: str
    """As the kernel calls it: ``cpu0``."""
    percent: dict[str, float]
    """By class, in % of this processor's time, over all rounds."""
    busy_percent: float
    """user + nice + system + irq + softirq, in % of this processor's time."""
    intervals: dict[str, Bounds]
    """By class, in % of this processor's time."""
    softirqs_per_request: dict[str, float]
    """Number of softirq runs on it per request by vector; vectors that never ran are left out."""
    softirq_intervals: dict[str, Bounds]
    """By vector, softirq runs per request."""


class Figure(Frozen):
    """A number over all rounds, and its change against the baseline's in the same rounds; intervals hold by themselves.

    Of fewer than three rounds, and of zeros, there is no interval; the baseline itself has no change.
    """

    value: float | None
    """In the unit that the field's description gives; None where nothing was counted."""
    interval: Bounds | None
    """Of ``value``, in its unit."""
    change_percent: float | None
    """Against the baseline's, in % of the baseline's."""
    change: Bounds | None
    """Of ``change_percent``, in %."""


class SideBySide(Frozen):
    """What a VM was first compared with a container by."""

    mean_us: Figure
    """Average response time of the requests themselves."""
    requests_per_second: Figure
    """All requests over all time, which is not the median of the rounds."""
    user_percent: Figure | None = None
    """CPU time of programs (``us`` of top), in % of one CPU, all kernels of the lab together; None in reports of an
    older netlab."""
    system_percent: Figure | None = None
    """CPU time of the kernel on their behalf (``sy``), likewise."""
    softirq_percent: Figure
    """CPU time in softirqs (``si`` of top), in % of one CPU, all kernels of the lab together."""
    softirqs_per_request: Figure
    """Runs of all vectors, all kernels together."""
    net_rx_per_request: Figure
    """Those of the vector NET_RX."""


class HotFunctionShare(Frozen):
    """A kernel function's own time, in % of the profiler's samples that found the CPU busy."""

    symbol: str
    """The kernel function; of time in user space, the program."""
    group: str
    """The subsystem that it, or its nearest known caller, belongs to."""
    percent: float
    """Time in the function itself, in % of the profiler's samples that found the CPU busy."""


class GroupShare(Frozen):
    """A subsystem's time in % of the busy samples and, where one kernel runs everything, in CPU µs per request."""

    group: str
    """The subsystem's name."""
    percent: float
    """In % of the profiler's samples that found the CPU busy."""
    us_per_request: float | None
    """CPU µs per request: the cell's, shared out by ``percent``; None where several kernels worked."""
    change_us_per_request: float | None
    """CPU µs per request more than in the baseline's cell; negative is less."""


class Cell(Frozen):
    """Everything about one profile, path and load."""

    profile: str
    """The profile's name."""
    label: str
    """The profile's, with the load where a report has several; what is a cluster says so."""
    path: str
    """How the client reaches the app."""
    name: str
    """Unique in the report, for humans."""
    load: Load
    """What wrk did."""
    is_baseline: bool
    """Whether all others are compared with this one."""
    rounds: int
    """Number of samples, one per round."""
    requests: int
    """Number of requests that were answered, all rounds together."""
    rate: Rate
    """Requests per second of the lab's clock."""
    latency: Latency | None
    """None where no request was answered in time, or wrk's correction cannot be taken back."""
    corrected_latency: Percentiles | None
    """As wrk corrected it for coordinated omission, which adds requests that were never sent."""
    change: Change | None
    """None for the baseline itself."""
    cpu: tuple[CpuUse, ...]
    """One per kernel."""
    cpu_us_per_request: float | None
    """Busy CPU time of all kernels of the lab together, µs per request."""
    cpu_interval: Bounds | None
    """Of ``cpu_us_per_request``, µs per request; None for fewer than three rounds."""
    softirqs_per_request: dict[str, float]
    """Number of softirq runs per request by vector, all kernels of the lab together."""
    softirq_intervals: dict[str, Bounds]
    """By vector, softirq runs per request."""
    hot_functions: tuple[HotFunctionShare, ...]
    """Those that took most time, most first."""
    hot_groups: tuple[GroupShare, ...]
    """All subsystems, most time first; one that only the baseline has stands as 0."""
    profiler_samples: int
    """Number of samples that the profiler took in passes of its own, idle ones too."""
    side_by_side: SideBySide | None = None
    """None in reports of an older netlab."""
    processors: tuple[ProcessorUse, ...] = ()
    """One per processor of each kernel that has several; empty in reports of an older netlab."""
    stack: Stack | None = None
    """``kubeadm``: a real cluster, ``datapath``: a replica of its path; None where no run says."""
    runs: tuple[int, ...] = ()
    """Numbers of the runs that it is of, from 1, where others measured another configuration of the profile."""


class PathHop(Frozen):
    """One thing that a packet crosses; ``new`` where the baseline's path has no such hop left to match it with."""

    what: str
    """``in lab0``, ``PREROUTING``, ``DNAT``, ``ip_forward``, …"""
    kind: HopKind
    """What sort of thing it is."""
    new: bool
    """Whether the baseline's path has none left to match it with."""


class Visit(Frozen):
    """A packet's stay in one network namespace; ``wire`` is the Ethernet between hosts, shown without its hops."""

    place: str
    """A host (``node1``), a pod (``node1/app``), or ``wire``."""
    hops: tuple[PathHop, ...]
    """In the order in which the kernel recorded them."""


class PathCounts(Frozen):
    """What a request and its response cross together, or the difference of two such counts; wires are counted apart."""

    hops: int
    """Number of things that a request and its response cross together."""
    net_rx_queued: int
    """Number of times the packet was queued for a NET_RX softirq (``netif_rx``), as each veth does."""
    net_rx_raises: int
    """Number of times that raised the softirq; a packet that is queued while it runs raises none."""
    netfilter_calls: int
    """Number of hooks, lookups of connection tracking and chains of rules."""
    namespaces: int
    """Number of network namespaces, counted at each stay."""
    wires: int
    """Number of times over the Ethernet between hosts."""


class PathPicture(Frozen):
    """The recorded path of one profile's cell, compared with the baseline's."""

    profile: str
    """The profile's name."""
    label: str
    """The profile's, for humans."""
    path: str
    """How the client reached the app."""
    name: str
    """As the cell's."""
    is_baseline: bool
    """Whether it is the path that others are compared with."""
    base: str | None
    """The cell whose path this one is compared with; None where its path was not recorded, and for itself."""
    request: tuple[Visit, ...]
    """What the request crossed, namespace by namespace."""
    response: tuple[Visit, ...]
    """What the response crossed."""
    counts: PathCounts
    """Of request and response together."""
    change: PathCounts | None
    """Against the base."""
    new_hops: int | None
    """Number of hops that the base has not; None without a base."""


class DeviceRow(Frozen):
    """A device as it was, beside the one of that name in the same place of the baseline's profile."""

    place: str
    """A host or a pod."""
    device: DeviceFacts
    """As it was."""
    base: DeviceFacts | None
    """The one on the baseline; None where there is none of that name."""
    differs: tuple[str, ...]
    """Fields that are not the base's."""
    gained: tuple[str, ...]
    """Offloads that the base has not."""
    lost: tuple[str, ...]
    """Offloads that only the base has."""


class SettingRow(Frozen):
    """A setting of a place, beside the baseline's; None where it is not known there."""

    place: str
    """A host or a pod."""
    name: str
    """What a network engineer calls it: ``iptables rules``, ``conntrack entries``, …"""
    value: str | None
    """As it was, a count or a word."""
    base: str | None
    """The same on the baseline."""
    differs: bool
    """Whether the two are not alike."""


class ProfileFacts(Frozen):
    """What decides performance besides the path, for one profile."""

    profile: str
    """The profile's name."""
    label: str
    """The profile's, for humans."""
    base: str | None
    """The profile whose facts these are compared with; None where there are none, and for itself."""
    devices: tuple[DeviceRow, ...]
    """All network devices on the way."""
    settings: tuple[SettingRow, ...]
    """All settings that were read."""


class Missing(Frozen):
    """Cells without a number, and the one reason why; they are not zero."""

    path: str
    """How the client would have reached the app."""
    labels: tuple[str, ...]
    """The profiles'."""
    reason: str
    """One sentence."""


class FlameFrame(Frozen):
    """A function in one chain of calls, with all that it calls."""

    depth: int
    """0 is all that was found; a frame's callees follow it, one deeper."""
    name: str
    """The function's, or the program's."""
    value: float
    """In the flame graph's unit; 0 where only the baseline has it."""
    base_value: float
    """The baseline's, in the same unit; 0 where it has no such chain, and in its own graph."""
    told: bool
    """Whether the two differ by more than twice the standard error of sampling."""


class Flame(Frozen):
    """A cell's flame graph, merged with the baseline's."""

    name: str
    """The cell's."""
    path: str
    """Which the load took."""
    base: str | None
    """The baseline's cell; None for itself, and where the profiler found nothing there."""
    unit: Literal["µs/request", "% of the busy samples"]
    """The second where the cost of a request is not known: on several kernels."""
    samples: int
    """Number of the profiler's samples that found the CPU busy."""
    frames: tuple[FlameFrame, ...]
    """Those with at least 0.5 % of either side, in depth-first order."""


class Control(Frozen):
    """The baseline compared with itself: both samples of a round are of one thing, so that only chance differs."""

    name: str
    """The baseline's cell."""
    load: Load
    """Which both samples were measured under."""
    own_blocks: bool
    """Whether hosts became the baseline once more for a round's second sample; else it is of the same block."""
    change: Change
    """``comparisons`` counts the controls of the report, which are no part of the cells' comparisons."""
    text: str
    """The same in words."""


class GateResult(Frozen):
    """A rule by which netlab looks at its own measurement (docs/gates.md), and what it found in this report's runs."""

    name: str
    """The rule's: ``steal``, ``littles-law``, …"""
    measured: str
    """What is measured, and what it is a share of."""
    unit: str
    """Of ``limit`` and ``worst``: ``%``, ``‰``, ``s``, or what is counted."""
    limit: float
    """The number beyond which there is a warning, in ``unit``."""
    side: Literal["above", "below"]
    """Where beyond is."""
    outcome: Literal["passed", "warning", "not looked at"]
    """The last where the rule means nothing on this clock, or no run has what it is about."""
    worst: float | None
    """The number that is furthest on that side, in ``unit``; None where it was not looked at."""
    where: tuple[str, ...]
    """What is beyond the limit, in words with its value, the worst first."""
    taken_again: int
    """Number of samples that were taken again by this rule, although they could be used."""
    text: str
    """The warning, with what to do next; or why it was not looked at; empty where it passed."""


class RunRef(Frozen):
    """Where the samples came from."""

    run_id: str
    """Name of its folder."""
    created_at: datetime
    """When it began."""
    seed: int
    """Number that the random order of each round follows from: it repeats it."""
    rounds: int
    """Number of rounds that were measured, or where the run was interrupted, planned."""
    builds: int = 1
    """Number of builds of the hosts that these are spread over."""
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
    """The profile's, for humans."""
    artifacts: dict[str, str]
    """Component to version."""
    digests: dict[str, str]
    """The first digits of SHA-256 over contents, and the artifacts' versions with theirs."""


class KernelFacts(Frozen):
    """A kind of kernel that hosts of the report had."""

    hosts: tuple[str, ...]
    """Those that had such a kernel."""
    arguments: str
    """Its command line."""
    mitigations: str
    """What that says of all guards against faults of the CPU at once; ``auto`` is the kernel's default."""
    vulnerabilities: dict[str, str]
    """By fault, in the kernel's words."""
    vulnerable: tuple[str, ...]
    """Faults that the kernel calls vulnerable to."""


class KernelUse(Frozen):
    """What one kernel counted during one sample."""

    hosts: tuple[str, ...]
    """Those that share it."""
    cpu_s: dict[str, float]
    """CPU seconds by class; the kernel counts in hundredths."""
    softirqs: dict[str, int]
    """Number of runs by vector."""


class Measured(Frozen):
    """One sample: a cell in one round of one run."""

    run_id: str
    round: int
    build: int = 1
    """Build of the hosts, from 1."""
    position: int
    """Place in the round's random order, from 0."""
    profile: str
    path: str
    load: Load
    started_at: datetime
    requests: int
    """Number that were answered."""
    received_bytes: int
    """Bytes of all responses, headers too."""
    duration_us: int
    """µs of the lab's clock."""
    requests_per_s: float
    """Requests per second of the lab's clock."""
    failed: dict[str, int]
    """Number of failed requests by wrk's own classes."""
    times_us: dict[str, float]
    """Percentiles, mean and longest of this sample's response times, µs; empty where they are not known."""
    kernels: tuple[KernelUse, ...]


class Headline(Frozen):
    """One sentence per cell, costliest first; ``verdict`` is that of its interval."""

    text: str
    """The sentence."""
    verdict: Verdict
    """Of the cell's change."""


class Prediction(Frozen):
    """One path of a cluster beside that of its replica, each against the baseline of its own environment."""

    profile: str
    """Its name, which cluster and replica share."""
    path: str
    """How the client reached the app."""
    load: Load
    """The cluster's; the replica's may differ in how long a sample takes."""
    network: str
    """The profile, with its runs and the load where there are several of each; for humans."""
    cluster: str
    """Name of the cluster's cell."""
    replica: str
    """Name of the replica's cell."""
    cluster_change: Change
    """Against the clusters' baseline."""
    replica_change: Change
    """Against the replicas' baseline."""
    difference_points: float | None
    """Replica minus cluster in percentage points: negative where the replica loses more."""
    low_points: float | None
    """Lower bound of the difference's interval, percentage points; the intervals of all rows hold together with the
    confidence of a change. None where it cannot be told."""
    high_points: float | None
    """Upper bound, likewise in percentage points."""
    margin_points: float
    """What is called agreement: ± so many percentage points."""
    agreement: Agreement
    """What the interval says."""
    text: str
    """The same in words, with the reason where it cannot be told."""


class Order(Frozen):
    """Whether the replicas order the cells of one load as the clusters do."""

    load: Load
    """What wrk did."""
    cells: int
    """Number of cells that were measured on both sides."""
    tau: float | None
    """Kendall's tau-b, a pure number: 1 for the same order, -1 for the reverse; None for fewer than 4 cells."""
    settled: int
    """Number of pairs of cells whose order the clusters' intervals settle: they have no value in common."""
    kept: int
    """Number of those pairs that the replicas have in the same order."""
    text: str
    """The same in a sentence."""


class Predictions(Frozen):
    """How well replicas, measured in an environment of their own, predict the clusters of the report."""

    base: str
    """Name of the clusters' baseline's cell."""
    replicas_base: str
    """Name of the replicas'; not the clusters' where these are compared with a host of theirs, which has no pods."""
    clusters_clock: Clock
    """What time the clusters' numbers are in."""
    replicas_clock: Clock
    """What time the replicas' are in."""
    summary: str
    """One sentence."""
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
    """For humans."""
    experiment: ExperimentInfo | None = None
    """Whose question the runs answer; None where they are of none, or of several."""
    base: str
    """Name of the baseline's cell, which every comparison is made with."""
    headlines: tuple[Headline, ...]
    """One sentence per charted cell, costliest first."""
    clock_note: str
    """What kind of time the numbers are in."""
    method: tuple[str, ...]
    """How the numbers were made, one sentence each."""
    warnings: tuple[str, ...]
    """What a reader should know before believing a number, one sentence each."""
    gates: tuple[GateResult, ...] = ()
    """One per rule; those that are broken are among the warnings. Empty in reports of an older netlab."""
    cells: tuple[Cell, ...]
    """Baseline first, then from the cheapest to the costliest."""
    controls: tuple[Control, ...] = ()
    """One per load of the baseline; empty where no run measured the baseline twice a round."""
    margin_percent: float
    """What is called no difference: requests/s within ± so many % of the baseline's."""
    covers: str = ""
    """What the intervals of the changes cover, in words: the rounds of one build of the hosts, or several builds."""
    charted: tuple[str, ...]
    """Names of the cells that charts and headlines are of: all of a small report, one path per profile of a large."""
    subsystems: tuple[str, ...]
    """Every group of kernel functions that was found, the one with the largest share of any cell first."""
    main_subsystems: tuple[str, ...]
    """Those whose cost differs most between cells, as many as a table has room for as columns."""
    missing: tuple[Missing, ...]
    """Cells without a number."""
    descriptions: dict[str, str]
    """Profile label to what the profile is."""
    environment: Environment
    """Where it was measured."""
    runs: tuple[RunRef, ...]
    """Those that the samples are of."""
    paths: tuple[PathPicture, ...] = ()
    """Baseline first, then profile by profile; empty where no run recorded any."""
    facts: tuple[ProfileFacts, ...] = ()
    """What decides performance besides the path, one per profile; empty where no run recorded any."""
    flames: tuple[Flame, ...] = ()
    """Of the charted cells that have any chains of calls."""
    differences: tuple[Difference, ...] = ()
    """Between runs, in what they measured under one name; where there are any, rows name their runs."""
    made_of: tuple[MadeOf, ...] = ()
    """What each profile was made of, as far as the runs recorded it."""
    kernels: tuple[KernelFacts, ...] = ()
    """Empty where no run recorded them."""
    predictions: Predictions | None = None
    """Where runs of replicas were given to be compared with clusters."""
