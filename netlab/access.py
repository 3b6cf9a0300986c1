"""How a lab's hosts are entered: options of ssh, ``ssh_config``, ``known_hosts``, Ansible's inventory.

Nothing of the user's own settings counts, and every host proves itself with a key that was known before.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from netlab import ssh
from netlab.model.host import groups_of
from netlab.model.lab import PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netlab.model.host import Host, Server


def known_hosts(hosts: Sequence[Host]) -> str:
    """Return the text of a ``known_hosts`` with each host by its name, wherever it answers."""
    lines = [f"{host.name} {host.host_key}\n" for host in hosts if host.host_key]
    jumps = [f"{_jump_name(host)} {host.jump.host_key}\n" for host in hosts if host.jump and host.jump.host_key]
    return "".join([*lines, *jumps])


def ssh_config(hosts: Sequence[Host], key: Path, known: Path) -> str:
    """Return the text of an ``ssh_config`` with the hosts by name, entered with the private ``key``."""
    stanzas = []
    for host in hosts:
        options = {**_login(host), **_identity(host, key), **_of_host(host, key, known)}
        lines = [f"Host {host.name}", *(f"  {name} {value}" for name, value in options.items())]
        stanzas.append("\n".join(lines) + "\n")
    common = "".join(f"  {name} {value}\n" for name, value in _of_all(known).items())
    return "\n".join([*stanzas, f"Host *\n{common}"])


def inventory(hosts: Sequence[Host], key: Path, known: Path) -> dict[str, Any]:
    """Return the hosts in the form that Ansible's YAML inventories have, in a group for each part."""
    common = {"ansible_python_interpreter": "/usr/bin/python3"}  # to look for one costs an emulated host seconds a play
    groups = {
        part: {"hosts": {host.name: _variables(host, key, known) for host in hosts if host.part == part}}
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


def _variables(host: Host, key: Path, known: Path) -> dict[str, Any]:
    options = {**_of_all(known), **_identity(host, key), **_of_host(host, key, known)}
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


def _of_host(host: Host, key: Path, known: Path) -> dict[str, str]:
    proxy = {"ProxyCommand": _through(host.jump, _jump_name(host), key, known)} if host.jump else {}
    return {**_known_as(host.name), **proxy}


def _login(server: Server) -> dict[str, str]:
    """Return what Ansible has variables of its own for."""
    return {"HostName": server.address, "Port": str(server.port), "User": server.user}


def _known_as(name: str) -> dict[str, str]:
    """Return the name in ``known_hosts``, so that a host may move to another port or address."""
    return {"HostKeyAlias": name}


def _through(jump: Server, name: str, key: Path, known: Path) -> str:
    """Return a ``ProxyCommand``; ``ProxyJump`` would enter the jump host with the user's own settings."""
    options = {**_of_all(known), **_identity(jump, key), **_login(jump), **_known_as(name)}
    command = shlex.join(["ssh", "-F", "/dev/null", *(f"-o{option}={value}" for option, value in options.items())])
    return f"{ssh.escaped(command)} -W [%h]:%p {name}"


def _jump_name(host: Host) -> str:
    return f"{host.name}-jump"
