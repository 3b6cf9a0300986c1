"""``profiles/NAME.yml`` → ``Profile``: what hosts are turned into, and the paths that it promises.

URLs and role inputs are Jinja for Ansible; here they are only carried.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from netlab import assets
from netlab.errors import UnknownProfile
from netlab.results.model import Frozen, ProfileInfo
from netlab.suggest import did_you_mean
from netlab.yamlfile import read_model


class RoleUse(Frozen):
    """One role of a profile: which hosts get it, with which inputs."""

    role: str
    hosts: Literal["all", "client", "node"] = "all"
    vars: dict[str, Any] = Field(default_factory=dict)


class Requirements(Frozen):
    """What the hosts' kernel must offer."""

    kernel: str = "5.4"
    modules: tuple[str, ...] = ()


class ProfileFile(Frozen):
    """A profile as it is written."""

    description: str
    label: str
    stack: Literal["vm", "datapath", "kubeadm"]
    requires: Requirements = Requirements()
    roles: tuple[RoleUse, ...]
    paths: dict[str, str]
    missing: dict[str, str] = Field(default_factory=dict)


class Profile(ProfileFile):
    """A profile with its name and the file it came from."""

    name: str
    file: Path

    @property
    def info(self) -> ProfileInfo:
        """What a report says about it."""
        return ProfileInfo(
            name=self.name,
            label=self.label,
            stack=self.stack,
            description=self.description,
            paths=tuple(self.paths),
            missing=self.missing,
        )


def find(name: str, own: Path | None = None) -> Profile:
    """Find the profile of this name, in the lab's own ``profiles/`` folder first; UnknownProfile with a suggestion."""
    files = _files(own)
    if name not in files:
        hint = f"known profiles: {', '.join(sorted(files))}"
        raise UnknownProfile(f"there is no profile '{name}'{did_you_mean(name, files)}", hint=hint)
    written = read_model(files[name], ProfileFile, name=files[name].name)
    return Profile(**written.model_dump(), name=name, file=files[name])


def names(own: Path | None = None) -> list[str]:
    """Names of all profiles, sorted."""
    return sorted(_files(own))


def _files(own: Path | None) -> dict[str, Path]:
    folders = [assets.profiles(), *([own] if own and own.is_dir() else [])]
    return {file.stem: file for folder in folders for file in folder.glob("*.yml")}
