"""An Ansible inventory → which of its hosts play which part of a lab, with their variables."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netlab import proc
from netlab.errors import ConfigError
from netlab.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlab.model.lab import Part
    from netlab.spec.lab import LabSpec

Variables = dict[str, Any]

TIMEOUT_S = 120.0
"""A dynamic inventory asks its cloud."""
CONNECTIONS = {"ssh", "smart", "paramiko", "paramiko_ssh"}
"""Ways of Ansible's that are SSH."""
_WHY = re.compile(r"^\[WARNING\]:.*?Failed to parse .*? with '?\w+'? plugin: (.+)$", re.MULTILINE)
_SCRIPT_SAID = re.compile(r"^Standard error from inventory script:\n(.+)$", re.MULTILINE)


def read_inventory(source: Path) -> dict[str, Any]:
    """Return what ``ansible-inventory --list`` makes of a file, folder, script or plugin; ConfigError if it cannot."""
    if not source.exists():
        hint = "write an Ansible inventory there, or name another one in netlab.yml (ssh.inventory)"
        raise ConfigError(f"there is no inventory at {source}", hint=hint)
    program = Path(sys.executable).with_name("ansible-inventory")
    environment = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true", "ANSIBLE_LOCALHOST_WARNING": "false"}
    done = proc.run(
        [program, "--inventory", source, "--list"],
        timeout=TIMEOUT_S,
        env=environment,
        cwd=source.parent,
        check=False,
        error=ConfigError,
    )
    if done.exit_code:
        raise ConfigError(f"Ansible cannot read the inventory {source}: {_reason(done.stderr)}")
    found: dict[str, Any] = json.loads(done.stdout, object_hook=_plain)
    return found


def _plain(value: dict[str, Any]) -> Any:
    """Return a value that a plugin had from elsewhere, which Ansible marks as never to be taken for a template."""
    return value.get("__ansible_unsafe", value)


def choose(listed: Mapping[str, Any], spec: LabSpec) -> dict[str, tuple[str, Variables]]:
    """Return the inventory's host and its variables for each host of the lab, by the lab's name of it.

    ConfigError where a part has no host, or not as many as the lab has, or where one host would play two parts.
    """
    wanted = {
        "client": _of_part(listed, "client", [spec.ssh.client] if spec.ssh.client else []),
        "node": _of_part(listed, "node", spec.ssh.nodes),
        "control": _of_part(listed, "control", [spec.ssh.control] if spec.ssh.control else []),
    }
    chosen: dict[str, tuple[str, Variables]] = {}
    for name, part in spec.parts.items():
        count = sum(1 for each in spec.parts.values() if each == part)
        if len(wanted[part]) != count:
            raise _miscounted(part, wanted[part], count)
        host = wanted[part][sum(1 for each in chosen if spec.parts[each] == part)]
        chosen[name] = (host, _variables(listed, host))
    _refuse_twice([host for host, _ in chosen.values()])
    return chosen


def _of_part(listed: Mapping[str, Any], part: Part, named: Sequence[str]) -> list[str]:
    if not named:
        return _members(listed, part)
    known = _members(listed, "all")
    for host in named:
        if host not in known:
            hint = f"hosts: {', '.join(known) or 'none'}"
            raise ConfigError(f"the inventory has no host '{host}'{did_you_mean(host, known)}", hint=hint)
    return list(named)


def _members(listed: Mapping[str, Any], group: str) -> list[str]:
    """Return the hosts of a group and of the groups in it, each once, in the inventory's order."""
    found = listed.get(group, {})
    below = [host for child in found.get("children", ()) for host in _members(listed, child)]
    return list(dict.fromkeys([*found.get("hosts", ()), *below]))


def _variables(listed: Mapping[str, Any], host: str) -> Variables:
    variables: Variables = listed.get("_meta", {}).get("hostvars", {}).get(host, {})
    connection = str(variables.get("ansible_connection", "ssh")).rpartition(".")[2]
    if connection not in CONNECTIONS:
        raise ConfigError(f"{host} of the inventory is reached by '{connection}'; netlab enters hosts by SSH alone")
    return variables


def _miscounted(part: Part, hosts: Sequence[str], count: int) -> ConfigError:
    have = f"{len(hosts)} ({', '.join(hosts)})" if hosts else "none"
    key = "nodes" if part == "node" else part
    hint = f"name them in netlab.yml (ssh.{key}), or put them into the inventory's group '{part}'"
    if part == "node" and hosts:
        hint += f"; 'fleet: {{nodes: {len(hosts)}}}' takes as many as there are"
    return ConfigError(f"the lab has {count} x {part}, the inventory {have}", hint=hint)


def _refuse_twice(hosts: Sequence[str]) -> None:
    for host in hosts:
        if hosts.count(host) > 1:
            raise ConfigError(f"{host} of the inventory would play two parts of the lab", hint="give each its own host")


def _reason(text: str) -> str:
    """Return why the first of Ansible's plugins that took the file for one of its own gave up; its last word else."""
    why, script = _WHY.search(text), _SCRIPT_SAID.search(text)
    if why:
        return why[1] + (f" {script[1]}" if script else "")
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip().removeprefix("[ERROR]: ") if lines else "it does not say why"
