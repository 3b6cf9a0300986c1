"""What ``netlab doctor`` looks at on machines that are there already."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from netlab import proc
from netlab.artifacts.settings import host_arch
from netlab.errors import MissingTool, NetlabError
from netlab.hosts import interfaces, kubeadm
from netlab.hosts.remote import RemoteHosts
from netlab.hosts.ssh import suitable
from netlab.hosts.ssh.provider import SshProvider
from netlab.lab import Lab
from netlab.model import mtu
from netlab.model.check import Check
from netlab.progress import Reporter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlab.model.host import Host
    from netlab.spec.lab import LabSpec


def checks(lab: Lab, spec: LabSpec) -> list[Check]:
    """Look at ssh on this machine and at every host of the inventory; what keeps it from being asked is one too."""
    try:
        found = Check(name="ssh", ok=True, message=proc.find_tool("ssh"))
        return [found, *_of_hosts(SshProvider(lab, spec, Reporter()))]
    except MissingTool as error:
        return [Check(name="ssh", ok=False, message=error.message, hint=error.hint)]
    except NetlabError as error:
        return [found, Check(name="hosts", ok=False, message=error.message, hint=error.hint)]


def _of_hosts(provider: SshProvider) -> list[Check]:
    """Ask the hosts by settings that are kept nowhere: a lab that is only looked at gets no state folder."""
    hosts = provider.hosts()
    with tempfile.TemporaryDirectory(prefix="netlab-") as folder:
        scratch = Lab(Path(folder))
        scratch.state_folder.mkdir(mode=0o700)
        scratch.write_access(hosts)
        remote = RemoteHosts(scratch, hosts, provider.progress)
        remote.check()
        said = suitable.ask(remote)
        fits = kubeadm.look(remote, kubeadm.Demands(arch=host_arch())) if provider.spec.stack == "kubeadm" else []
    each = [check for host in hosts for check in suitable.checks(host, said[host.name], provider.id)]
    return [*each, *_mtus([host for host in hosts if interfaces.interface_of(host, said[host.name])], said), *fits]


def _mtus(hosts: Sequence[Host], said: Mapping[str, Mapping[str, str]]) -> list[Check]:
    """Say that hosts have different MTUs, where they have: pods get the lowest, which is nothing to refuse."""
    found = [interfaces.located(host, said[host.name]) for host in hosts]
    if not (words := mtu.unlike(found)):
        return []
    message = f"those of the hosts differ ({words}); pods would get the lowest, {mtu.of_lab(found)}"
    hint = "give the interfaces one MTU, so that packets between hosts are no larger than those of pods"
    return [Check(name="MTU", ok=False, message=message, hint=hint, needed=False)]
