"""One ``netlab bench``: what was measured, where, and what it was made of."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from netlab.model.frozen import Frozen
from netlab.model.lab import Clock, Load, PathName, Stack
from netlab.model.proof import Proof
from netlab.model.sample import HotSpots, RefusedHotSpots, RefusedSample, Sample


def of_build(tag: str, build: str) -> str:
    """Name a snapshot, or a profile that was applied, of one build of the hosts; no profile's name has a plus."""
    return f"{tag}+{build}" if build else tag


class Artifact(Frozen):
    """A component of the lock that hosts were given."""

    version: str
    digest: str
    """SHA-256 over the names and digests of its files and images, for the hosts' architecture."""


class Provenance(Frozen):
    """What a profile was made of, and measured with. Two that are equal stand for the same thing."""

    digests: dict[str, str]
    """SHA-256 of contents, by what they are of: ``profile``, ``role pod``, ``playbook up``, …"""
    artifacts: dict[str, Artifact] = Field(default_factory=dict)
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
    missing: dict[PathName, str] = Field(default_factory=dict)
    """Paths that cannot exist here, or that the run does not measure, each with its reason."""
    provenance: Provenance | None = None
    """None in runs of schema version 1, which did not record it."""
    snapshot: str = ""
    """What its hosts were resumed from, which each sample says too; empty in runs of an older netlab."""


class Machine(Frozen):
    """What a host of a provider's is, as it says itself. Runs on unlike machines are not compared."""

    name: str
    """The host's."""
    os: str
    """Name and version of its distribution."""
    kernel: str
    """Release of its kernel."""
    cpu: str
    """Model of the processors, as the kernel gives it."""
    cpus: int
    """Number of processors."""
    memory_mib: int
    """MiB of memory."""
    cpu_flags: str = ""
    """What the processors can do, as the kernel gives it: words, separated by spaces."""
    instance_type: str = ""
    """What a cloud calls its size; empty elsewhere, as the next."""
    zone: str = ""
    """Where in the cloud it runs."""


class Environment(Frozen):
    """Where the run was measured; runs from different environments are not compared."""

    netlab_version: str
    """Of the netlab that measured."""
    provider: str
    """Where the hosts came from."""
    clock: Clock
    """What time counts: ``real`` is wall time, ``virtual`` executed instructions."""
    accelerator: str
    """What executed the guests: ``kvm``, ``tcg``, …"""
    qemu_version: str | None
    """None where the hosts were not QEMU's."""
    host_cpu: str
    """Model of the processors of the machine that netlab ran on."""
    host_cpus: int
    """Number of that machine's processors."""
    guest_os: str
    """Name and version of the hosts' distribution."""
    guest_kernel: str
    """Release of the hosts' kernel."""
    guest_cpus: int
    """Number of processors of each kernel of the lab."""
    guest_memory_mib: int
    """MiB of memory of each kernel of the lab."""
    image_key: str
    """Hash of the recipe that the image was made by."""
    image_digest: str = ""
    """SHA-256 over the image's contents; empty in runs of schema version 1, which did not record it."""
    fleet: dict[str, str]
    """Host name to part (client, node, control)."""
    control_cpus: int | None = None
    """Number of processors of a cluster's control plane; None where there is none, and in runs of an older netlab."""
    parallel_fleets: int | None = None
    """Number of fleets that worked at the same time; None in runs of an older netlab."""
    resumed: bool | None = None
    """Whether a profile's snapshot was resumed before each block of its samples; else it was applied again, after
    another's teardown. None in runs of an older netlab."""
    kernels: tuple[tuple[str, ...], ...] = ()
    """Names of all hosts, those together that share a kernel."""
    machines: tuple[Machine, ...] = ()
    """What each host is, where netlab did not make it from an image of its own."""


Control = Literal["block", "sample"]
"""How the baseline was measured a second time in each round: in a block of its own, or within the baseline's block."""


class Stop(Frozen):
    """Why a run ended by itself, and when."""

    reason: Literal["rounds", "precision", "max-rounds"]
    """``rounds``: a fixed number was planned; ``precision``: every comparison was as precise as asked;
    ``max-rounds``: they were not, and no more rounds were allowed."""
    rounds: int
    """Number of rounds that were measured."""
    widest: str = ""
    """Cell of the widest interval, ``calico-ipip/pod-ip``; empty where no precision was asked, or nothing compared."""
    half_width_percent: float | None = None
    """Half of that interval's width, in % of the baseline's requests/s."""


class ExperimentInfo(Frozen):
    """Which experiment a run is of."""

    name: str
    """As ``--experiment`` has it."""
    question: str
    """What it asks."""
    description: str
    """What is measured for an answer, and how."""


class RunHeader(Frozen):
    """All that is known before the first sample, and at the end why it was the end; stored as ``run.json``.

    ``netlab.results.versions`` says what older versions of the schema had.
    """

    schema_version: Literal[5] = 5
    run_id: str
    created_at: datetime
    stack: Stack | None = None
    """The lab's; None in runs of an older netlab."""
    seed: int
    rounds: int
    """Of the plan; with a precision, at the most."""
    builds: int = 1
    """How many times the hosts are built for it; with a precision, at the most. The rounds are spread over them."""
    fewest_rounds: int = 3
    """After which the precision is looked at first."""
    precision_percent: float | None = None
    """No further round once half of every comparison's interval is at most so wide; None: all rounds."""
    control: Control | None = None
    """None: the baseline was measured once a round."""
    load: Load
    baseline_profile: str
    baseline_path: PathName
    environment: Environment
    profiles: tuple[ProfileInfo, ...]
    resumed_at: tuple[datetime, ...] = ()
    """When the run was continued after an interruption."""
    experiment: ExperimentInfo | None = None
    """None: its settings were nobody's but the lab's."""
    stop: Stop | None = None
    """None while it is being measured, and where that was interrupted."""

    @property
    def planned_rounds(self) -> int:
        """Rounds that were to be measured, by what is known of it."""
        return self.stop.rounds if self.stop else self.rounds

    @property
    def looks(self) -> tuple[int, ...]:
        """Rounds after which the precision is looked at: all from the fewest on, or the last of each build."""
        after = range(self.fewest_rounds, self.rounds + 1)
        return tuple(n for n in after if self.builds == 1 or n == self.last_round(self.build_of(n)))

    def build_of(self, round_: int) -> int:
        """Return the build, from 1, that a round of the plan is measured on."""
        return 1 + (round_ - 1) * self.builds // self.rounds

    def last_round(self, build: int) -> int:
        """Return the last round of a build."""
        return -(-build * self.rounds // self.builds)

    def build_name(self, build: int) -> str:
        """Name a build as no other is; empty for the first, whose snapshots are those that the cache has."""
        return "" if build == 1 else f"{self.run_id.replace('-', '.')}.{build}"

    def snapshot_of(self, profile: ProfileInfo, round_: int) -> str:
        """Return what the profile's hosts were resumed from in a round; empty where the run does not say."""
        return profile.snapshot and of_build(profile.snapshot, self.build_name(self.build_of(round_)))


class Run(Frozen):
    """One ``netlab bench``: its header, every sample, and the profiler's findings."""

    header: RunHeader
    samples: tuple[Sample, ...]
    """Without the controls."""
    hotspots: tuple[HotSpots, ...]
    proofs: tuple[Proof, ...] = ()
    """One a profile, where the run recorded it."""
    refused: tuple[RefusedSample, ...] = ()
    """In the order in which they were measured."""
    refused_hotspots: tuple[RefusedHotSpots, ...] = ()
    controls: tuple[Sample, ...] = ()
    """The baseline's second sample of each round, in the order in which they were measured."""
