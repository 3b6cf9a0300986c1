"""The state folder ``.netlab/``: keys, hosts, runs and logs; one lock a lab.

.netlab/                      0700
  state.json                  LabState
  lock, lock.json             the lock and who holds it
  keys/id_ed25519[.pub]       how netlab enters the hosts
  keys/host_ed25519[.pub]     what the hosts prove themselves with, known before first contact
  known_hosts, ssh_config
  ansible/                    the private folder of the running play
  machines/  runs/  logs/  proofs/
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shlex
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from netlab import locks, proc, ssh
from netlab.errors import LabBusy, NetlabError, NotUp
from netlab.files import write_atomic
from netlab.model.frozen import Frozen
from netlab.model.lab import PARTS, Clock, Part, Stack
from netlab.spec import FILE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

STATE_FOLDER = ".netlab"
HOST_KEY_ALIAS = "netlab"
"""All hosts of a lab share one host key, so a port that moves needs no new entry in ``known_hosts``."""


class Host(Frozen):
    """A host of the lab, reached over SSH on 127.0.0.1."""

    name: str
    part: Part
    ssh_port: int
    lab_address: str
    api_port: int | None = None
    """Where a cluster's API answers on 127.0.0.1; only its control plane has one."""


class LabState(Frozen):
    """What is up. ``profile`` is None while hosts exist but none is proven."""

    schema_version: Literal[1] = 1
    provider: str
    clock: Clock
    stack: Stack
    profile: str | None = None
    snapshot: str | None = None
    """What the profile's snapshot is called: it changes with everything that goes into the profile."""
    hosts: tuple[Host, ...] = ()


@dataclass(frozen=True)
class Lab:
    """A folder with a ``netlab.yml`` (or none), and its state beside it."""

    folder: Path

    @property
    def state_folder(self) -> Path:
        """Keys, hosts, runs and logs of the lab."""
        return self.folder / STATE_FOLDER

    @property
    def runs(self) -> Path:
        """One folder a run."""
        return self.state_folder / "runs"

    @property
    def proofs(self) -> Path:
        """One folder a profile: what was recorded when its paths were last proven."""
        return self.state_folder / "proofs"

    @property
    def logs(self) -> Path:
        """One file a command, and what the machines say."""
        return self.state_folder / "logs"

    @property
    def machines(self) -> Path:
        """What the provider keeps: disks and pids."""
        return self.state_folder / "machines"

    @property
    def ansible(self) -> Path:
        """Private folder of the running play, emptied by each."""
        return self.state_folder / "ansible"

    @property
    def key(self) -> Path:
        """Private key that enters the hosts; the public one is beside it."""
        return self.state_folder / "keys" / "id_ed25519"

    @property
    def host_key(self) -> Path:
        """Private key that the hosts prove themselves with; the public one is beside it."""
        return self.state_folder / "keys" / "host_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The lab's host key, and no other."""
        return self.state_folder / "known_hosts"

    @property
    def ssh_config(self) -> Path:
        """The hosts by name, for plain ``ssh``."""
        return self.state_folder / "ssh_config"

    @property
    def sockets(self) -> Path:
        """Where UNIX sockets of this lab go; their paths may have about 100 characters, so they are not in the lab."""
        digest = hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"netlab-{os.getuid()}-{digest}"

    def create(self) -> None:
        """Make what is missing: folders, keys, ``known_hosts``."""
        for folder in (self.state_folder, self.key.parent, self.runs, self.logs, self.machines):
            folder.mkdir(mode=0o700, parents=folder != self.state_folder, exist_ok=True)
        private_folder(self.sockets)
        for key in (self.key, self.host_key):
            _make_key(key)
        public = " ".join(self.host_key.with_suffix(".pub").read_text(encoding="utf-8").split()[:2])
        write_atomic(self.known_hosts, f"{HOST_KEY_ALIAS} {public}\n".encode())

    @contextlib.contextmanager
    def lock(self, *, removing: bool = False) -> Iterator[None]:
        """Hold the lab; LabBusy at once when another netlab does. ``removing``: the lock's files go with the lab.

        They go while the lock is held, and its own goes last: a name that is removed later could be another's lock.
        """
        holder, path = self.state_folder / "lock.json", self.state_folder / "lock"
        descriptor = self._acquire(path)
        if descriptor is None:
            raise LabBusy(f"another netlab works on {self.folder}{_holder(holder)}", hint="wait for it to end")
        try:
            write_atomic(holder, json.dumps({"pid": os.getpid(), "command": shlex.join(sys.argv)}).encode())
            yield
        finally:
            holder.unlink(missing_ok=True)
            if removing:
                path.unlink(missing_ok=True)
            os.close(descriptor)

    def _acquire(self, path: Path) -> int | None:
        """Lock ``path`` without waiting; a ``down`` in another process may remove its folder at any moment."""
        while True:
            with contextlib.suppress(FileExistsError):  # pathlib's exist_ok looks again, and may find it gone
                self.state_folder.mkdir(mode=0o700)
            with contextlib.suppress(FileNotFoundError):
                return locks.acquire(path, wait=False)

    def load_state(self) -> LabState | None:
        """Read what is up; None when nothing is."""
        path = self.state_folder / "state.json"
        try:
            return LabState.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            hint = "run 'netlab down', then 'netlab up' again"
            raise NetlabError(f"{path} cannot be read: {error.errors()[0]['msg']}", hint=hint) from error

    def save_state(self, state: LabState | None) -> None:
        """Store what is up, and ``ssh_config`` with it; None: nothing is."""
        path = self.state_folder / "state.json"
        if state is None:
            path.unlink(missing_ok=True)
            self.ssh_config.unlink(missing_ok=True)
        else:
            write_atomic(self.ssh_config, self.ssh_config_text(state.hosts).encode())
            write_atomic(path, state.model_dump_json(indent=2).encode())

    def hosts(self) -> tuple[Host, ...]:
        """Hosts that are up; NotUp when none is."""
        state = self.load_state()
        if state is None or not state.hosts:
            raise NotUp(f"the lab in {self.folder} is not up", hint="run 'netlab up' first")
        return state.hosts

    def ssh_options(self) -> dict[str, str]:
        """Return what every SSH connection of the lab is made with; nothing of the user's own settings."""
        return {
            "User": "root",
            "IdentityFile": ssh.quoted(self.key),
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": ssh.quoted(self.known_hosts),
            "GlobalKnownHostsFile": "/dev/null",
            "HostKeyAlias": HOST_KEY_ALIAS,
            "StrictHostKeyChecking": "yes",
            "UpdateHostKeys": "no",
            "PasswordAuthentication": "no",
            "LogLevel": "ERROR",
        }

    def ssh_config_text(self, hosts: tuple[Host, ...]) -> str:
        """Render an ``ssh_config`` in which the hosts stand by name."""
        stanzas = [f"Host {host.name}\n  HostName 127.0.0.1\n  Port {host.ssh_port}\n" for host in hosts]
        common = "".join(f"  {key} {value}\n" for key, value in self.ssh_options().items())
        return "\n".join([*stanzas, f"Host *\n{common}"])

    def inventory(self, hosts: tuple[Host, ...]) -> dict[str, Any]:
        """Return the inventory in the form that Ansible's YAML inventories have."""
        options = " ".join(shlex.quote(f"-o{key}={value}") for key, value in self.ssh_options().items())
        common = {
            "ansible_user": "root",
            "ansible_ssh_common_args": options,
            "ansible_python_interpreter": "/usr/bin/python3",  # to look for one costs an emulated host seconds a play
        }
        groups = {
            part: {"hosts": {host.name: _host_vars(host) for host in hosts if host.part == part}} for part in PARTS
        }
        return {"all": {"vars": common, "children": groups}}


def find_lab(start: Path) -> Lab:
    """Find the lab of the nearest folder upwards that has a ``netlab.yml`` or a ``.netlab/``; else ``start``'s own."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if any(map(os.path.lexists, [folder / STATE_FOLDER / "state.json", *(folder / name for name in FILE_NAMES)])):
            return Lab(folder)
    return Lab(start)


def private_folder(path: Path) -> None:
    """Make a folder in a place that all users share, and refuse one that somebody else put there."""
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if path.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise NetlabError(f"{path} belongs to somebody else or is open to others", hint=f"remove {path}")


def _make_key(path: Path) -> None:
    if not path.with_suffix(".pub").exists():
        path.unlink(missing_ok=True)
        proc.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "netlab", "-f", path], timeout=60)


def _host_vars(host: Host) -> dict[str, Any]:
    return {
        "ansible_host": "127.0.0.1",
        "ansible_port": host.ssh_port,
        "netlab_part": host.part,
        "netlab_address": host.lab_address,
    }


def _holder(path: Path) -> str:
    """Say who holds the lock; the holder may be just about to write it, or gone."""
    try:
        holder = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return ""
    return f": process {holder['pid']}, {holder['command']}"
