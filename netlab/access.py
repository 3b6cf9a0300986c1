"""How a lab's hosts are entered: options of ssh, ``ssh_config``, ``known_hosts``, Ansible's inventory.

Nothing of the user's own settings counts, and every host proves itself with a key that was known before.
"""

from __future__ import annotations

import hashlib
import shlex
from typing import TYPE_CHECKING, Any

from netlab import ssh
from netlab.model import mtu
from netlab.model.host import API_PORT, groups_of
from netlab.model.lab import PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from netlab.model.host import Host, Server

PERSIST_S = 60
"""How long a connection to a jump host stays open for the next one that goes through it."""


def known_hosts(hosts: Sequence[Host]) -> str:
    """Return the text of a ``known_hosts`` with each host by its name, wherever it answers."""
    lines = [f"{host.name} {host.host_key}\n" for host in hosts if host.host_key]
    jumps = [f"{_jump_name(host)} {host.jump.host_key}\n" for host in hosts if host.jump and host.jump.host_key]
    return "".join([*lines, *jumps])


def ssh_config(
    hosts: Sequence[Host], key: Path, known: Path, sockets: Path | None = None, api_port: int | None = None
) -> str:
    """Return the text of an ``ssh_config`` with the hosts by name, entered with the private ``key``.

    A cluster's control plane is there a second time, as ``control-api``: its API answers at ``api_port`` of 127.0.0.1
    for as long as ``ssh -N`` runs. Jump hosts are entered through connections of ``sockets`` where these are open.
    """
    stanzas = []
    for host in hosts:
        options = {**_login(host), **_identity(host, key), **_of_host(host, key, known, sockets)}
        stanzas.append(_stanza(host.name, options))
        if api_port and is_tunnelled(host):
            forward = {"LocalForward": f"127.0.0.1:{api_port} {api(host)}", "ExitOnForwardFailure": "yes"}
            stanzas.append(_stanza(tunnel_name(host), {**options, **forward}))
    common = "".join(f"  {name} {value}\n" for name, value in _of_all(known).items())
    return "\n".join([*stanzas, f"Host *\n{common}"])


def is_tunnelled(host: Host) -> bool:
    """Whether a cluster's API is there that is reached through SSH; a provider of its own forwards it otherwise."""
    return host.part == "control" and host.api_port is None


def tunnel_name(host: Host) -> str:
    """Return what ``ssh_config`` calls the way to a cluster's API."""
    return f"{host.name}-api"


def api(host: Host) -> str:
    """Return where a control plane's API answers on the lab's network."""
    return f"{host.lab_address}:{API_PORT}"


def shared_jump(host: Host, key: Path, known: Path, sockets: Path) -> list[str]:
    """Return the options of ssh by which a host's jump host is entered once for all that go through it."""
    options = _of_jump(host, key, known, sockets, shared=True)
    return [f"-o{name}={value}" for name, value in options.items()]


def inventory(hosts: Sequence[Host], key: Path, known: Path, sockets: Path | None = None) -> dict[str, Any]:
    """Return the hosts in the form that Ansible's YAML inventories have, in a group for each part.

    Jump hosts are entered once for all that go through them, where ``sockets`` is a folder for these connections.
    All hosts have the lab's MTU, whatever their own: see ``mtu.of_lab``.
    """
    python = "/usr/bin/python3"  # to look for one costs an emulated host seconds a play
    common = {"ansible_python_interpreter": python, "netlab_mtu": mtu.of_lab(hosts)}
    groups = {
        part: {"hosts": {host.name: _variables(host, key, known, sockets) for host in hosts if host.part == part}}
        for part in PARTS
    }
    return {"all": {"vars": common, "children": groups | _by_release(hosts)}}


def _by_release(hosts: Sequence[Host]) -> dict[str, Any]:
    """Return groups of the hosts that netlab has not made: what roles call differently there is read for them."""
    found: dict[str, Any] = {}
    for host in hosts:
        if groups := groups_of(host.release):
            family, release = groups
            inside = found.setdefault(family, {"children": {}})["children"]
            inside.setdefault(release, {"hosts": {}})["hosts"][host.name] = {}
    return found


def _variables(host: Host, key: Path, known: Path, sockets: Path | None) -> dict[str, Any]:
    options = {**_of_all(known), **_identity(host, key), **_of_host(host, key, known, sockets, shared=True)}
    become = {} if host.user == "root" else {"ansible_become": True}
    return {
        "ansible_host": host.address,
        "ansible_port": host.port,
        "ansible_user": host.user,
        **become,
        "ansible_ssh_common_args": shlex.join(f"-o{name}={value}" for name, value in options.items()),
        "netlab_part": host.part,
        "netlab_address": host.lab_address,
        "netlab_interface": host.interface,
        "netlab_networkd_file": host.networkd_file,
        "netlab_ssh_port": host.lab_port,
        "netlab_host_key": host.host_key,
    }


def _of_all(known: Path) -> dict[str, str]:
    return {
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": ssh.quoted(known),
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "UpdateHostKeys": "no",
        "PasswordAuthentication": "no",
        "LogLevel": "ERROR",
    }


def _identity(server: Server, key: Path) -> dict[str, str]:
    return {"IdentityFile": ssh.quoted(server.identity or key)}


def _of_host(host: Host, key: Path, known: Path, sockets: Path | None, *, shared: bool = False) -> dict[str, str]:
    return {**_known_as(host.name), **_of_jump(host, key, known, sockets, shared=shared)}


def _login(server: Server) -> dict[str, str]:
    """Return what Ansible has variables of its own for."""
    return {"HostName": server.address, "Port": str(server.port), "User": server.user}


def _known_as(name: str) -> dict[str, str]:
    """Return the name in ``known_hosts``, so that a host may move to another port or address."""
    return {"HostKeyAlias": name}


def _stanza(name: str, options: Mapping[str, str]) -> str:
    return "\n".join([f"Host {name}", *(f"  {option} {value}" for option, value in options.items())]) + "\n"


def _of_jump(host: Host, key: Path, known: Path, sockets: Path | None, *, shared: bool) -> dict[str, str]:
    """Return a ``ProxyCommand``, if there is a jump host; ``ProxyJump`` would enter it with the user's own settings."""
    if host.jump is None:
        return {}
    jump, name = host.jump, _jump_name(host)
    options = {**_of_all(known), **_identity(jump, key), **_login(jump), **_known_as(name)}
    if sockets:
        options |= _connection(jump, sockets, shared=shared)
    command = shlex.join(["ssh", "-F", "/dev/null", *(f"-o{option}={value}" for option, value in options.items())])
    return {"ProxyCommand": f"{ssh.escaped(command)} -W [%h]:%p {name}"}


def _connection(jump: Server, sockets: Path, *, shared: bool) -> dict[str, str]:
    """Return the options of one connection to a jump host; only ``shared`` opens it.

    Everybody else takes it where it is open, and otherwise needs no folder for it: ``ssh_config`` outlives that folder.
    What the connection is called depends on all by which the jump host is entered, its known key too.
    """
    words = "\0".join([jump.address, str(jump.port), jump.user, jump.host_key, str(jump.identity)])
    path = sockets / f"ssh-jump-{hashlib.sha256(words.encode()).hexdigest()[:16]}"
    master = {"ControlMaster": "auto", "ControlPersist": str(PERSIST_S)} if shared else {"ControlMaster": "no"}
    return {**master, "ControlPath": ssh.quoted(path)}


def _jump_name(host: Host) -> str:
    return f"{host.name}-jump"
