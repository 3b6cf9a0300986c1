"""Which hosts of an inventory play which part, and what Ansible itself makes of inventories."""

import json
import stat

import pytest

from netlab.errors import ConfigError, MissingTool
from netlab.hosts.ssh.inventory import choose, read_inventory
from netlab.spec.lab import LabSpec

LISTED = {
    "_meta": {
        "hostvars": {
            "c1": {"ansible_host": "192.0.2.1"},
            "n1": {"netlab_address": "10.0.0.1"},
            "n2": {"ansible_connection": "ansible.builtin.ssh"},
        }
    },
    "all": {"children": ["ungrouped", "client", "node"]},
    "ungrouped": {"hosts": ["spare"]},
    "client": {"hosts": ["c1"]},
    "node": {"children": ["rack1", "rack2"]},
    "rack1": {"hosts": ["n1"]},
    "rack2": {"hosts": ["n2", "n1"]},
}


def spec(count=2, stack="datapath", **ssh):
    return LabSpec.model_validate({"provider": "ssh", "stack": stack, "fleet": {"nodes": count}, "ssh": ssh})


def changed(**groups):
    return {**LISTED, **groups}


def connected(by):
    return changed(_meta={"hostvars": {"c1": {"ansible_connection": by}}})


def test_groups_say_which_part_a_host_plays():
    chosen = choose(LISTED, spec())
    assert {name: host for name, (host, _) in chosen.items()} == {"client": "c1", "node1": "n1", "node2": "n2"}
    assert chosen["node1"][1] == {"netlab_address": "10.0.0.1"}


def test_hosts_that_are_named_win_over_groups_and_keep_their_order():
    chosen = choose(LISTED, spec(client="spare", nodes=["n2", "c1"]))
    assert [host for host, _ in chosen.values()] == ["spare", "n2", "c1"]
    assert chosen["client"][1] == {}, "it has no variables"


def test_a_cluster_has_a_control_plane():
    with pytest.raises(ConfigError, match="the lab has 1 x control, the inventory none") as caught:
        choose(LISTED, spec(stack="kubeadm"))
    assert "(ssh.control), or put them into the inventory's group 'control'" in caught.value.hint
    assert choose(LISTED, spec(stack="kubeadm", control="spare"))["control"] == ("spare", {})
    assert choose(changed(control={"hosts": ["spare"]}), spec(stack="kubeadm"))["control"][0] == "spare"


def test_too_few_and_too_many_hosts_are_counted_and_named():
    with pytest.raises(ConfigError, match=r"the lab has 3 x node, the inventory 2 \(n1, n2\)") as caught:
        choose(LISTED, spec(3))
    assert "'fleet: {nodes: 2}' takes as many as there are" in caught.value.hint
    with pytest.raises(ConfigError, match=r"the lab has 1 x client, the inventory 2 \(c1, spare\)") as caught:
        choose(changed(client={"hosts": ["c1", "spare"]}), spec())
    assert "fleet" not in caught.value.hint
    with pytest.raises(ConfigError, match=r"the lab has 2 x node, the inventory 1 \(n2\)"):
        choose(LISTED, spec(nodes=["n2"]))


def test_one_host_plays_one_part():
    with pytest.raises(ConfigError, match="n1 of the inventory would play two parts of the lab"):
        choose(LISTED, spec(client="n1"))
    with pytest.raises(ConfigError, match="n1 of the inventory would play two parts"):
        choose(LISTED, spec(nodes=["n1", "n1"]))


def test_an_unknown_host_is_named_with_the_nearest_that_is_known():
    with pytest.raises(ConfigError, match="the inventory has no host 'spar'; did you mean 'spare'") as caught:
        choose(LISTED, spec(client="spar"))
    assert caught.value.hint == "hosts: spare, c1, n1, n2"
    with pytest.raises(ConfigError, match=r"the inventory has no host 'x'$") as caught:
        choose({"_meta": {"hostvars": {}}, "all": {"children": ["ungrouped"]}}, spec(client="x"))
    assert caught.value.hint == "hosts: none"


@pytest.mark.parametrize("connection", ["local", "docker", "community.docker.docker", "network_cli", "winrm"])
def test_hosts_that_are_not_reached_by_ssh_are_refused(connection):
    with pytest.raises(ConfigError, match="c1 of the inventory is reached by '") as caught:
        choose(connected(connection), spec())
    assert connection.rpartition(".")[2] in caught.value.message


@pytest.mark.parametrize("connection", ["ssh", "smart", "paramiko", "ansible.netcommon.paramiko_ssh"])
def test_every_way_that_is_ssh_will_do(connection):
    assert choose(connected(connection), spec())["client"][0] == "c1"


def test_an_inventory_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"there is no inventory at .*/inventory\.yml") as caught:
        read_inventory(tmp_path / "inventory.yml")
    assert "ssh.inventory" in caught.value.hint


INI = "[client]\nc1 ansible_host=192.0.2.1\n[node]\nn[1:2]\n[node:vars]\nansible_user=debian\n"
YAML = "client: {hosts: {c1: {ansible_host: 192.0.2.1}}}\nnode: {hosts: {'n[1:2]': {ansible_user: debian}}}\n"
DYNAMIC = {
    "client": ["c1"],
    "node": {"hosts": ["n1", "n2"], "vars": {"ansible_user": "debian"}},
    "_meta": {"hostvars": {"c1": {"ansible_host": "192.0.2.1"}}},
}
CONSTRUCTED = """plugin: ansible.builtin.constructed
groups: {client: "inventory_hostname == 'c1'", node: "inventory_hostname.startswith('n')"}
compose: {ansible_user: "'debian'"}
"""


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def file_of(folder, kind):
    """An inventory of this kind, with the same hosts as those of every other."""
    if kind == "folder":
        place = folder / "inventory"
        place.mkdir()
        (place / "1-hosts.yml").write_text("all: {hosts: {c1: {ansible_host: 192.0.2.1}, n1: {}, n2: {}}}\n")
        (place / "2-groups.constructed.yml").write_text(CONSTRUCTED)
        return place
    if kind == "script":
        return script(folder / "hosts.sh", f"cat <<'END'\n{json.dumps(DYNAMIC)}\nEND")
    path = folder / {"ini": "hosts", "yaml": "hosts.yml"}[kind]
    path.write_text({"ini": INI, "yaml": YAML}[kind])
    return path


@pytest.mark.real
@pytest.mark.parametrize("kind", ["ini", "yaml", "folder", "script"])
def test_every_kind_of_inventory_is_read_as_ansible_reads_it(tmp_path, kind):
    chosen = choose(read_inventory(file_of(tmp_path, kind)), spec())
    assert [host for host, _ in chosen.values()] == ["c1", "n1", "n2"]
    assert chosen["client"][1]["ansible_host"] == "192.0.2.1"
    assert [chosen[name][1]["ansible_user"] for name in ("node1", "node2")] == ["debian"] * 2


@pytest.mark.real
def test_variables_of_the_folders_beside_it_count(tmp_path):
    path = file_of(tmp_path, "yaml")
    (tmp_path / "host_vars").mkdir()
    (tmp_path / "host_vars" / "n2.yml").write_text("netlab_address: 10.0.0.2\n")
    assert choose(read_inventory(path), spec())["node2"][1]["netlab_address"] == "10.0.0.2"


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("hosts.yml", "all:\n  hosts: [broken\n", "YAML parsing failed"),
        ("hosts.sh", "#!/bin/sh\necho 'the cloud says no' >&2\nexit 1\n", "exit code 1. the cloud says no"),
        ("hosts.yml", "plugin: no.such.plugin\n", "no.such.plugin"),
    ],
    ids=["yaml", "script", "plugin"],
)
def test_an_inventory_that_ansible_cannot_read_says_why(tmp_path, name, text, reason):
    path = tmp_path / name
    path.write_text(text)
    if name.endswith(".sh"):
        path.chmod(0o755)
    with pytest.raises(ConfigError) as caught:
        read_inventory(path)
    assert caught.value.message.startswith(f"Ansible cannot read the inventory {path}: ")
    assert reason in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.real
def test_an_inventory_that_never_ends_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("netlab.hosts.ssh.inventory.TIMEOUT_S", 3.0)
    path = script(tmp_path / "hosts.sh", "exec sleep 60")
    with pytest.raises(ConfigError, match="did not end within 3 s"):
        read_inventory(path)


def test_an_ansible_without_its_inventory_program_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.executable", str(tmp_path / "python3"))
    (tmp_path / "hosts").touch()
    with pytest.raises(MissingTool, match="ansible-inventory"):
        read_inventory(tmp_path / "hosts")
