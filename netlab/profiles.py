"""``profiles/NAME.yml`` → ``Profile``: what hosts are turned into, and the paths that it promises.

URLs and role inputs are Jinja for Ansible; here they are only carried.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from netlab import assets
from netlab.errors import ConfigError, UnknownProfile
from netlab.inputs import check_inputs
from netlab.model.frozen import Frozen
from netlab.model.lab import PathName, Stack
from netlab.model.run import ProfileInfo
from netlab.suggest import did_you_mean
from netlab.yamlfile import read_model

if TYPE_CHECKING:
    from collections.abc import Collection

SUFFIXES = (".yml", ".yaml")
NOT_ASKED = "not asked for in this run (--paths all)"
ONE_NODE = "the lab has one node (fleet.nodes)"
SECOND_NODE = "groups['node'][1]"
"""In a URL."""


class RoleUse(Frozen):
    """One role of a profile: which hosts get it, with which inputs."""

    role: str
    hosts: str = Field(default="all", pattern=r"^(all|client|node|control)(:(client|node|control))*$")
    """Groups, as Ansible's patterns join them: ``control:node``."""
    vars: dict[str, Any] = Field(default_factory=dict)


class Requirements(Frozen):
    """What the hosts' kernel must offer, and what has to be downloaded."""

    kernel: str = "5.4"
    modules: tuple[str, ...] = ()
    """What ``modprobe`` must find on the nodes; ``playbooks/up.yml`` asks before anything is changed."""
    artifacts: tuple[str, ...] = ()
    """Components of the lock file: ``kubernetes``, or ``kubernetes=1.20.2``."""


class PathUse(Frozen):
    """How a request is sent along one path; written as a bare URL when the client itself sends it."""

    url: str
    pod: str = ""
    """Pod of the second node that sends; empty: the client."""

    @property
    def needs_second_node(self) -> bool:
        """Whether a request begins there, or is sent to its address."""
        return bool(self.pod) or SECOND_NODE in self.url

    @model_validator(mode="before")
    @classmethod
    def _bare_url(cls, written: Any) -> Any:
        return {"url": written} if isinstance(written, str) else written


class Promise(Frozen):
    """The hops of one request and of its response, by the network namespace they are in, in order."""

    request: dict[str, tuple[str, ...]]
    response: dict[str, tuple[str, ...]]


class ProfileFile(Frozen):
    """A profile as it is written."""

    description: str
    label: str
    stack: Stack
    requires: Requirements = Requirements()
    cluster: dict[str, Any] | None = None
    """Inputs of ``playbooks/cluster.yml``, which makes the hosts a cluster before the roles begin."""
    roles: tuple[RoleUse, ...]
    paths: dict[PathName, PathUse]
    missing: dict[PathName, str] = Field(default_factory=dict)
    promises: dict[PathName, Promise] = Field(default_factory=dict)
    """What the proof must find on each path: see docs/architecture.md."""
    keepalive: bool | None = Field(default=None, strict=True)
    """Overrides the load's: what a profile is about may show only where each request opens a connection."""


class Profile(ProfileFile):
    """A profile with its name and the file it came from."""

    name: str
    file: Path

    @property
    def names_pods(self) -> bool:
        """Whether a path's URL asks for what only its cluster knows (``netlab_cluster``)."""
        return any("netlab_cluster" in use.url for use in self.paths.values())

    def on(self, nodes: int) -> Profile:
        """Return what a lab of so few nodes has of the profile: with one, no path goes through a second."""
        if nodes > 1:
            return self
        left = {name: use for name, use in self.paths.items() if not use.needs_second_node}
        lost = {name: ONE_NODE for name in self.paths if name not in left}
        return self.model_copy(update={"paths": left, "missing": {**self.missing, **lost}})

    def info(self, chosen: Collection[PathName] = ()) -> ProfileInfo:
        """Return what a report says about it when only the ``chosen`` paths are measured (none: all)."""
        measured = tuple(path for path in self.paths if not chosen or path in chosen)
        return ProfileInfo(
            name=self.name,
            label=self.label,
            stack=self.stack,
            description=self.description,
            paths=measured,
            missing={**{path: NOT_ASKED for path in self.paths if path not in measured}, **self.missing},
        )


def find(name: str, own: Path | None = None, stack: Stack = "datapath") -> Profile:
    """Find the profile of this name, in the lab's own ``profiles/`` folder first; UnknownProfile with a suggestion.

    A cluster and the replica of its data path share a name; the cluster's file is in the folder ``kubeadm``. A name
    that only another stack has is found too: whoever asked says so. ConfigError where one of the lab's own gives a role
    what that refuses.
    """
    files = {**_files(own, "kubeadm"), **_files(own, stack)}
    if name not in files:
        hint = f"known profiles: {', '.join(sorted(files))}"
        raise UnknownProfile(f"there is no profile '{name}'{did_you_mean(name, files)}", hint=hint)
    written = read_model(files[name], ProfileFile, name=files[name].name, shared=True)
    profile = Profile(**written.model_dump(), name=name, file=files[name])
    if own and own in profile.file.parents:
        check_inputs(profile)
    return profile


def of_stack(stack: Stack, own: Path | None = None) -> list[Profile]:
    """Return every profile that a lab of this stack can have, by name: its own kind, and bare VMs."""
    found = [find(name, own, stack) for name in sorted(_files(own, stack))]
    return [profile for profile in found if profile.stack in {"vm", stack}]


def names(own: Path | None = None) -> list[str]:
    """Names of all profiles of all stacks, sorted."""
    return sorted(_files(own, "kubeadm"))


def _files(own: Path | None, stack: Stack) -> dict[str, Path]:
    folders = [assets.profiles(), *([own] if own and own.is_dir() else [])]
    if stack == "kubeadm":
        folders = [place for folder in folders for place in (folder, folder / stack)]
    return {name: file for folder in folders for name, file in _files_in(folder).items()}


def _files_in(folder: Path) -> dict[str, Path]:
    """Profiles of one folder by name; ConfigError where two files have the same."""
    found: dict[str, Path] = {}
    for file in (file for suffix in SUFFIXES for file in sorted(folder.glob(f"[!.]*{suffix}"))):
        if file.stem in found:
            message = f"{folder} has both {found[file.stem].name} and {file.name}"
            raise ConfigError(message, hint="keep one of them: only one can be meant")
        found[file.stem] = file
    return found
