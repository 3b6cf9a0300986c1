"""The machines of a lab as one thing: started, saved and restored together.

Virtual clock: one machine whose hosts are containers in it, so that one instruction counter times them all.
Real clock: one machine per host, on one Ethernet made of UNIX sockets in the lab's folder, which nothing else can join.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from netlab import locks
from netlab.errors import ImageError, MachineError, NoSpace
from netlab.hosts.qemu import boot, image, snapshot
from netlab.hosts.qemu.accel import Accelerator
from netlab.hosts.qemu.image import Image
from netlab.hosts.qemu.machine import DISKS, ICOUNT_SHIFT, KERNEL_ARGUMENTS, Machine, MachineConfig, Nic, stop_folder
from netlab.model.frozen import Frozen
from netlab.model.host import API_PORT
from netlab.model.lab import Clock, Part
from netlab.progress import size
from netlab.spec.qemu import Mitigations
from netlab.storage.work import discard, sweep, work_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlab.model.host import Host

BASE = "base"
"""Snapshot of the booted and settled fleet, before any profile."""

EVIDENCE = ".evidence"
"""No machine is called like that."""
LINK_TIMEOUT_S = 10.0
SPARE_BYTES = 64 << 20
"""What a snapshot takes besides memory and disks: its evidence, devices, the file system's own."""

ISOLATED = "restrict=on,ipv6=off"
"""A lab never talks to strangers: what a guest sends to QEMU's user network goes nowhere, but for answers to what comes
in by a forwarded port. Its DHCP then offers neither a router nor a name server."""


class FleetShape(Frozen):
    """What a lab's machines are made of."""

    image: Image
    accelerator: Accelerator
    clock: Clock
    cpus: int
    memory_mib: Mapping[Part, int]
    """Of a host that plays the part."""
    control_cpus: int = 2
    mitigations: Mitigations = "off"
    payload: Path | None = None
    """A disk that every machine may read, with the payload of the lab's profiles."""
    payload_digest: str = ""
    """SHA-256 of that disk."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """Words for the kernel of every machine."""
        return (f"mitigations={self.mitigations}",)


class Fleet:
    """The machines of one lab in ``folder``; snapshots are kept in ``cache``, for every lab of the same shape."""

    def __init__(  # noqa: PLR0913 - where, and by keyword what
        self,
        folder: Path,
        cache: Path,
        logs: Path,
        *,
        shape: FleetShape,
        hosts: Sequence[Host],
        keys: dict[str, Path],
    ) -> None:
        self.shape = shape
        self.machines = [Machine(folder / config.name, logs, config) for config in _configs(shape, hosts, keys)]
        self.key = _key(self.machines, shape)
        self.cache = cache / "fleets" / self.key

    @property
    def running(self) -> bool:
        """Whether every machine runs."""
        return all(machine.pid is not None for machine in self.machines)

    def check(self) -> None:
        """MachinePanicked when a machine has exited unexpectedly."""
        for machine in self.machines:
            machine.check()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other netlab from making this fleet's first snapshot at the same time."""
        self.cache.parent.mkdir(parents=True, exist_ok=True)
        with locks.held(self.cache.with_suffix(".lock")):
            yield

    def use(self, descriptors: Sequence[int]) -> None:
        """Have the machines inherit open files that show what they use (``netlab.storage.leases``)."""
        for machine in self.machines:
            machine.inherits = tuple(descriptors)

    def tags(self) -> set[str]:
        """Names of the snapshots that are as they were saved."""
        return {folder.name for folder in self._snapshots() if snapshot.damage(folder) is None}

    def drop_damaged(self) -> dict[str, str]:
        """Remove the snapshots that are not as they were saved, or lie on such a one; return what was wrong."""
        wrong = {folder: words for folder in self._snapshots() if (words := snapshot.damage(folder))}
        for folder in wrong:
            discard(folder)
        return {folder.name: words for folder, words in wrong.items()}

    def discard(self, build: str) -> None:
        """Remove the snapshots of one build of the hosts, those that lie on others first."""
        folders = [folder for folder in self._snapshots() if build and folder.name.partition("+")[2] == build]
        for folder in sorted(folders, key=lambda one: -len(snapshot.lineage(one))):
            discard(folder)

    def _snapshots(self) -> list[Path]:
        return sorted(self.cache.glob("[!.]*"))

    def start(self, tag: str | None) -> None:
        """Boot all, or resume the snapshot ``tag``; if one fails, none is left running.

        Snapshots are loaded at the same time, and resumed together: none waits in vain for another's answer.
        """
        self._check(tag)
        try:
            for machine in self.machines:
                machine.start(self.cache / tag / machine.config.name if tag else None)
                self._wait_for_links(machine)
            if tag:
                for machine in self.machines:
                    machine.wait_until_loaded()
                for machine in self.machines:
                    machine.resume()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End all machines."""
        for machine in self.machines:
            machine.stop()

    def evidence(self, tag: str) -> Path:
        """Folder of what was kept with the snapshot ``tag``."""
        return self.cache / tag / EVIDENCE

    def save(self, tag: str, evidence: Path | None = None) -> None:
        """Keep all machines, and what proves their state (if anything does), as the snapshot ``tag``, which ends them.

        Who saves the same tag first wins.
        """
        self.cache.mkdir(parents=True, exist_ok=True)
        sweep(self.cache)
        self._check_room(tag)
        with work_folder(self.cache, ".new-") as fresh:
            for machine in self.machines:
                machine.pause()
            for machine in self.machines:
                machine.save(fresh / machine.config.name)
            if evidence:
                shutil.copytree(evidence, fresh / EVIDENCE)
            snapshot.seal(fresh, (fresh / m.config.name / disk for m in self.machines for disk in DISKS), self._base())
            self._publish(fresh, tag)

    def _publish(self, fresh: Path, tag: str) -> None:
        place = self.cache / tag
        if place.exists() and snapshot.damage(place):
            discard(place)
        try:
            fresh.rename(place)
        except OSError as error:
            if error.errno not in {errno.EEXIST, errno.ENOTEMPTY}:  # there already: another netlab was quicker
                raise

    def _base(self) -> snapshot.Base:
        shape = self.shape
        return snapshot.Base(
            image=shape.image.key,
            image_digest=shape.image.digest,
            payload=shape.payload.name if shape.payload else None,
            payload_digest=shape.payload_digest,
        )

    def _check(self, tag: str | None) -> None:
        """Refuse to start on an image or a snapshot that changed since this command looked; note that both are used."""
        again = "run the command again"
        wrong = image.damage(self.shape.image.disk.parent)
        if wrong or image.read(self.shape.image.disk.parent) != self.shape.image:
            raise ImageError(
                f"the image changed while it was in use: {wrong or 'it was removed or baked again'}", hint=again
            )
        wrong = snapshot.damage(self.cache / tag) if tag else None
        if wrong:
            raise MachineError(f"the snapshot '{tag}' is damaged: {wrong}", hint=f"{again}: it is made again")
        for folder in snapshot.lineage(self.cache / tag) if tag else ():
            os.utime(folder)

    def _check_room(self, tag: str) -> None:
        needed = SPARE_BYTES + sum(_size_of_snapshot(machine, self.cache) for machine in self.machines)
        free = shutil.disk_usage(self.cache).free
        if free < needed:
            hint = (
                f"'netlab cache prune' removes what is no longer used; or free {size(needed - free)} there, or point "
                "XDG_CACHE_HOME to another disk"
            )
            message = f"the snapshot '{tag}' needs {size(needed)} in {self.cache}, but {size(free)} are free"
            raise NoSpace(message, hint=hint)

    def _wait_for_links(self, machine: Machine) -> None:
        """QEMU connects a stream once, at start: the listening machine's sockets must be there before the next."""
        deadline = time.monotonic() + LINK_TIMEOUT_S
        for path in _listening(machine):
            while not path.exists():
                if time.monotonic() > deadline:
                    raise MachineError(f"the link {path.name} of machine '{machine.config.name}' did not come up")
                time.sleep(0.02)


def stop_all(folder: Path) -> None:
    """End every machine that runs below ``folder``, without knowing their configuration."""
    for pid_file in folder.rglob("pid"):
        stop_folder(pid_file.parent)


def _size_of_snapshot(machine: Machine, place: Path) -> int:
    """Return the bytes that the machine's snapshot may take: memory that it uses, and disks where they are copied."""
    disks = [file.stat() for disk in DISKS if (file := machine.folder / disk).exists()]
    copied = sum(status.st_blocks * 512 for status in disks if status.st_dev != place.stat().st_dev)
    return copied + min(machine.config.memory_mib << 20, _resident(machine.pid))


def _resident(pid: int | None) -> int:
    """Return the bytes of memory of a process, in RAM and swapped out."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except FileNotFoundError:  # it has ended, as saving it will show
        return 0
    return sum(int(kib) << 10 for kib in re.findall(r"^Vm(?:RSS|Swap):\s+(\d+) kB$", text, re.MULTILINE))


def _key(machines: Sequence[Machine], shape: FleetShape) -> str:
    """Hash all that decides what a snapshot holds; ports and keys do not, any lab has its own.

    What snapshots lie on counts by its content, wherever it is.
    """
    apart = dict.fromkeys(("nics", "keys", "disk", "kernel", "initrd", "payload"), True)
    parts = [machine.config.model_dump_json(exclude={**apart, "accelerator": {"refused"}}) for machine in machines]
    cpu = machines[0].config.accelerator.cpu  # a guest that was saved on one processor cannot be resumed on another
    words = [shape.image.digest, shape.payload_digest, KERNEL_ARGUMENTS, str(ICOUNT_SHIFT), cpu, *parts]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]


def _configs(shape: FleetShape, hosts: Sequence[Host], keys: dict[str, Path]) -> list[MachineConfig]:
    if shape.clock == "virtual":
        return [_shared(shape, hosts, keys)]
    return [_own(shape, hosts, index, keys) for index in range(len(hosts))]


def _shared(shape: FleetShape, hosts: Sequence[Host], keys: dict[str, Path]) -> MachineConfig:
    return MachineConfig(
        name="fleet",
        accelerator=shape.accelerator,
        clock=shape.clock,
        cpus=1,  # instruction counting times one processor
        memory_mib=sum(shape.memory_mib[host.part] for host in hosts),
        disk=shape.image.disk,
        kernel=shape.image.kernel,
        initrd=shape.image.initrd,
        nics=tuple(_management(host, index) for index, host in enumerate(hosts)),
        credentials=boot.shared_machine(hosts),
        keys=keys,
        arguments=(
            *shape.arguments,
            "systemd.unit=netlab-hosts.target",
            *(f"systemd.wants=netlab-host@{host.name}.service" for host in hosts),
        ),
    )


def _own(shape: FleetShape, hosts: Sequence[Host], index: int, keys: dict[str, Path]) -> MachineConfig:
    control = hosts[index].part == "control"
    return MachineConfig(
        name=hosts[index].name,
        accelerator=shape.accelerator,
        clock=shape.clock,
        cpus=shape.control_cpus if control else shape.cpus,
        memory_mib=shape.memory_mib[hosts[index].part],
        payload=shape.payload,
        disk=shape.image.disk,
        kernel=shape.image.kernel,
        initrd=shape.image.initrd,
        nics=(_management(hosts[index], index), Nic(netdev=_ethernet(index), mac=boot.mac(1, index))),
        extra=tuple(_switch_ports(len(hosts))) if index == 0 else (),
        credentials=boot.own_machine(hosts[index], index),
        keys=keys,
        arguments=shape.arguments,
    )


def _management(host: Host, index: int) -> Nic:
    ports = {host.port: 22} | ({host.api_port: API_PORT} if host.api_port else {})
    forward = ",".join(f"hostfwd=tcp:{host.address}:{port}-:{inside}" for port, inside in ports.items())
    return Nic(netdev=f"user,{ISOLATED},{forward}", mac=boot.mac(0, index))


def _ethernet(index: int) -> str:
    """Return the lab's Ethernet: the first machine holds the hub, each other one has a cable to it."""
    if index == 0:
        return "hubport,hubid=0"
    return f"stream,server=off,addr.type=unix,addr.path=../link{index}.sock"


def _switch_ports(hosts: int) -> list[str]:
    words: list[str] = []
    for index in range(1, hosts):
        cable = f"stream,id=cable{index},server=on,addr.type=unix,addr.path=../link{index}.sock"
        words += ["-netdev", cable, "-netdev", f"hubport,id=port{index},hubid=0,netdev=cable{index}"]
    return words


def _listening(machine: Machine) -> list[Path]:
    text = " ".join(machine.config.extra)
    return [machine.folder.parent / f"link{i}.sock" for i in range(1, text.count("server=on") + 1)]
