"""Hosts in a cloud, as a provider: made, found again, entered, removed."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from netlab.errors import CloudLeftover, CloudLogin, ConfigError, MachineSilent, NetlabError
from netlab.hosts import delivery
from netlab.hosts.anew import make_way
from netlab.hosts.cloud import interfaces, keys, metadata, record
from netlab.hosts.cloud.api import Api
from netlab.hosts.cloud.cost import described
from netlab.hosts.cloud.record import CloudHost, Record
from netlab.hosts.cloud.user_data import user_data
from netlab.hosts.remote import RemoteHosts
from netlab.hosts.ssh import suitable
from netlab.model import mtu
from netlab.model.host import Host

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.hosts.cloud.cloud import Cloud
    from netlab.lab import Lab
    from netlab.model.lab import Clock, Part
    from netlab.model.run import Environment
    from netlab.progress import Progress
    from netlab.spec.lab import LabSpec

NETWORK = ipaddress.ip_network("10.10.0.0/24")
FIRST_ADDRESS = 10
OPEN = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""From where everything may enter: private addresses, which in a network of the lab's own are hosts' and pods'."""
PODS = "10.244.{index}.0/26"
"""Of a node's pods, as data-path profiles have it: see ``playbooks/filter_plugins/lab.py``."""
CHANGEABLE = {"hours", "ssh_from"}
"""Keys of the section that may change while the hosts stay."""
BOOT_TIMEOUT_S = 600.0
ANSWER_TIMEOUT_S = 180.0
"""Of one command on one host: those that boot are busy, and may be behind a jump host."""
PAUSE_S = 5.0
ATTEMPTS = 5
"""How often all is removed that is found, until nothing is found."""


class CloudProvider:
    """``Provider``: the hosts of one lab in one cloud."""

    clock: Clock = "real"

    def __init__(self, cloud: Cloud, lab: Lab, spec: LabSpec, progress: Progress, payload: Path | None = None) -> None:
        self._cloud = cloud
        self.payload = payload
        self._lab = lab
        self._spec = spec
        self._progress = progress
        self._api = Api(cloud, lab, progress)

    def facts(self) -> dict[str, Any]:
        """Return where the hosts' payload is, where they get one."""
        return delivery.facts(self.payload)

    def hosts(self) -> tuple[Host, ...]:
        """Return the hosts with the addresses that the cloud gave them; none before it has."""
        known = record.load(self._lab)
        if known is None or known.hosts.keys() != self._spec.parts.keys():
            return ()
        return tuple(self._host(name, part, known.hosts[name]) for name, part in self._spec.parts.items())

    def kernels(self) -> tuple[tuple[str, ...], ...]:
        """Return each host alone."""
        return tuple((name,) for name in self._spec.parts)

    def outline(self) -> tuple[str, ...]:
        """Say what would be made, what it costs, and how long it may stay."""
        self._cloud.check()
        names, hours = ", ".join(self._spec.parts), self._cloud.section.hours
        where = f"{self._cloud.title}, {self._cloud.place}"
        if record.load(self._lab) is not None:
            return (f"hosts {names}: made already ({where})",)
        types = ", ".join(sorted(set(self._types.values())))
        return (
            f"make the hosts {names} ({where}: {types}), with a network and keys of the lab's own",
            described(self._cloud.cost(self._types.values()), hours),
            f"'netlab down' removes them; after {hours} h, 'netlab down --expired' does so too",
        )

    def running(self) -> bool:
        """Whether all hosts that the spec asks for are there, as it asks for them, and can be entered."""
        known = record.load(self._lab)
        wanted = (self._digest(), self._settings())
        return (
            known is not None and known.complete and (known.digest, known.settings) == wanted and self.remote().answer()
        )

    def boots(self) -> dict[str, str]:
        """Return which boot of its kernel each host is in."""
        return self.remote().boots()

    def prepare(self) -> None:
        """Nothing: hosts are made from an image of the cloud's."""

    def start(self) -> None:
        """Have all hosts there; what an error leaves of new ones is removed, or said to cost money."""
        self._cloud.check()
        if self.running():
            return
        before = record.load(self._lab)
        created, expires = record.lifetime(before, self._cloud.section.hours)
        cost = self._cloud.cost(self._types.values())
        self._progress.note(described(cost, self._cloud.section.hours))
        begun = Record(
            provider=self._spec.provider,
            lab=before.lab if before else record.lab_id(self._lab),
            place=self._cloud.place,
            created=created,
            expires=expires,
            digest=self._digest(),
            settings=self._settings(),
            cost=cost,
            complete=before.complete if before else self._lab.provider() == self._spec.provider,
        )
        record.save(self._lab, begun)
        try:
            self._make(begun)
        except BaseException as error:
            self._clean_up(error, fresh=before is None and not begun.complete)
            raise

    def check(self) -> None:
        """MachineError when a host cannot be entered any more."""
        self.remote().check()

    def environment(self) -> Environment:
        """Return what the hosts say of themselves, with what the cloud calls their sizes and places."""
        known, remote = record.load(self._lab), self.remote()
        zones = {name: host.zone for name, host in known.hosts.items()} if known else {}
        machines = [
            machine.model_copy(update={"instance_type": self._types[machine.name], "zone": zones.get(machine.name, "")})
            for machine in remote.machines()
        ]
        return remote.environment(self._spec.provider, machines)

    def down(self) -> None:
        """Remove all that the cloud has of the lab, until nothing is found; CloudLeftover where something stays."""
        known = record.load(self._lab)
        place = known.place if known else self._cloud.place
        if not place:
            hint = "set it in netlab.yml; 'netlab down --expired' looks everywhere"
            raise ConfigError(f"{self._spec.provider}: where the lab's hosts are is not known any more", hint=hint)
        with self._progress.step(f"remove all of the lab from {self._cloud.title}"):
            remove_lab(self._api, known.lab if known else record.lab_id(self._lab), place)
        record.remove(self._lab)
        keys.forget(self._lab)

    def rebuilt(self, build: str) -> CloudProvider:
        """Return this, whose hosts are removed where they are of another build, so that new ones are made."""
        make_way(self._lab, build, self.down)
        return self

    def forget(self) -> None:
        """Nothing: what is kept of a build are its hosts, which go when others are made."""

    def _make(self, begun: Record) -> None:
        with self._progress.step(f"make the hosts on {self._cloud.title} ({begun.place})"):
            answer = self._api.play("up", begun.place, self._wanted(begun))
        if answer["made"] and begun.complete:  # others than those that the lab's state tells of
            self._lab.save_state(None)
        made = {
            name: CloudHost(address=address, zone=answer["zones"].get(name, ""))
            for name, address in answer["hosts"].items()
        }
        record.save(self._lab, begun.model_copy(update={"hosts": made}))
        with self._progress.step("wait until the hosts have booted"):
            booted = self._wait()
        asked = {"interface", "networkd_file", "mtu", "release"}
        found = {host.name: host.model_dump(include=asked) for host in booted}
        hosts = {name: host.model_copy(update=found[name]) for name, host in made.items()}
        self._seal(begun)
        record.save(self._lab, begun.model_copy(update={"hosts": hosts, "complete": True}))

    def _host(self, name: str, part: Part, there: CloudHost) -> Host:
        return Host(
            name=name,
            part=part,
            address=there.address,
            host_key=keys.host_key(self._lab, name).public,
            lab_address=self._lab_addresses[name],
            interface=there.interface,
            networkd_file=there.networkd_file,
            mtu=there.mtu or self._cloud.mtu or mtu.ETHERNET,
            release=there.release,
            jump=self._cloud.section.jump,
        )

    def _wanted(self, begun: Record) -> dict[str, Any]:
        """Return what ``up.yml`` is told."""
        return {
            "netlab_lab": begun.lab,
            "netlab_tags": self._cloud.tags(
                {
                    "lab": begun.lab,
                    "name": self._lab.folder.name,
                    "created": record.stamp(begun.created),
                    "expires": record.stamp(begun.expires),
                }
            ),
            "netlab_network": str(NETWORK),
            "netlab_open": OPEN,
            "netlab_public_key": self._public_key,
            "netlab_replace": begun.complete,
            "netlab_hosts": [
                {
                    "name": name,
                    "type": self._types[name],
                    "address": self._lab_addresses[name],
                    "pods": self._pods.get(name, ""),
                    "digest": f"{begun.digest}-{name}",
                    "user_data": data,
                }
                for name, data in self._user_data.items()
            ],
        }

    def _wait(self) -> tuple[Host, ...]:
        """Return the hosts with their interfaces in the lab; HostUnsuitable where their image cannot carry one."""
        try:
            self.remote().wait(BOOT_TIMEOUT_S)
        except MachineSilent as error:
            who = ", ".join(self._cloud.section.ssh_from)
            error.hint = (
                f"only {who} may enter ({self._spec.provider}.ssh_from): is that your address as others see it?"
            )
            raise
        remote = self.remote()
        interfaces.wait_for(remote, self.hosts(), self._cloud.mtu, BOOT_TIMEOUT_S)
        said = suitable.ask(remote, ours=True)
        hint = f"choose another image in netlab.yml ({self._spec.provider})"
        return tuple(suitable.suited(host, said[host.name], "", hint=hint) for host in self.hosts())

    def _seal(self, begun: Record) -> None:
        """Have no host read the user data again, which has its private key."""
        with self._progress.step("take the keys out of the hosts' reach"):
            if self._cloud.seals:
                self._api.play("seal", begun.place, {"netlab_lab": begun.lab})
            else:
                metadata.check(self.remote())

    def _clean_up(self, error: BaseException, *, fresh: bool) -> None:
        """Remove what was made, if nothing was there before; say what is left, and what it costs."""
        left = "what was made costs money until 'netlab down' removes it; the same command continues from here"
        if fresh:
            left = self._undo(error)
        if isinstance(error, NetlabError):
            error.hint = f"{error.hint}; {left}" if error.hint else left
        else:
            self._progress.warn(left)

    def _undo(self, error: BaseException) -> str:
        """Remove what was made before the error; say whether it is gone."""
        try:
            self.down()
        except NetlabError as second:
            if not (isinstance(error, CloudLogin) and isinstance(second, CloudLogin)):
                return f"what was made could not be removed and COSTS MONEY: run 'netlab down' ({second.message})"
            record.remove(self._lab)  # by all appearance they never were right
            return "nothing was made, unless the credentials ended in between: then 'netlab down' removes it"
        return "what was made is removed again"

    def _digest(self) -> str:
        """Return a hash over all that decides what the hosts are."""
        return _hash([self._cloud.section.made_from(*CHANGEABLE), self._user_data])

    def _settings(self) -> str:
        return _hash(self._cloud.section.model_dump(mode="json", include=CHANGEABLE))

    def remote(self) -> RemoteHosts:
        """Return the hosts as they are asked."""
        return RemoteHosts(self._lab, self.hosts(), self._progress, timeout_s=ANSWER_TIMEOUT_S)

    @property
    def _public_key(self) -> str:
        return self._lab.key.with_suffix(".pub").read_text(encoding="utf-8").strip()

    @cached_property
    def _types(self) -> dict[str, str]:
        return {name: self._cloud.section.type_of(part) for name, part in self._spec.parts.items()}

    @cached_property
    def _lab_addresses(self) -> dict[str, str]:
        return {name: str(NETWORK[FIRST_ADDRESS + index]) for index, name in enumerate(self._spec.parts)}

    @cached_property
    def _pods(self) -> dict[str, str]:
        nodes = [name for name, part in self._spec.parts.items() if part == "node"]
        return {name: PODS.format(index=index) for index, name in enumerate(nodes)}

    @property
    def _user_data(self) -> dict[str, str]:
        return {name: self._user_data_of(name) for name in self._spec.parts}

    def _user_data_of(self, name: str) -> str:
        others = [address for other, address in self._lab_addresses.items() if other != name]
        script = self._cloud.first_boot(self._lab_addresses[name], others)
        return user_data(name, self._public_key, keys.host_key(self._lab, name), script)


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def remove_lab(api: Api, lab: str, place: str) -> None:
    """Remove all that carries the lab's id; CloudLeftover with a list of what is still there after several attempts."""
    left: dict[str, list[str]] = {}
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_S)
        answer = api.play("down", place, {"netlab_lab": lab})
        left = {kind: names for kind, names in answer["left"].items() if names}
        if not left:
            return
    things = "; ".join(f"{kind} {', '.join(names)}" for kind, names in left.items())
    message = f"{api.cloud.title} in {place} still has parts of the lab {lab}, which may cost money: {things}"
    raise CloudLeftover(message, hint="run 'netlab down' again, or remove them by hand")
