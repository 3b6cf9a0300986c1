"""``netlab.yml`` → ``LabSpec``. No file: the defaults."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from netlab.credentials import hidden, split_login
from netlab.results.model import Clock, Frozen, Load, PathName, Stack
from netlab.yamlfile import read_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_NAME = "netlab.yml"
PINS_NAME = "netlab.lock.yml"
"""Beside it: see ``netlab.artifacts.pins``."""
MIN_HOST_MIB = 384

Provider = Literal["qemu"]
"""Add a provider here and in ``netlab/providers``."""

Part = Literal["client", "node", "control"]
PARTS: tuple[Part, ...] = ("client", "node", "control")
"""Each is also the Ansible group of the hosts that play it."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=63)]


def _whole(default: int, description: str, *, low: int, high: int) -> Any:
    return Field(default=default, ge=low, le=high, strict=True, description=description)


class LoadSpec(Load):
    """What wrk does for each sample."""

    connections: int = _whole(4, "Requests in flight.", low=1, high=10_000)
    threads: int = _whole(1, "Threads of wrk; at most one a connection.", low=1, high=64)
    duration_s: int = _whole(1, "Length of a sample in seconds of the lab's clock.", low=1, high=3600)
    warmup_s: float = Field(
        default=0.2,
        ge=0,
        le=600,
        allow_inf_nan=False,
        description="Seconds of the same load before each sample, thrown away.",
    )
    keepalive: bool = Field(default=True, strict=True, description="Keep connections open between requests.")
    response_bytes: int = _whole(1024, "Size of the response's body.", low=0, high=100_000_000)

    @model_validator(mode="after")
    def _threads_have_connections(self) -> Self:
        if self.threads > self.connections:
            raise ValueError(f"threads ({self.threads}) cannot be more than connections ({self.connections})")
        return self


class BaselineSpec(Frozen):
    """What every number is compared with."""

    profile: Name = Field(default="baseline-vm", description="A profile of the run.")
    path: PathName = Field(default="host", description="How the client reaches the app there.")


class FleetSpec(Frozen):
    """The hosts of the lab: one client and the nodes."""

    nodes: int = _whole(2, "Hosts that run the app, besides the client.", low=1, high=8)
    cpus: int = _whole(1, "Processors of each host (the virtual clock always uses one).", low=1, high=64)
    memory_mib: int = _whole(1536, "Memory of client and nodes in MiB, shared evenly.", low=MIN_HOST_MIB, high=1 << 20)
    control_cpus: int = _whole(2, "Processors of a cluster's control plane (stack kubeadm).", low=2, high=64)
    control_memory_mib: int = _whole(
        2048, "Memory of a cluster's control plane in MiB (stack kubeadm).", low=1700, high=1 << 20
    )
    lanes: int = _whole(0, "Fleets that work at the same time; 0: two on the virtual clock, else one.", low=0, high=16)
    ssh_port: int = _whole(
        0, "First port on 127.0.0.1 for SSH to the hosts; the others follow. 0: free ports.", low=0, high=65_000
    )

    @property
    def hosts(self) -> int:
        """Number of hosts that share the memory, the client included."""
        return self.nodes + 1

    @property
    def host_memory_mib(self) -> int:
        """Memory of one host when each host is a machine of its own."""
        return self.memory_mib // self.hosts

    @model_validator(mode="after")
    def _memory_suffices(self) -> Self:
        if self.host_memory_mib < MIN_HOST_MIB:
            need = MIN_HOST_MIB * self.hosts
            raise ValueError(f"memory_mib is {self.memory_mib}, but {self.hosts} hosts need at least {need}")
        return self


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
            raise ValueError(f"'{hidden(text)}' is neither an http:// or https:// URL nor a folder")
        return text

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

    @property
    def parts(self) -> dict[str, Part]:
        """Every host of the lab by name, with the part that it plays; nodes are numbered from 1."""
        nodes: dict[str, Part] = {f"node{number}": "node" for number in range(1, self.fleet.nodes + 1)}
        control: dict[str, Part] = {"control": "control"} if self.stack == "kubeadm" else {}
        return {"client": "client", **nodes, **control}


def load_spec(folder: Path) -> LabSpec:
    """Read ``folder/netlab.yml``, or take the defaults; ConfigError with file and line when it is wrong."""
    path = folder / FILE_NAME
    return read_model(path, LabSpec, name=FILE_NAME) if path.exists() else LabSpec()


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
