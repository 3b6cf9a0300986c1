"""The state folder ``.netlab/``: keys, hosts, runs and logs; one lock per lab.

.netlab/                      0700
  state.json                  LabState
  lock, lock.json             the lock and who holds it
  keys/id_ed25519[.pub]       how netlab enters the hosts
  keys/host_ed25519[.pub]     what the hosts prove themselves with, known before first contact
  keys/agent_ed25519[.pub]    how the client starts the agents of the others
  keys/hosts/NAME[.pub]       the same of each host in a cloud, one pair per host
  cloud.json                  what is remembered of hosts in a cloud
  known_hosts, ssh_config     of the hosts that are up
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

from pydantic import Field, ValidationError

from netlab import access, locks, proc
from netlab.errors import LabBusy, NetlabError, NotUp
from netlab.files import write_atomic
from netlab.model.frozen import Frozen
from netlab.model.host import Host
from netlab.model.lab import Clock, Stack
from netlab.spec.file import FILE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STATE_FOLDER = ".netlab"
API_PORTS = range(20_000, 30_000)
"""Of which a lab whose cluster is reached through SSH has one: none that the kernel gives away by itself."""


class LabState(Frozen):
    """What is up. ``profile`` is None while hosts exist but none is proven."""

    schema_version: Literal[2] = 2
    provider: str
    clock: Clock
    stack: Stack
    profile: str | None = None
    snapshot: str | None = None
    """What the profile's snapshot is called: it changes with everything that goes into the profile."""
    applied: str | None = None
    """What the snapshot of the profile would be called whose roles are on the hosts, in whole or in part.

    Without snapshots, they are undone before others are played.
    """
    build: str = ""
    """Which build of a run the hosts are, where it is not the first."""
    boots: dict[str, str] = Field(default_factory=dict)
    """Host → which boot of its kernel it was in when the profile was applied; empty where netlab alone boots hosts."""
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
        """One folder per run."""
        return self.state_folder / "runs"

    @property
    def proofs(self) -> Path:
        """One folder per profile: what was recorded when its paths were last proven."""
        return self.state_folder / "proofs"

    @property
    def logs(self) -> Path:
        """One file per command, and what the machines say."""
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
        """Private key that hosts made by netlab prove themselves with; the public one is beside it."""
        return self.state_folder / "keys" / "host_ed25519"

    @property
    def agent_key(self) -> Path:
        """Private key by which the client of hosts made by netlab starts the others' agents; it opens nothing else."""
        return self.state_folder / "keys" / "agent_ed25519"

    def public_key(self, private: Path) -> str:
        """Return the public half of one of these keys, type and key alone; empty where there is none yet."""
        try:
            return " ".join(private.with_suffix(".pub").read_text(encoding="utf-8").split()[:2])
        except FileNotFoundError:
            return ""

    @property
    def known_hosts(self) -> Path:
        """The hosts' keys, and no other."""
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

    @property
    def api_port(self) -> int:
        """Port of 127.0.0.1 where ssh has a cluster's API answer: the same as long as the lab is in this folder."""
        digest = hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()
        return API_PORTS.start + int(digest, 16) % len(API_PORTS)

    def create(self) -> None:
        """Make what is missing: folders and keys."""
        for folder in (self.state_folder, self.key.parent, self.runs, self.logs, self.machines):
            folder.mkdir(mode=0o700, parents=folder != self.state_folder, exist_ok=True)
        private_folder(self.sockets)
        for key in (self.key, self.host_key, self.agent_key):
            make_key(key)

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
            hint = "another version of netlab may have written it: run 'netlab down', then 'netlab up' again"
            raise NetlabError(f"{path} cannot be read: {error.errors()[0]['msg']}", hint=hint) from error

    def provider(self) -> str | None:
        """Return whose hosts are up, also where another version of netlab wrote that down; None where nothing is up."""
        try:
            name = json.loads((self.state_folder / "state.json").read_bytes())["provider"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return str(name)

    def save_state(self, state: LabState | None) -> None:
        """Store what is up, with ``known_hosts`` and ``ssh_config``; None: nothing is."""
        path = self.state_folder / "state.json"
        if state is None:
            for file in (path, self.ssh_config, self.known_hosts):
                file.unlink(missing_ok=True)
        else:
            self.write_access(state.hosts)
            write_atomic(path, state.model_dump_json(indent=2).encode())

    def write_access(self, hosts: Sequence[Host]) -> None:
        """Write ``known_hosts`` and ``ssh_config``, by which the hosts are entered."""
        write_atomic(self.known_hosts, access.known_hosts(hosts).encode())
        config = access.ssh_config(hosts, self.key, self.known_hosts, self.sockets, self.api_port)
        write_atomic(self.ssh_config, config.encode())

    def hosts(self) -> tuple[Host, ...]:
        """Hosts that are up; NotUp when none is."""
        state = self.load_state()
        if state is None or not state.hosts:
            raise NotUp(f"the lab in {self.folder} is not up", hint="run 'netlab up' first")
        return state.hosts

    def inventory(self, hosts: Sequence[Host], *, shared: bool = False) -> dict[str, Any]:
        """Return the hosts in the form that Ansible's YAML inventories have; ``shared``: see ``shared_jump``."""
        sockets = self._open_sockets if shared else None
        return access.inventory(hosts, self.key, self.known_hosts, sockets)

    def shared_jump(self, host: Host) -> list[str]:
        """Return the options of ssh by which all that netlab itself does goes through one connection to a jump host."""
        sockets = self._open_sockets
        return access.shared_jump(host, self.key, self.known_hosts, sockets) if sockets else []

    @property
    def _open_sockets(self) -> Path | None:
        """Folder of the sockets, where ``create`` has made it: a lab that is only looked at has none."""
        return self.sockets if self.sockets.is_dir() else None


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


def make_key(path: Path) -> None:
    """Make a pair of ed25519 keys, the public one beside ``path``; one that is there already stays."""
    if not path.with_suffix(".pub").exists():
        path.unlink(missing_ok=True)
        proc.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "netlab", "-f", path], timeout=60)


def _holder(path: Path) -> str:
    """Say who holds the lock; the holder may be just about to write it, or gone."""
    try:
        holder = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return ""
    return f": process {holder['pid']}, {holder['command']}"
