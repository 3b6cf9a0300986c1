"""Machines that one already has: entered as the user enters them, left as they were."""

from __future__ import annotations

import contextlib
import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Any

from netlab import ansible, assets
from netlab.errors import ConfigError, NetlabError
from netlab.hosts import delivery
from netlab.hosts.remote import RemoteHosts
from netlab.hosts.ssh import suitable
from netlab.hosts.ssh.inventory import choose, read_inventory
from netlab.hosts.ssh.resolve import host_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from netlab.lab import Lab
    from netlab.model.host import Host
    from netlab.model.lab import Clock
    from netlab.model.run import Environment
    from netlab.progress import Progress
    from netlab.spec.lab import LabSpec


class SshProvider:
    """Hosts of an Ansible inventory, never made, started or stopped. What ``up`` changes on them, ``down`` undoes."""

    clock: Clock = "real"

    def __init__(self, lab: Lab, spec: LabSpec, progress: Progress, payload: Path | None = None) -> None:
        self.lab = lab
        self.spec = spec
        self.progress = progress
        self.payload = payload

    def facts(self) -> dict[str, Any]:
        """Return where the hosts' payload is, where they get one."""
        return delivery.facts(self.payload)

    def hosts(self) -> tuple[Host, ...]:
        """Return the hosts as they were when the lab went up; before, as inventory and ssh say."""
        return self._hosts

    def kernels(self) -> tuple[tuple[str, ...], ...]:
        """Return one each."""
        return tuple((host.name,) for host in self._hosts)

    def outline(self) -> tuple[str, ...]:
        """Name the machines; they are not asked."""
        names = ", ".join(f"{host.name} ({host.user}@{host.address}:{host.port})" for host in self._hosts)
        return (f"use the machines that are there: {names}",)

    def running(self) -> bool:
        """Whether all can be entered."""
        return self.remote().answer()

    def boots(self) -> dict[str, str]:
        """Return which boot of its kernel each host is in."""
        return self.remote().boots()

    def prepare(self) -> None:
        """There is nothing to be made."""

    def start(self) -> None:
        """Enter all hosts, see that they can carry the lab, and mark them as this lab's."""
        self.remote().wait()
        said = suitable.ask(self.remote())
        self._hosts = tuple(suitable.suited(host, said[host.name], self.id) for host in self._hosts)
        self.remote().ask(suitable.claim(self.id, str(self.lab.folder)), "it cannot be marked as this lab's")

    def check(self) -> None:
        """MachineError when a host cannot be entered any more."""
        self.remote().check()

    def environment(self) -> Environment:
        """Return what the hosts say that they are."""
        return self.remote().environment("ssh", self.remote().machines())

    def down(self) -> None:
        """Undo on the hosts what netlab changed there: on those that are up, whatever netlab.yml names by now."""
        try:
            state = self.lab.load_state()
        except NetlabError as error:
            self.progress.warn(f"{error.message}; hosts of {self.spec.ssh.inventory} with the lab's mark are undone")
            self._give_back(self._marked())
            return
        if state is not None:
            self._give_back(state.hosts, applied=state.applied is not None)
            return
        hosts: tuple[Host, ...] = ()
        with contextlib.suppress(NetlabError):  # an inventory that is gone, hosts that are off: none is this lab's
            hosts = self._marked()  # a netlab may have been killed before it wrote down that it had marked them
        self._give_back(hosts)

    def _give_back(self, hosts: tuple[Host, ...], *, applied: bool = False) -> None:
        """Undo what was changed on these hosts; ``applied``: a role has been there, else they are asked whether."""
        if not hosts:
            return
        remote = RemoteHosts(self.lab, hosts, self.progress)
        remote.check()
        if applied or self._recorded(remote):
            self._undo(hosts)
        remote.ask(suitable.RELEASE, "its mark cannot be removed")

    def _recorded(self, remote: RemoteHosts) -> bool:
        """Whether a role has been on one of the hosts: what others are, nobody has written down to be restored."""
        return any("record=yes" in text for text in remote.ask(suitable.RECORDED, "it cannot be looked at").values())

    def _undo(self, hosts: Sequence[Host]) -> None:
        ansible.play(
            assets.playbook("down"),
            self.lab.inventory(hosts, shared=True),
            folder=self.lab.ansible / "0",
            log=self.lab.logs / "ansible.log",
            progress=self.progress,
            extra_vars=self.facts(),
            sockets=self.lab.sockets / "0",
        )

    def _marked(self) -> tuple[Host, ...]:
        """Return the inventory's hosts that are marked as this lab's; MachineError where one cannot be asked."""
        if not self.lab.key.exists():
            return ()
        hosts = self._chosen({})
        remote = RemoteHosts(self.lab, hosts, self.progress)
        remote.wait()
        said = suitable.ask(remote)
        return tuple(host for host in hosts if suitable.owner_of(said[host.name]) == self.id)

    def remote(self) -> RemoteHosts:
        """Return the hosts as they are asked."""
        return RemoteHosts(self.lab, self._hosts, self.progress)

    @property
    def id(self) -> str:
        """Name the lab by its key, which no other has."""
        return hashlib.sha256(self.lab.public_key(self.lab.key).encode()).hexdigest()[:16]

    @cached_property
    def _hosts(self) -> tuple[Host, ...]:
        """Those that are up stay what they were; others may join them, but none is left behind with a lab on it."""
        state, parts = self.lab.load_state(), self.spec.parts
        up = {host.name: host for host in state.hosts} if state else {}
        if gone := up.keys() - parts.keys():
            message = f"{', '.join(sorted(gone))} of the lab that is up would not be among its hosts any more"
            raise ConfigError(message, hint="run 'netlab down' first: it undoes what netlab changed there")
        if up.keys() == parts.keys():
            return tuple(up[name] for name in parts)
        return self._chosen(up)

    def _chosen(self, up: Mapping[str, Host]) -> tuple[Host, ...]:
        """Return the hosts that the inventory has for the lab; those that are up are what they were."""
        chosen = choose(read_inventory(self.lab.folder / self.spec.ssh.inventory), self.spec)
        return tuple(up.get(name) or host_of(name, self.spec.parts[name], *found) for name, found in chosen.items())
