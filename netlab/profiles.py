"""``profiles/NAME.yml`` → ``Profile``: found by name, in the lab's own folder first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab import assets
from netlab.errors import UnknownProfile
from netlab.inputs import check_inputs
from netlab.model.profile import Profile, ProfileFile
from netlab.suggest import did_you_mean
from netlab.yamlfile import files_in, read_model

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.model.lab import Stack


def find(name: str, own: Path | None = None, stack: Stack = "datapath") -> Profile:
    """Find the profile of this name, in the lab's own ``profiles/`` folder first; UnknownProfile with a suggestion.

    A cluster and the replica of its data path share a name; the cluster's file is in the folder ``kubeadm``. A name
    that only another stack has is found too: the caller says so. ConfigError where one of the lab's own gives a role
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
    return {name: file for folder in folders for name, file in files_in(folder).items()}
