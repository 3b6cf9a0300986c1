"""The embedded default: hosts in QEMU on this machine, with no daemon, no cloud and no root."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import platform
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netlab import __version__, assets
from netlab.artifacts.payload import digest_of_payload
from netlab.errors import AcceleratorFailed, ArtifactMissing
from netlab.files import remove_folder
from netlab.hosts.ports import find_ports
from netlab.hosts.qemu import accel, boot, image
from netlab.hosts.qemu.bake import bake
from netlab.hosts.qemu.fleet import BASE, Fleet, FleetShape, stop_all
from netlab.hosts.qemu.guests import Guests
from netlab.model.host import Host
from netlab.model.lab import PARTS, Clock
from netlab.model.run import Environment, of_build
from netlab.storage import leases

if TYPE_CHECKING:
    from netlab.hosts.qemu.image import Image
    from netlab.lab import Lab
    from netlab.progress import Progress
    from netlab.spec.lab import LabSpec

NETWORK = ipaddress.ip_network("10.10.0.0/24")
FIRST_ADDRESS = 10


class QemuProvider:
    """Hosts in QEMU: one machine each on the real clock, containers of one machine on the virtual clock."""

    def __init__(  # noqa: PLR0913 - as every provider, and by keyword which of several fleets
        self,
        lab: Lab,
        spec: LabSpec,
        progress: Progress,
        payload: Path | None = None,
        *,
        number: int = 0,
        build: str = "",
    ) -> None:
        accel.require_linux()
        self.lab = lab
        self.spec = spec
        self.progress = progress
        self.payload = payload
        self.number = number
        self.build = build
        self._leases = leases.Leases(assets.cache())
        self.recipe = image.recipe_of(spec.stack)
        self.machines = lab.machines / f"fleet{number}"
        self._keys_written = False

    @property
    def parallel(self) -> int:
        """As netlab.yml says; by itself two where instructions are counted and two processors are there to do it."""
        if self.spec.qemu.parallel:
            return self.spec.qemu.parallel
        return min(2, os.cpu_count() or 1) if self.clock == "virtual" else 1

    def parallel_fleet(self, number: int) -> QemuProvider:
        """Return another fleet, in machines and on ports of its own; the snapshots are the same."""
        return self if number == self.number else self._another(number, self.build)

    def rebuilt(self, build: str) -> QemuProvider:
        """Return the same fleet, which boots again and has snapshots of its own."""
        return self._another(self.number, build)

    def forget(self) -> None:
        """End the machines, which lie on the build's snapshots, and remove these from the cache."""
        stop_all(self.machines)
        self.fleet.discard(self.build)

    def _another(self, number: int, build: str) -> QemuProvider:
        return QemuProvider(self.lab, self.spec, self.progress, self.payload, number=number, build=build)

    @cached_property
    def accelerator(self) -> accel.Accelerator:
        """Found by booting something tiny; the answer is kept once hosts are made (``plan`` writes nothing)."""
        return accel.probe(assets.cache())

    @property
    def clock(self) -> Clock:
        """Virtual where nothing accelerates, unless netlab.yml says, or a cluster needs machines of its own."""
        if self.spec.clock != "auto":
            return self.spec.clock
        counted = self.accelerator.name == "tcg" and self.spec.stack != "kubeadm"
        return "virtual" if counted else "real"

    @cached_property
    def image(self) -> image.Image:
        """The image; baked when it is not in the cache, or not as it was baked."""
        self._leases.hold(leases.image(self.recipe.key))
        return bake(self.recipe, assets.cache(), self.progress)

    @cached_property
    def fleet(self) -> Fleet:
        """The machines; bakes the image when it is not in the cache."""
        fleet = self._fleet_on(self.image, self._payload_digest())
        self._leases.hold(leases.fleet(fleet.key))
        fleet.use(self._leases.descriptors)
        return fleet

    def _fleet_on(self, baked: Image, payload_digest: str) -> Fleet:
        shape = FleetShape(
            image=baked,
            accelerator=self._counting_accelerator(),
            clock=self.clock,
            cpus=self.spec.qemu.cpus,
            memory_mib={
                part: self.spec.qemu.memory_of(part, self.spec.fleet.nodes + 1, self.spec.stack) for part in PARTS
            },
            control_cpus=self.spec.qemu.control_cpus,
            mitigations=self.spec.qemu.mitigations,
            payload=self.payload,
            payload_digest=payload_digest,
        )
        keys = boot.key_files(self.lab)
        return Fleet(self.machines, assets.cache(), self.lab.logs, shape=shape, hosts=self.hosts(), keys=keys)

    def facts(self) -> dict[str, Any]:
        """Return what the image makes known beforehand."""
        version = re.match(r"[0-9.]+", self.image.kernel_version)
        return {"netlab_kernel": version[0] if version else "0", "netlab_baked_roles": self.recipe.baked_roles}

    def hosts(self) -> tuple[Host, ...]:
        """Return the hosts; ports are those of the running lab, or free ones."""
        return self._hosts

    def kernels(self) -> tuple[tuple[str, ...], ...]:
        """Return all hosts together on the virtual clock, where they are containers of one machine."""
        names = tuple(host.name for host in self.hosts())
        return (names,) if self.clock == "virtual" else tuple((name,) for name in names)

    def outline(self) -> tuple[str, ...]:
        """Say whether the image is baked already, and whether hosts are up."""
        folder = image.folder_of(self.recipe, assets.cache())
        wrong = image.damage(folder)
        ready = None if wrong else image.read(folder)
        why = f" (the cached one is damaged: {wrong})" if wrong else ""
        bake_step = f"bake the image: {len(self.recipe.packages)} packages, then the roles{why}"
        made = f"make the hosts {', '.join(self.spec.parts)} (qemu, clock: {self.spec.clock})"
        up = f"hosts {', '.join(self.spec.parts)}: up already"
        return (
            f"image {ready.key}: there already" if ready else bake_step,
            up if self.lab.load_state() else made,
        )

    def running(self) -> bool:
        """Whether all machines run."""
        return any(self.machines.glob("*/pid")) and self.fleet.running

    def boots(self) -> dict[str, str]:
        """Return none: a machine whose guest wants to boot again ends instead."""
        return {}

    def prepare(self) -> None:
        """Boot the fleet once, and keep it as the snapshot that every profile begins with."""
        self._drop_damaged()
        accel.remember(assets.cache(), self.accelerator)
        if self._base in self.fleet.tags():
            return
        with self.progress.step("boot the fleet"), self.fleet.alone():
            if self._base in self.fleet.tags():  # another netlab was quicker
                return
            self._launch(None)
            self._guests.wait_until_booted()
            self.fleet.save(self._base)

    def start(self) -> None:
        """Resume all machines freshly booted."""
        self.prepare()
        self.resume(self._base)

    def resume(self, tag: str) -> None:
        """Resume all machines from the snapshot ``tag``."""
        accel.remember(assets.cache(), self.accelerator)
        self._launch(tag)
        if self.clock == "real":
            self._guests.set_clocks()
        else:  # all answered when the snapshot was made: now one shows that the machine runs
            self._guests.wait_until_one_answers()

    def _launch(self, tag: str | None) -> None:
        """Boot the machines, or resume them, in the place of those that are there."""
        stop_all(self.machines)
        if not self._keys_written:
            boot.write_keys(self.lab, self._client)
            self._keys_written = True
        self.fleet.start(tag)

    def snapshots(self, *, reserve: bool = True) -> set[str]:
        """Return the states that the cache holds for a fleet of this shape; with ``reserve`` none of them is pruned."""
        baked = image.find(self.recipe, assets.cache())
        digest = digest_of_payload(self.payload) if self.payload else ""
        if baked is None or (self.payload and not digest):
            return set()
        return (self.fleet if reserve else self._fleet_on(baked, digest)).tags()

    def save(self, tag: str, evidence: Path | None) -> None:
        """Keep the present state in the cache, which ends the machines."""
        self.fleet.save(tag, evidence)

    def evidence(self, tag: str) -> Path:
        """Return the folder that was kept with the snapshot."""
        return self.fleet.evidence(tag)

    def check(self) -> None:
        """MachineError when a machine has ended or stopped; an accelerator that stopped one is not used again."""
        try:
            self.fleet.check()
        except AcceleratorFailed as error:
            accel.refuse(assets.cache(), self.accelerator, error.message)
            raise

    def environment(self) -> Environment:
        """Return what decides the figures besides the profile."""
        fleet = self.fleet
        config = fleet.machines[0].config
        parts = {host.name: host.part for host in self.hosts()}
        return Environment(
            netlab_version=__version__,
            provider="qemu",
            clock=self.clock,
            accelerator=self.accelerator.name,
            qemu_version=self.accelerator.qemu_version,
            host_cpu=host_cpu(),
            host_cpus=os.cpu_count() or 1,
            guest_os=image.OS_NAME,
            guest_kernel=self.image.kernel_version,
            guest_cpus=config.cpus,
            guest_memory_mib=sum(machine.config.memory_mib for machine in fleet.machines),
            image_key=self.image.key,
            image_digest=self.image.digest,
            fleet=parts,
            control_cpus=self.spec.qemu.control_cpus if "control" in parts.values() else None,
            parallel_fleets=self.parallel,
            kernels=self.kernels(),
        )

    def down(self) -> None:
        """End the machines and remove their disks."""
        folder = self.machines if self.number else self.lab.machines
        stop_all(folder)
        remove_folder(folder)

    @property
    def _base(self) -> str:
        return of_build(BASE, self.build)

    @property
    def _client(self) -> Host:
        return next(host for host in self.hosts() if host.part == "client")

    @property
    def _guests(self) -> Guests:
        return Guests(self.hosts(), self.fleet.machines, self.lab.ssh_config, self.progress, self.check)

    @cached_property
    def _hosts(self) -> tuple[Host, ...]:
        state = self.lab.load_state() if self.number == 0 else None
        parts = self.spec.parts
        if state is not None and [host.name for host in state.hosts] == list(parts):
            return state.hosts
        controls = [name for name, part in parts.items() if part == "control"]
        ports = iter(find_ports(self.spec.qemu.ssh_port if self.number == 0 else 0, len(parts) + len(controls)))
        return tuple(
            Host(
                name=name,
                part=part,
                address="127.0.0.1",
                port=next(ports),
                host_key=self.lab.public_key(self.lab.host_key),
                lab_address=str(NETWORK[FIRST_ADDRESS + index]),
                api_port=next(ports) if name in controls else None,
            )
            for index, (name, part) in enumerate(parts.items())
        )

    def _counting_accelerator(self) -> accel.Accelerator:
        """Only TCG can count instructions."""
        found = self.accelerator
        return found.model_copy(update={"name": "tcg"}) if self.clock == "virtual" else found

    def _payload_digest(self) -> str:
        if self.payload is None:
            return ""
        self._leases.hold(leases.payload(self.payload.name))
        digest = digest_of_payload(self.payload)
        if not digest:
            raise ArtifactMissing(f"{self.payload} was removed or changed just now", hint="run the command again")
        return digest

    def _drop_damaged(self) -> None:
        with self.fleet.alone():
            for tag, words in self.fleet.drop_damaged().items():
                self.progress.warn(f"the cached snapshot '{tag}' is damaged ({words}); it is made again")


def host_cpu() -> str:
    """Return the processor's name, as the kernel gives it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
