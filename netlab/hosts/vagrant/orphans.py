"""Machines of libvirt's that Vagrant does not know: it died after it had asked for them, and before it noted their id.

Vagrant can neither make nor destroy such a machine, because its name is taken. Once it has the id, it destroys the
machine and its disk as any other. A disk whose machine never came, Vagrant's ``destroy`` removes by itself.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from netlab import proc
from netlab.errors import MachineError, MissingTool
from netlab.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

URI = "qemu:///system"
"""Where the Vagrantfile has machines made: since it says that it wants no session, LIBVIRT_DEFAULT_URI is not read."""
TIMEOUT_S = 60.0


def unknown(folder: Path) -> set[str]:
    """Return the machines of libvirt's, made or not, that Vagrant, working in ``folder``, has no id of."""
    return {name for name, _ in _unnoted(folder)}


def adopt(folder: Path, fleet: str) -> set[str]:
    """Tell Vagrant the ids of machines that are there though it does not know them; return which.

    ``fleet`` is what their names begin with. MachineError where libvirt does not answer in time.
    """
    adopted = set()
    for name, place in _unnoted(folder):
        if found := _id_of(f"{fleet}-{name}"):
            write_atomic(place, found.encode())
            adopted.add(name)
    return adopted


def _unnoted(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield machines without an id, and where it belongs; Vagrant makes a machine's folder before the machine."""
    for place in sorted(folder.glob(".vagrant/machines/*/libvirt")):
        file = place / "id"
        if not file.exists() or not file.read_text(encoding="utf-8").strip():
            yield place.parent.name, file


def _id_of(domain: str) -> str | None:
    """Return libvirt's id of a machine; None where there is none, or nothing to ask with."""
    try:
        done = proc.run(["virsh", "-c", URI, "domuuid", domain], timeout=TIMEOUT_S, check=False, error=MachineError)
        return str(uuid.UUID(done.stdout.strip())) if done.exit_code == 0 else None
    except (MissingTool, ValueError):
        return None
