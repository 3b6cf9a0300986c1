"""Packages that the clouds' modules need: the extra ``cloud`` of the package, which most labs do without."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from netlab.model.check import Check

COLLECTIONS = {"ec2": "amazon/aws", "openstack": "openstack/cloud"}
HINT = "install netlab with its extra for clouds: pip install 'cni-netlab[cloud]'"
LIBRARIES = {"ec2": "boto3", "openstack": "openstack"}
"""What the modules import."""
PACKAGES = {"openstack": "openstacksdk"}
"""What a library is installed as, where it has another name."""


def missing(cloud: str) -> str:
    """Name what is not installed of what the cloud's modules need; empty where all is there."""
    collection = COLLECTIONS[cloud]
    wanted = [f"the Ansible collection {collection.replace('/', '.')}"] if not _has_collection(collection) else []
    library = LIBRARIES[cloud]
    if importlib.util.find_spec(library) is None:
        wanted.append(f"the Python package {PACKAGES.get(library, library)}")
    return " and ".join(wanted)


def checks(cloud: str) -> list[Check]:
    """Look whether all is there, for ``netlab doctor``."""
    wanting = missing(cloud)
    message = f"{wanting} is missing" if wanting else "the collection and its library are installed"
    return [Check(name=cloud, ok=not wanting, message=message, hint=HINT if wanting else None)]


def _has_collection(name: str) -> bool:
    """Whether the collection is where Ansible's package has those that come with it, or where users have their own."""
    found = importlib.util.find_spec("ansible_collections")
    places = [Path(place) for place in (found.submodule_search_locations or [])] if found else []
    own = Path("~/.ansible/collections/ansible_collections").expanduser()
    return any(
        (place / name).is_dir() for place in (*places, own, Path("/usr/share/ansible/collections/ansible_collections"))
    )
