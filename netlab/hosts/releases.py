"""What hosts may run: releases of distributions, and what roles call differently there than on Debian 13."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from netlab import assets
from netlab.model.host import groups_of

if TYPE_CHECKING:
    from collections.abc import Mapping

KERNEL_FACT = "{{ ansible_facts.kernel }}"
"""In a package's name: the running kernel's version."""


class Release(NamedTuple):
    """A release that hosts may run."""

    title: str
    newer_kernel: str = ""
    """Where to find a kernel that a proof can ask; empty where the release's own is one."""


RELEASES = {
    "debian_12": Release("Debian 12", "the one of bookworm-backports"),
    "debian_13": Release("Debian 13"),
    "ubuntu_22_04": Release("Ubuntu 22.04", "linux-generic-hwe-22.04"),
    "ubuntu_24_04": Release("Ubuntu 24.04"),
}
"""By the name of its group in Ansible's inventory."""


def release_of(said: Mapping[str, str]) -> str:
    """Return the group of the release that a host says it runs (os-release's ID and VERSION_ID); empty: unknown."""
    name = "_".join(re.findall(r"[a-z0-9]+", said.get("distribution", "")))
    return name if name in RELEASES else ""


@cache
def variables(release: str) -> Mapping[str, Any]:
    """Return what has another value there than the roles' defaults, as Ansible reads it for the groups."""
    files = [assets.group_variables() / f"{group}.yml" for group in groups_of(release)]
    found = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files if file.is_file()]
    return {name: value for each in found for name, value in each.items()}


def packages(role: str, release: str) -> tuple[str, ...]:
    """Return what a role installs there; ``KERNEL_FACT`` may be in a name."""
    name = f"{role}_packages"
    return tuple(variables(release).get(name, _defaults(role).get(name, ())))


@cache
def _defaults(role: str) -> Mapping[str, Any]:
    file = assets.roles() / role / "defaults" / "main.yml"
    return (yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None) or {}
