"""What a lab remembers of its hosts in a cloud. Losing it loses no host: they are found by the lab's id."""

from __future__ import annotations

import hashlib
import os
import platform
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError, model_validator

from netlab.files import write_atomic
from netlab.hosts.cloud.cost import Cost
from netlab.model.frozen import Frozen
from netlab.model.host import LAB_INTERFACE

if TYPE_CHECKING:
    from netlab.lab import Lab

STAMP = "%Y%m%dT%H%M%SZ"
"""Dates in tags: every cloud takes these characters."""
ID_LENGTH = 12


OLD_TABLES = {
    "addresses": "address",
    "zones": "zone",
    "interfaces": "interface",
    "networkd_files": "networkd_file",
    "releases": "release",
}
"""What older versions of netlab kept as a table by the host's name each, and what a host calls it."""


class CloudHost(Frozen):
    """What is known of a host once it is there."""

    address: str
    """Where it is entered."""
    zone: str = ""
    interface: str = LAB_INTERFACE
    """What it calls its own in the lab."""
    networkd_file: str = ""
    """Which file of networkd's configures that; empty: none does."""
    mtu: int = 0
    """Of that interface; 0 where a netlab that did not ask has made the host."""
    release: str = ""
    """What it runs: see ``netlab.hosts.releases``."""


class Record(Frozen):
    """Hosts of a lab in a cloud, from before the first of them is made until the last is removed."""

    provider: str
    lab: str
    """The lab's id, which all that is made carries."""
    place: str
    """Region, or whatever the cloud calls it."""
    created: datetime
    expires: datetime
    digest: str
    """Of all that decides what the hosts are."""
    settings: str
    """Of what may change while they stay."""
    cost: Cost
    complete: bool = False
    """Whether all hosts were there once, and were handed out to be worked with."""
    hosts: dict[str, CloudHost] = Field(default_factory=dict)
    """By name."""

    @model_validator(mode="before")
    @classmethod
    def _upgraded(cls, content: Any) -> Any:
        """Read what has a table for each thing that is known of the hosts; what is wrong with it stays wrong."""
        if not isinstance(content, dict) or not content.keys() & OLD_TABLES.keys():
            return content
        tables = {new: content[old] for old, new in OLD_TABLES.items() if isinstance(content.get(old), dict)}
        hosts = {
            name: {key: table[name] for key, table in tables.items() if name in table}
            for name in tables.get("address", {})
        }
        return {key: value for key, value in content.items() if key not in OLD_TABLES} | {"hosts": hosts}


def file_of(lab: Lab) -> Path:
    """Return where the lab keeps it."""
    return lab.state_folder / "cloud.json"


def load(lab: Lab) -> Record | None:
    """Read it; None where there is none, or none that can be read: the cloud is asked then."""
    try:
        return Record.model_validate_json(file_of(lab).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def save(lab: Lab, record: Record) -> None:
    """Write it."""
    write_atomic(file_of(lab), record.model_dump_json(indent=2).encode())


def remove(lab: Lab) -> None:
    """Forget it."""
    file_of(lab).unlink(missing_ok=True)


def lab_id(lab: Lab) -> str:
    """Return the id that all carries which is made for the lab.

    It follows from the folder, the machine and the user. So a lab whose state is lost has the same one again, and no
    lab of another machine with the same account has it.
    """
    words = (_machine(), str(os.getuid()), str(lab.folder.resolve()))
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:ID_LENGTH]


def stamp(moment: datetime) -> str:
    """Return a date as tags have it."""
    return moment.astimezone(UTC).strftime(STAMP)


def read_stamp(text: str) -> datetime | None:
    """Read a date of a tag; None where it is none of netlab's."""
    try:
        return datetime.strptime(text, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def lifetime(record: Record | None, hours: int) -> tuple[datetime, datetime]:
    """Return when the lab was created and when it expires: that it is started again does not prolong its life."""
    created = record.created if record else datetime.now(UTC).replace(microsecond=0)
    return created, created + timedelta(hours=hours)


def _machine() -> str:
    """Return what tells this machine from others; it has the same name and the same folders as many."""
    for path in (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id")):
        try:
            if text := path.read_text(encoding="ascii").strip():
                return text
        except (OSError, ValueError):
            continue
    return platform.node()
