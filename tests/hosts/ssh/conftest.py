"""A lab of hosts that are there already, entered through a stand-in for ssh."""

import pytest
import yaml

from netlab.hosts.ssh.inventory import read_inventory
from netlab.lab import Lab
from netlab.spec.lab import LabSpec

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPm2T1Vr9p3cU6gS0L0y1T8J1m3b4U2y7l0b6mN8hQeX"
ADDRESSES = {"client": "10.0.0.10", "node1": "10.0.0.11", "node2": "10.0.0.12"}


def write_inventory(folder, addresses=ADDRESSES, parts=None):
    """Write an inventory of hosts that ssh knows by a configuration and known hosts of the folder's own."""
    (folder / "config").write_text(f"UserKnownHostsFile {folder}/known\nGlobalKnownHostsFile none\n")
    (folder / "known").write_text("".join(f"{address} {KEY}\n" for address in addresses.values()))
    (folder / "id").touch()
    groups = {}
    for name, address in addresses.items():
        group = groups.setdefault((parts or {}).get(name) or name.rstrip("0123456789"), {"hosts": {}})
        group["hosts"][f"{name}.lan"] = {"ansible_host": address}
    common = {"ansible_ssh_common_args": f"-F {folder}/config", "ansible_ssh_private_key_file": f"{folder}/id"}
    text = yaml.safe_dump({"all": {"vars": common, "children": groups}})
    (folder / "inventory.yml").write_text(text)


def listed(source):
    """What Ansible makes of such an inventory; it takes a second or two to start."""
    if not source.exists():
        return read_inventory(source)
    everything = yaml.safe_load(source.read_text())["all"]
    groups = {name: {"hosts": list(group["hosts"])} for name, group in everything["children"].items()}
    hosts = {name: words for group in everything["children"].values() for name, words in group["hosts"].items()}
    variables = {name: {**everything["vars"], **words} for name, words in hosts.items()}
    return {"_meta": {"hostvars": variables}, "all": {"children": list(groups)}, **groups}


@pytest.fixture(autouse=True)
def _quick(request, monkeypatch):
    if not request.node.get_closest_marker("real"):
        monkeypatch.setattr("netlab.hosts.ssh.provider.read_inventory", listed)


@pytest.fixture
def lab(tmp_path):
    folder = tmp_path / "lab"
    folder.mkdir()
    write_inventory(folder)
    return Lab(folder)


@pytest.fixture
def spec():
    return LabSpec(provider="ssh")
