"""What a lab is made of and what is measured in it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from netlab.model.frozen import Frozen
from netlab.model.lab import Clock, Load, Part, PathName, Stack
from netlab.spec.artifacts import ArtifactsSpec
from netlab.spec.bounds import whole
from netlab.spec.ec2 import Ec2Spec
from netlab.spec.hcloud import HcloudSpec
from netlab.spec.openstack import OpenstackSpec
from netlab.spec.qemu import QemuSpec
from netlab.spec.report import ReportSpec
from netlab.spec.ssh import SshSpec
from netlab.spec.vagrant import VagrantSpec

Provider = Literal["qemu", "ssh", "vagrant", "ec2", "hcloud", "openstack"]
"""Add a provider here and in ``netlab.hosts.registry``; its section of ``netlab.yml`` beside ``netlab.spec.qemu``."""

ROUTED: dict[str, str] = {"ec2": "EC2", "hcloud": "Hetzner Cloud"}
"""Providers whose network delivers to nothing but the addresses that it gave out itself, each with its title."""

FILTERED: dict[str, str] = {"openstack": "OpenStack"}
"""Providers whose network delivers to other addresses too, but only from MAC addresses that it gave out itself."""

TOLD: dict[str, str] = {"hcloud": "Hetzner Cloud"}
"""Those that deliver to a node's pods only where they were told its pods' addresses when the hosts were made."""

ROUTER_BETWEEN: dict[str, str] = {"hcloud": "Hetzner Cloud"}
"""Those in whose network a router is between any two hosts."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=63)]


class LoadSpec(Load):
    """What wrk does for each sample."""

    connections: int = whole(4, "Requests in flight.", low=1, high=10_000)
    threads: int = whole(1, "Threads of wrk; each has as many of the connections.", low=1, high=64)
    duration_s: int = whole(1, "Length of a sample in seconds of the lab's clock.", low=1, high=3600)
    warmup_s: float = Field(
        default=0.2,
        ge=0,
        le=600,
        strict=True,
        allow_inf_nan=False,
        description="Seconds of the same load before each sample, thrown away.",
    )
    keepalive: bool = Field(default=True, strict=True, description="Keep connections open between requests.")
    response_bytes: int = whole(1024, "Size of the response's body, at most 1 MiB.", low=0, high=1 << 20)

    @model_validator(mode="after")
    def _threads_share_connections(self) -> Self:
        if self.connections % self.threads:
            opened = self.connections // self.threads * self.threads
            raise ValueError(
                f"connections ({self.connections}) must be a multiple of threads ({self.threads}): each thread of wrk "
                f"opens as many as the others, and wrk would open {opened or 'none'}"
            )
        return self


class BaselineSpec(Frozen):
    """What every number is compared with."""

    profile: Name = Field(default="baseline-vm", description="A profile of the run.")
    path: PathName = Field(default="host", description="How the client reaches the app there.")


class FleetSpec(Frozen):
    """The hosts of the lab: one client and the nodes. How large they are, their provider's section says."""

    nodes: int = whole(2, "Hosts that run the app, besides the client.", low=1, high=8)


class LabSpec(Frozen):
    """What a lab is made of and what is measured in it."""

    experiment: Name | Literal[""] = Field(
        default="", description="Experiment whose settings are laid over these (docs/experiments.md)."
    )
    profiles: tuple[Name, ...] = Field(
        default=("baseline-vm", "calico-ipip", "ipvlan-l2", "ipvlan-l3", "cilium"),
        description="What to measure; `netlab profiles` lists the names; `[all]`: every one of the stack.",
    )
    paths: tuple[PathName, ...] = Field(
        default=("host", "pod-ip", "nodeport-local", "nodeport-remote"),
        description="Ways to the app that are measured, where a profile has them; none: all.",
    )
    provider: Provider = Field(default="qemu", description="Where hosts come from.")
    stack: Stack = Field(
        default="datapath",
        description="`datapath` is a CNI's packet path without a control plane, `kubeadm` a real cluster.",
    )
    clock: Literal[Clock, "auto"] = Field(
        default="auto",
        description="`real` is wall time, `virtual` counts instructions, `auto` is real where an accelerator works.",
    )
    rounds: int | None = whole(
        None,
        "Passes over all profiles and paths, each in an order of its own; with a precision, the fewest. None: 5 on the "
        "virtual clock, as many as the precision takes on the real one.",
        low=3,
        high=100,
    )
    precision_percent: float | None = Field(
        default=None,
        gt=0,
        le=50,
        strict=True,
        allow_inf_nan=False,
        description="Stop after the round in which every comparison is known to within so many percent of the "
        "baseline's requests/s. None: 2 on the real clock where `rounds` says nothing, else all rounds.",
    )
    max_rounds: int | None = whole(
        None,
        "With a precision, the most rounds. None: 30; 10 where hosts keep no snapshots.",
        low=3,
        high=1000,
    )
    rebuilds: int = whole(
        1,
        "How many times the hosts are booted and provisioned, so that intervals cover what that changes; the rounds "
        "are spread over them (docs/measuring.md). With a precision, the fewest.",
        low=1,
        high=50,
    )
    seed: int | None = Field(
        default=None, ge=0, le=2**31 - 1, strict=True, description="Seed of the random order; none: a new one a run."
    )
    control: bool = Field(
        default=True,
        strict=True,
        description="Measure the baseline a second time in each round, and compare it with itself (A/A control).",
    )
    baseline: BaselineSpec = Field(default=BaselineSpec(), description="What every number is compared with.")
    load: LoadSpec = Field(default=LoadSpec(), description="What wrk does for each sample.")
    report: ReportSpec = Field(default=ReportSpec(), description="What reports call equal (docs/measuring.md).")
    fleet: FleetSpec = Field(default=FleetSpec(), description="The hosts of the lab.")
    qemu: QemuSpec = Field(default=QemuSpec(), description="Its virtual machines, for the provider of that name.")
    ssh: SshSpec = Field(default=SshSpec(), description="Hosts that are there already, for the provider of that name.")
    vagrant: VagrantSpec = Field(
        default=VagrantSpec(), description="Vagrant's machines, for the provider of that name."
    )
    ec2: Ec2Spec = Field(default=Ec2Spec(), description="Its instances, for the provider of that name.")
    hcloud: HcloudSpec = Field(default=HcloudSpec(), description="Its servers, for the provider of that name.")
    openstack: OpenstackSpec = Field(
        default=OpenstackSpec(), description="Its servers, for the provider of that name (docs/openstack.md)."
    )
    artifacts: ArtifactsSpec = Field(
        default=ArtifactsSpec(), description="Where the parts of real clusters come from (docs/artifacts.md)."
    )

    @model_validator(mode="after")
    def _profiles_make_sense(self) -> Self:
        if not self.profiles:
            raise ValueError("profiles: at least one is needed")
        twice = sorted({name for name in self.profiles if self.profiles.count(name) > 1})
        if twice:
            raise ValueError(f"profiles: '{twice[0]}' is there twice")
        return self

    @model_validator(mode="after")
    def _rounds_make_sense(self) -> Self:
        if self.rounds and self.max_rounds and self.rounds > self.max_rounds:
            raise ValueError(f"max_rounds ({self.max_rounds}) must be at least rounds ({self.rounds}), the fewest")
        for name, most in (("rounds", self.rounds), ("max_rounds", self.max_rounds)):
            if most and most < self.rebuilds:
                raise ValueError(f"rebuilds ({self.rebuilds}) must be at most {name} ({most}): each build is measured")
        return self

    @model_validator(mode="after")
    def _a_cluster_has_real_time(self) -> Self:
        if self.stack == "kubeadm" and self.clock == "virtual":
            raise ValueError(
                "clock: a cluster is several machines, the virtual clock is of one; take the stack datapath"
            )
        return self

    @model_validator(mode="after")
    def _memory_suffices(self) -> Self:
        if self.provider == "qemu":
            self.qemu.check_memory(self.fleet.nodes + 1, self.stack)
        return self

    @model_validator(mode="after")
    def _vagrant_makes_sense(self) -> Self:
        if self.provider == "vagrant":
            self.vagrant.check(self.stack)
        return self

    @property
    def parts(self) -> dict[str, Part]:
        """Every host of the lab by name, with the part that it plays; nodes are numbered from 1."""
        nodes: dict[str, Part] = {f"node{number}": "node" for number in range(1, self.fleet.nodes + 1)}
        control: dict[str, Part] = {"control": "control"} if self.stack == "kubeadm" else {}
        return {"client": "client", **nodes, **control}
