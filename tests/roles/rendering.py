"""Templates and variables of roles, rendered by Ansible itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import add_all_plugin_dirs, init_plugin_loader
from ansible.template import Templar, trust_as_template

ROLES = Path(__file__).parents[2] / "roles"
ADDRESSES = {"client": "10.10.0.10", "node1": "10.10.0.11", "node2": "10.10.0.12", "control": "10.10.0.13"}
GROUPS = {"client": ["client"], "node": ["node1", "node2"], "control": ["control"]}

init_plugin_loader([])


def render(role: str, expression: str, host: str, **values: object) -> Any:
    """What an expression of a role's gives on one host, with the role's defaults and variables."""
    add_all_plugin_dirs(str(ROLES / role))
    loader = DataLoader()
    files = [ROLES / role / place / "main.yml" for place in ("defaults", "vars")]
    read = [loader.load_from_file(str(file), trusted_as_template=True) for file in files if file.exists()]
    facts = {
        "inventory_hostname": host,
        "netlab_address": ADDRESSES[host],
        "hostvars": {name: {"netlab_address": address} for name, address in ADDRESSES.items()},
        "groups": GROUPS,
        "role_path": str(ROLES / role),
        "ansible_managed": "managed",
    }
    variables = facts | {name: value for part in read for name, value in part.items()} | values
    return Templar(loader=loader, variables=variables).template(trust_as_template(expression))


def inputs(given: dict[str, Any], host: str, **facts: object) -> dict[str, Any]:
    """What a profile gives to a role on one host, with the filters of netlab's playbooks."""
    add_all_plugin_dirs(str(ROLES.parent / "playbooks"))
    index = GROUPS["node"].index(host) if host in GROUPS["node"] else 0
    known = {
        "inventory_hostname": host,
        "netlab_address": ADDRESSES[host],
        "netlab_index": str(index),
        "netlab_mtu": 1500,
        "hostvars": {name: {"netlab_address": address} for name, address in ADDRESSES.items()},
        "groups": GROUPS,
    }
    found: dict[str, Any] = Templar(loader=DataLoader(), variables={**known, **facts}).template(_trusted(given))
    return found


def _trusted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _trusted(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_trusted(each) for each in value]
    return trust_as_template(value) if isinstance(value, str) else value


def template(name: str) -> str:
    return f"{{{{ lookup('ansible.builtin.template', role_path ~ '/templates/{name}') }}}}"
