"""Packages that the clouds' modules need: the extra ``cloud`` of the package, which most labs do without."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netlab.model.check import Check
from netlab.versions import older

if TYPE_CHECKING:
    from collections.abc import Iterator

HINT = "install netlab with its extra for clouds: pip install 'cni-netlab[cloud]'"


class Needs(NamedTuple):
    """What one cloud's modules are, and what they import."""

    collection: str
    libraries: dict[str, str]
    """Names of packages, by the names that are imported."""
    oldest: str = ""
    """Version of the collection; empty: any."""
    hint: str = HINT


NEEDS = {
    "ec2": Needs("amazon.aws", {"boto3": "boto3"}),
    "hcloud": Needs(
        "hetzner.hcloud",
        {"dateutil": "python-dateutil", "requests": "requests"},
        "6.4",
        f"{HINT}; on Python 3.11, for which there is only an older one there: "
        "ansible-galaxy collection install 'hetzner.hcloud:>=6.4.0'",
    ),
    "openstack": Needs("openstack.cloud", {"openstack": "openstacksdk"}),
}
"""hetzner.hcloud up to 6.3 ends at each server: it wants a ``datacenter``, which Hetzner's API has had no more of since
July 2026."""


def missing(cloud: str) -> str:
    """Name what is not installed of what the cloud's modules need; empty where all is there."""
    needs = NEEDS[cloud]
    named = f"the Ansible collection {needs.collection}"
    wanted = []
    if (folder := _collection(needs.collection)) is None:
        wanted.append(named)
    elif older(found := _version(folder), needs.oldest):
        wanted.append(f"{named} {needs.oldest} or newer (not {found})")
    wanted += [f"the Python package {name}" for module, name in needs.libraries.items() if not _importable(module)]
    return " and ".join(wanted)


def checks(cloud: str) -> list[Check]:
    """Look whether all is there, for ``netlab doctor``."""
    wanting = missing(cloud)
    message = f"{wanting} is missing" if wanting else "the collection and its library are installed"
    return [Check(name=cloud, ok=not wanting, message=message, hint=NEEDS[cloud].hint if wanting else None)]


def _collection(name: str) -> Path | None:
    """Return the folder of the collection that Ansible would take; None where there is none."""
    folders = (place / "ansible_collections" / name.replace(".", "/") for place in _places())
    return next((folder for folder in folders if folder.is_dir()), None)


def _places() -> Iterator[Path]:
    """Yield where Ansible looks: where users have their own, then where its package has those that come with it."""
    own = os.environ.get("ANSIBLE_COLLECTIONS_PATH") or "~/.ansible/collections:/usr/share/ansible/collections"
    yield from (Path(place).expanduser() for place in own.split(os.pathsep))
    found = importlib.util.find_spec("ansible_collections")
    yield from (Path(place).parent for place in (found.submodule_search_locations or [])) if found else ()


def _version(folder: Path) -> str:
    """Return what the collection says; empty where it says nothing, as one that is being developed."""
    try:
        return str(json.loads((folder / "MANIFEST.json").read_bytes())["collection_info"]["version"])
    except (OSError, ValueError, KeyError):
        return ""


def _importable(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
