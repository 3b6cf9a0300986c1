"""Hosts that Vagrant makes: started, entered and removed through it, measured like all others on the real clock."""

from __future__ import annotations

import hashlib
import shutil
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from netlab import assets, proc
from netlab.errors import MachineError
from netlab.files import remove_folder, write_atomic
from netlab.hosts import delivery, packages
from netlab.hosts.anew import make_way
from netlab.hosts.remote import RemoteHosts
from netlab.hosts.ssh import suitable
from netlab.hosts.vagrant import boxes, contact, fleet, orphans, output, sshconfig
from netlab.hosts.vagrant.command import Vagrant
from netlab.lab import LabState
from netlab.model.host import Host

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.lab import Lab
    from netlab.model.lab import Clock
    from netlab.model.run import Environment
    from netlab.progress import Progress
    from netlab.spec.lab import LabSpec

UP_TIMEOUT_S = 900.0
"""Besides what the machines' boots may take: a box is unpacked and copied, networks are made."""
DESTROY_TIMEOUT_S = 600.0
_HOSTS = TypeAdapter(tuple[Host, ...])
GONE = "not_created"
OWN = {"base", "benchmark", "lab_routes", "pod_network"}
"""Roles whose installation is played though the box was baked with them: what they make is named after networkd's file,
which is each host's own, or is the host's identity."""


class VagrantProvider:
    """Machines of one lab in a folder of their own, which has the Vagrantfile and what Vagrant keeps."""

    clock: Clock = "real"

    def __init__(self, lab: Lab, spec: LabSpec, progress: Progress, payload: Path | None = None) -> None:
        self.lab = lab
        self.spec = spec
        self.progress = progress
        self.payload = payload
        self.folder = lab.state_folder / "vagrant"

    @property
    def vagrant(self) -> Vagrant:
        """Vagrant, where the lab's machines are."""
        return Vagrant(self.folder, self.spec.vagrant.provider, self.lab.logs, self.progress)

    def facts(self) -> dict[str, Any]:
        """Return where the payload is, and which roles' packages netlab's own box has."""
        payload = delivery.facts(self.payload)
        if self.spec.vagrant.box:
            return payload
        return {"netlab_baked_roles": sorted(set(boxes.recipe_of(self.spec).baked_roles) - OWN), **payload}

    def hosts(self) -> tuple[Host, ...]:
        """Return the hosts as they were first entered; before, with addresses that nobody answers at."""
        return self._known or tuple(
            Host(name=host.name, part=host.part, address=host.name, user="vagrant", lab_address=host.lab_address)
            for host in self._fleet.hosts
        )

    def kernels(self) -> tuple[tuple[str, ...], ...]:
        """Return one each."""
        return tuple((host.name,) for host in self._fleet.hosts)

    def outline(self) -> tuple[str, ...]:
        """Say what Vagrant makes, of which box; it is not asked."""
        names = ", ".join(self.spec.parts)
        if self._known:
            return (f"hosts {names}: made already (vagrant, {self.spec.vagrant.provider})",)
        box = f"the box {self._fleet.box.name}, made where Vagrant does not have it"
        return (box, f"make the hosts {names} (vagrant, {self.spec.vagrant.provider})")

    def running(self) -> bool:
        """Whether all can be entered."""
        return bool(self._known) and self.remote().answer()

    def boots(self) -> dict[str, str]:
        """Return which boot of its kernel each host is in."""
        return self.remote().boots()

    def prepare(self) -> None:
        """Have the box there."""
        self._write_folder()
        boxes.ensure(self.vagrant, self.spec, self._fleet.box)

    def start(self) -> None:
        """Make all machines that are not there; those that answer stay as they are."""
        if self.running():
            return
        proc.find_tool("vagrant")
        self._remember()
        self._clear_unfinished()
        self.prepare()
        with self.progress.step(f"make the hosts (vagrant, {self.spec.vagrant.provider})"):
            self._up()
            self._enter()

    def check(self) -> None:
        """MachineError naming a machine that does not run, or cannot be entered any more."""
        for name, state in self._states().items():
            if state != "running":
                hint = "'netlab up' starts it again; 'netlab down' removes what is left"
                raise MachineError(f"{name} does not run any more: Vagrant calls it '{state}'", hint=hint)
        self.remote().check()

    def environment(self) -> Environment:
        """Return what the hosts say that they are, and what made them."""
        found = self.remote().environment("vagrant", self.remote().machines())
        return found.model_copy(update={"accelerator": self.vagrant.provider, "image_key": self._fleet.box.name})

    def down(self) -> None:
        """Destroy the machines; MachineError where one is left."""
        if self._made:
            self.vagrant.end_forgotten()
            self._destroy()
            left = sorted(name for name, state in self._states().items() if state != GONE)
            if left:
                hint = f"look for them with 'vagrant status' in {self.folder}"
                raise MachineError(f"Vagrant did not remove {', '.join(left)}", hint=hint)
        remove_folder(self.folder)

    def rebuilt(self, build: str) -> VagrantProvider:
        """Return this, whose machines are removed where they are of another build, so that new ones are made."""
        make_way(self.lab, build, self.down)
        return self

    def forget(self) -> None:
        """Nothing: what is kept of a build are its machines, which go when others are made."""

    def _up(self) -> None:
        """Have Vagrant make and boot the machines; qemu's alone need its provisioner, for the address in the lab."""
        provision = [] if self.spec.vagrant.provider == "qemu" else ["--no-provision"]
        timeout = UP_TIMEOUT_S + self.spec.vagrant.boot_timeout_s * len(self._fleet.hosts)
        words = ("up", *provision, "--provider", self.spec.vagrant.provider)
        self.vagrant.work(*words, timeout=timeout, before_retry=self._clear_failed)

    def _clear_failed(self, message: str) -> None:
        """Remove new machines that a failure met: one that runs already, Vagrant would not configure any more.

        Those that were entered before have their configuration, and what the lab did to them, unless Vagrant has lost
        them. Of a machine that it makes alone, Vagrant does not say the name.
        """
        lost = orphans.unknown(self.folder)
        met = set(output.failed_machines(message)) or lost
        names = [name for name in self.spec.parts if name in met and (name in lost or not self._known)]
        if names:
            self._destroy(*names)

    def _clear_unfinished(self) -> None:
        """End and remove what a killed netlab was making: whether it was configured, nobody knows."""
        self.vagrant.end_forgotten()
        if not self._known and self._made:
            self._destroy()

    def _destroy(self, *names: str) -> None:
        """Remove these machines, or all, also those that Vagrant does not know, or that appear in the meantime."""
        words = ("destroy", "--force", *names)
        self._adopt()
        self.vagrant.work(*words, timeout=DESTROY_TIMEOUT_S, before_retry=self._adopt)
        if self._adopt():
            self.vagrant.work(*words, timeout=DESTROY_TIMEOUT_S)

    def _adopt(self, _: str = "") -> set[str]:
        return orphans.adopt(self.folder, self.name)

    def _enter(self) -> None:
        """Learn each machine's host key, unless it is known, and have the lab's key alone open it."""
        logins = sshconfig.parse(self.vagrant.ask("ssh-config"))
        known = {host.name: host.host_key for host in self._known}
        hosts = []
        for machine in self._fleet.hosts:
            self.progress.task(machine.name, "learn its host key, hand it over to the lab's key")
            login = sshconfig.of(logins, machine.name)
            host = contact.host_of(machine, login, known.get(machine.name) or contact.learn_host_key(login))
            contact.hand_over(host, login, self.lab, self.folder)
            hosts.append(host)
        remote = RemoteHosts(self.lab, hosts, self.progress)
        remote.wait(self.spec.vagrant.boot_timeout_s)
        patient = RemoteHosts(self.lab, hosts, self.progress, timeout_s=packages.TIMEOUT_S)
        said = suitable.ask(patient, ours=bool(self.spec.vagrant.box))
        hint = "netlab's own box has what is needed: leave vagrant.box out of netlab.yml"
        # a machine's clock is its hypervisor's to set
        self._keep(tuple(suitable.suited(host, said[host.name], "", hint=hint, but="clock") for host in hosts))

    def _write_folder(self) -> None:
        """Write what Vagrant reads."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(assets.vagrantfile(), self.folder / "Vagrantfile")
        write_atomic(self.folder / fleet.FILE, fleet.as_text(self._fleet).encode())

    def _remember(self) -> None:
        """Have the lab's state name this provider before there are machines: what a killed netlab leaves is removed."""
        if self.lab.load_state() is None:
            self.lab.save_state(LabState(provider="vagrant", clock=self.clock, stack=self.spec.stack))

    def _states(self) -> dict[str, str]:
        return output.states(self.vagrant.ask("status", "--machine-readable"))

    def _keep(self, hosts: tuple[Host, ...]) -> None:
        write_atomic(self._hosts_file, _HOSTS.dump_json(hosts, indent=2))

    @property
    def _made(self) -> bool:
        """Whether Vagrant may have made something here."""
        return (self.folder / ".vagrant").exists()

    def remote(self) -> RemoteHosts:
        """Return the hosts as they are asked."""
        return RemoteHosts(self.lab, self.hosts(), self.progress)

    @property
    def _hosts_file(self) -> Path:
        return self.folder / "hosts.json"

    @property
    def _known(self) -> tuple[Host, ...]:
        """Return the hosts that were entered, with the keys that they showed; none where they are not all there."""
        try:
            hosts = _HOSTS.validate_json(self._hosts_file.read_bytes())
        except (OSError, ValidationError):
            return ()
        return hosts if [host.name for host in hosts] == list(self.spec.parts) else ()

    @cached_property
    def _fleet(self) -> fleet.Fleet:
        return fleet.fleet_of(self.spec, self.name, boxes.box_of(self.spec))

    @property
    def name(self) -> str:
        """What machines and network are called: by the lab's folder, which no other lab on this machine has."""
        return f"netlab-{hashlib.sha256(str(self.lab.folder.resolve()).encode()).hexdigest()[:8]}"
