"""``netlab.yml`` → ``LabSpec``. No file: the defaults."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from netlab.credentials import blanked, hidden, split_login
from netlab.errors import ConfigError
from netlab.model.frozen import Frozen
from netlab.model.lab import Clock, Load, Part, PathName, Stack
from netlab.userpaths import expand
from netlab.yamlfile import read_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_NAME = "netlab.yml"
FILE_NAMES = (FILE_NAME, "netlab.yaml")
"""The second is what many tools call theirs; only one of them may be there."""
PINS_NAME = "netlab.lock.yml"
"""Beside it: see ``netlab.artifacts.pins``."""
GUEST_KERNEL_MIB = 92
"""What a guest's kernel keeps of a machine's memory, at most: its programs see so much less."""
HOST_MIB = 512
"""Memory of a host of which nothing is said."""
MIN_HOST_MIB = 384
NODE_MIB = 1536
"""The same of a cluster's node."""
MIN_NODE_MIB = 1024
"""Cilium's agent takes 340 to 400 MiB, the compiler that it starts 120; kubelet, containerd and pods come on top."""

Provider = Literal["qemu"]
"""Add a provider here and in ``netlab/providers``."""

Mitigations = Literal["off", "auto"]
"""What Linux takes as ``mitigations=`` on every processor."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=63)]


def _whole(default: int, description: str, *, low: int, high: int) -> Any:
    return Field(default=default, ge=low, le=high, strict=True, description=description)


class LoadSpec(Load):
    """What wrk does for each sample."""

    connections: int = _whole(4, "Requests in flight.", low=1, high=10_000)
    threads: int = _whole(1, "Threads of wrk; each has as many of the connections.", low=1, high=64)
    duration_s: int = _whole(1, "Length of a sample in seconds of the lab's clock.", low=1, high=3600)
    warmup_s: float = Field(
        default=0.2,
        ge=0,
        le=600,
        strict=True,
        allow_inf_nan=False,
        description="Seconds of the same load before each sample, thrown away.",
    )
    keepalive: bool = Field(default=True, strict=True, description="Keep connections open between requests.")
    response_bytes: int = _whole(1024, "Size of the response's body, at most 1 MiB.", low=0, high=1 << 20)

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
    """The hosts of the lab: one client and the nodes."""

    nodes: int = _whole(2, "Hosts that run the app, besides the client.", low=1, high=8)
    cpus: int = _whole(1, "Processors of each host (the virtual clock always uses one).", low=1, high=64)
    memory_mib: int = _whole(
        0,
        f"Memory of client and nodes in MiB, shared evenly; 0: {HOST_MIB} each, but {NODE_MIB} a cluster's node.",
        low=0,
        high=1 << 20,
    )
    control_cpus: int = _whole(2, "Processors of a cluster's control plane (stack kubeadm).", low=2, high=64)
    control_memory_mib: int = _whole(
        2048, "Memory of a cluster's control plane in MiB (stack kubeadm).", low=1700 + GUEST_KERNEL_MIB, high=1 << 20
    )
    lanes: int = _whole(0, "Fleets that work at the same time; 0: two on the virtual clock, else one.", low=0, high=16)
    ssh_port: int = _whole(
        0, "First port on 127.0.0.1 for SSH to the hosts; the others follow. 0: free ports.", low=0, high=65_000
    )
    mitigations: Mitigations = Field(
        default="off",
        description="The kernel's guards against faults of processors: `off`, or `auto` as on most servers.",
    )

    @property
    def hosts(self) -> int:
        """Number of hosts that share the memory, the client included."""
        return self.nodes + 1


class ArtifactsSpec(Frozen):
    """Where the parts of real clusters come from: see docs/artifacts.md."""

    mirror: str = Field(default="", description="URL or folder that has them as `HOST/PATH` of their URLs.")
    registry_mirror: str = Field(default="", description="`HOST[:PORT][/PREFIX]` to ask for images instead.")
    lock: str = Field(default="", description="Lock file of the lab's own, laid over the one that netlab brings.")
    locked: bool = Field(
        default=False, strict=True, description="Refuse what has no digest yet; else `netlab.lock.yml` pins it."
    )

    @field_validator("mirror")
    @classmethod
    def _is_a_url_or_a_folder(cls, text: str) -> str:
        if "://" in text and not _is_http(text):
            raise ValueError(f"'{blanked(text)}' is neither an http:// or https:// URL nor a folder")
        scheme, slashes, rest = text.partition("://")
        return f"{scheme.lower()}{slashes}{rest}" if slashes else expand(text)

    @field_validator("lock")
    @classmethod
    def _is_a_path(cls, text: str) -> str:
        return expand(text)

    @field_validator("registry_mirror")
    @classmethod
    def _is_a_registry(cls, text: str) -> str:
        login, at, place = text.rpartition("@")
        if text and not (
            re.fullmatch(r"[a-z0-9.-]+(:[0-9]{1,5})?(/[a-z0-9._-]+)*", place) and "/" not in login and (login or not at)
        ):
            shown = f"***@{place}" if at else hidden(place)
            raise ValueError(f"'{shown}' is not HOST[:PORT][/PREFIX]")
        return text


def _is_http(url: str) -> bool:
    """Whether somebody can be asked there."""
    try:
        parts = urlsplit(split_login(url)[0])
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


class LabSpec(Frozen):
    """What a lab is made of and what is measured in it."""

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
    rounds: int = _whole(3, "Passes over all profiles and paths, each in an order of its own.", low=3, high=100)
    seed: int | None = Field(
        default=None, ge=0, le=2**31 - 1, strict=True, description="Seed of the random order; none: a new one a run."
    )
    baseline: BaselineSpec = Field(default=BaselineSpec(), description="What every number is compared with.")
    load: LoadSpec = Field(default=LoadSpec(), description="What wrk does for each sample.")
    fleet: FleetSpec = Field(default=FleetSpec(), description="The hosts of the lab.")
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
    def _a_cluster_has_real_time(self) -> Self:
        if self.stack == "kubeadm" and self.clock == "virtual":
            raise ValueError(
                "clock: a cluster is several machines, the virtual clock is of one; take the stack datapath"
            )
        return self

    @model_validator(mode="after")
    def _memory_suffices(self) -> Self:
        least = MIN_NODE_MIB if self.stack == "kubeadm" else MIN_HOST_MIB
        given, hosts = self.fleet.memory_mib, self.fleet.hosts
        if given and given // hosts < least:
            what = " of a cluster" if self.stack == "kubeadm" else ""
            raise ValueError(f"fleet.memory_mib is {given}, but {hosts} hosts{what} need at least {least * hosts}")
        return self

    def memory_mib(self, part: Part) -> int:
        """Memory of a host that plays ``part``, when each host is a machine of its own."""
        if part == "control":
            return self.fleet.control_memory_mib
        if self.fleet.memory_mib:
            return self.fleet.memory_mib // self.fleet.hosts
        return NODE_MIB if part == "node" and self.stack == "kubeadm" else HOST_MIB

    @property
    def parts(self) -> dict[str, Part]:
        """Every host of the lab by name, with the part that it plays; nodes are numbered from 1."""
        nodes: dict[str, Part] = {f"node{number}": "node" for number in range(1, self.fleet.nodes + 1)}
        control: dict[str, Part] = {"control": "control"} if self.stack == "kubeadm" else {}
        return {"client": "client", **nodes, **control}


def load_spec(folder: Path) -> LabSpec:
    """Read the folder's file, or take the defaults; ConfigError with file and line when it is wrong."""
    path = find_file(folder)
    return read_model(path, LabSpec, name=path.name) if path else LabSpec()


def find_file(folder: Path) -> Path | None:
    """Find the lab's file in its folder; ConfigError for two of them, or for one that only looks like it."""
    found = [folder / name for name in FILE_NAMES if os.path.lexists(folder / name)]
    if len(found) > 1:
        both = " and ".join(path.name for path in found)
        raise ConfigError(f"{folder} has both {both}", hint="keep one of them: only one can be meant")
    if not found and (stranger := _stranger(folder)):
        raise ConfigError(f"{folder / stranger} is not read", hint=f"netlab reads {FILE_NAME}: rename it")
    return found[0] if found else None


def _stranger(folder: Path) -> str | None:
    """Find what somebody may take for the lab's file; ``.netlab.yml`` is another tool's."""
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return None
    return next((name for name in names if name.lower() in _STRANGERS), None)


_STRANGERS = {*FILE_NAMES, "netlab.json", "netlab.toml", "netlab.yml.txt", "netlab.yaml.txt"}
"""In lower case."""


def generate_schema() -> dict[str, Any]:
    """JSON Schema of ``netlab.yml``, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **LabSpec.model_json_schema()}


def generate_table() -> str:
    """Every key of ``netlab.yml`` as a Markdown table."""
    rows = [f"| `{key}` | {_shown(value)} | {text} |" for key, value, text in _leaves(LabSpec(), "")]
    return "\n".join(["| key | default | meaning |", "|---|---|---|", *rows])


def generate_sample() -> str:
    """Return a ``netlab.yml`` in which every key stands with its default, commented out."""
    lines = ["# A netlab lab. Every key is optional; these are the defaults."]
    group = ""
    for key, value, text in _leaves(LabSpec(), ""):
        above, _, name = key.rpartition(".")
        if above and above != group:
            lines += ["", f"# {LabSpec.model_fields[above].description}", f"#{above}:"]
        group = above
        setting = f"{name}: {_shown(value)}".strip()
        lines += [f"#  {setting:<25} # {text}"] if above else ["", f"# {text}", f"#{setting}"]
    return "\n".join(lines) + "\n"


def _leaves(model: Frozen, prefix: str) -> Iterator[tuple[str, Any, str]]:
    """Yield dotted key, default and description of all that is not a mapping itself."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, Frozen):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value, field.description or ""


def _shown(value: Any) -> str:
    """Render a default as YAML (JSON is YAML, but names need no quotes)."""
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    return value if isinstance(value, str) and value else json.dumps(value)
