"""What is applied to hosts, and the paths that it promises.

URLs and role inputs are Jinja for Ansible; here they are only carried.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from netlab.model.frozen import Frozen
from netlab.model.lab import PathName, Stack
from netlab.model.run import ProfileInfo

if TYPE_CHECKING:
    from collections.abc import Collection

    from netlab.model.lab import Load

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
    """What the hosts' kernel and network must offer, and what has to be downloaded."""

    kernel: str = "5.4"
    modules: tuple[str, ...] = ()
    """What ``modprobe`` must find on the nodes; ``playbooks/up.yml`` asks before anything is changed."""
    packages: dict[str, str] = Field(default_factory=dict)
    """The least version of what the nodes install, where not every release that hosts may run has it."""
    ethernet: Literal["", "addresses", "macs"] = ""
    """What pods bring into the lab's own network, which must carry it all the same: addresses, or MAC addresses too."""
    one_link: bool = False
    """Whether nodes send each other packets that no router forwards (TTL 1)."""
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

    def keeps_alive(self, load: Load) -> bool:
        """Whether the profile's connections carry more than one request under this load."""
        return load.keepalive if self.keepalive is None else self.keepalive

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
