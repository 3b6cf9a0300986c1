"""Every role has a teardown that needs no input, and playbooks call them in the order in which they undo each other."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.roles.rendering import GROUPS, ROLES, render

ROOT = ROLES.parent
PLAYBOOKS = ROOT / "playbooks"
NEED_NONE = {
    "bootable": "its host is a root filesystem that becomes an image",
    "cluster_verify": "it only asks",
    "host_record": "its own folder goes with the record, by the entry point that restores it",
    "image": "its host is a root filesystem that becomes an image",
    "in_effect": "it only looks, and notifies",
    "undo": "it is what teardowns are made of",
    "virtual_hosts": "its host is a machine of netlab's own, which is thrown away",
}
"""Roles that have nothing to undo, and why."""

APPLIED = sorted(path.parents[1].name for path in ROLES.glob("*/tasks/main.yml"))
TORN_DOWN = sorted(path.parents[1].name for path in ROLES.glob("*/tasks/teardown.yml"))
BAKED = ["app", "bgp", "bpf_service", "container_runtime", "kubernetes", "lab_routes", "nodeport", "pod", "pod_network"]


def load(path: Path):
    return yaml.safe_load(path.read_text())


def uses_of_undo(role: str) -> list[dict[str, object]]:
    tasks = load(ROLES / role / "tasks" / "teardown.yml")
    return [task["vars"] for task in tasks if task.get("ansible.builtin.include_role", {}).get("name") == "undo"]


def undone(role: str, name: str, host: str = "node1", **values: object) -> list[str]:
    """One of the lists that the role's teardown gives to undo, on a host."""
    given = [use.get(f"undo_{name}", []) for use in uses_of_undo(role)]
    return [entry for each in given for entry in _rendered(role, each, host, values)]


def _rendered(role: str, value: object, host: str, values: dict[str, object]) -> list[str]:
    if isinstance(value, str):
        return list(render(role, value, host, **values))
    return [render(role, entry, host, **values) for entry in value]


@pytest.mark.parametrize("role", APPLIED)
def test_a_role_that_changes_a_host_has_a_teardown(role):
    if role == "host_record":
        assert role in TORN_DOWN
    else:
        assert (role in TORN_DOWN) != (role in NEED_NONE), "write tasks/teardown.yml, or say here why there is none"


def test_down_undoes_every_role_before_those_that_it_builds_on():
    (play,) = load(PLAYBOOKS / "down.yml")
    order = [role for role, _ in play["vars"]["netlab_uses"]]
    assert sorted(order) == sorted(set(TORN_DOWN) - {"host_record"})
    assert play["tasks"][-1]["ansible.builtin.include_role"] == {"name": "host_record", "tasks_from": "teardown"}
    for profile in sorted((ROOT / "profiles").rglob("*.yml")):
        applied = [use["role"] for use in load(profile)["roles"] if use["role"] in order]
        # a service's programs are attached to pods' devices, and gone with them
        free = {"bpf_service", "lab_routes"}
        wanted = [role for role in reversed(applied) if role not in free]
        assert [role for role in order if role in wanted] == wanted, profile.name
    cluster = [role for play in load(PLAYBOOKS / "cluster.yml") for role in (use["role"] for use in play["roles"])]
    before = [role for role in reversed(cluster) if role != "host_record"]
    assert [role for role in order if role in before] == before


def test_no_role_that_has_a_teardown_depends_on_another():
    """Ansible applies dependencies before every entry point, a teardown too."""
    for role in TORN_DOWN:
        assert load(ROLES / role / "meta" / "main.yml")["dependencies"] == []


@pytest.mark.parametrize("role", sorted(set(TORN_DOWN) - {"host_record"}))
def test_what_a_role_writes_is_what_its_teardown_removes(role):
    """Each file that a task of the role's names is among those that are removed, where no image holds the role."""
    if not uses_of_undo(role):
        pytest.skip("the teardown is other roles'")
    removed = [*undone(role, "paths"), *(f"/etc/systemd/system/{name}" for name in undone(role, "masks"))]
    written = set()
    named = re.compile(r"(?:dest|path): (/(?:etc|usr|opt|var|root)/[^\s{}]+)$", re.MULTILINE)
    for file in sorted((ROLES / role / "tasks").glob("*.yml")):
        if file.name != "teardown.yml":
            written |= set(named.findall(file.read_text()))
    folders = {*undone(role, "folders"), "/etc/netlab", "/etc/netlab/pods", "/usr/local/bin", "/opt/cni", "/etc/hosts"}
    missing = [path for path in written if not _covered(path, removed) and path not in folders]
    assert missing == []


def _covered(path: str, removed: list[str]) -> bool:
    return any(Path(path).match(pattern) or path.startswith(f"{pattern}/") for pattern in removed)


@pytest.mark.parametrize("role", BAKED)
def test_what_an_image_holds_is_kept_for_the_next_profile(role):
    fresh, baked = (
        {*undone(role, "paths", netlab_baked_roles=roles), *undone(role, "folders", netlab_baked_roles=roles)}
        for roles in ([], [role])
    )
    assert baked < fresh
    assert undone(role, "masks", netlab_baked_roles=[role]) == []
    assert not [path for path in baked if path.startswith("/usr/local/lib/netlab")]


@pytest.mark.parametrize("role", sorted(set(TORN_DOWN) - {"host_record", "cluster_workload"}))
def test_a_teardown_needs_no_input(role):
    """`down` knows of no profile; a file of the profile's may be gone."""
    for name in ("units", "paths", "folders", "routes", "links", "masks", "qdiscs", "interfaces"):
        assert "None" not in str(undone(role, name))


def test_shared_folders_are_removed_only_when_they_are_empty():
    shared = {"/etc/netlab", "/usr/local/lib/netlab", "/etc/cni/net.d", "/etc/systemd/network"}
    for role in set(TORN_DOWN) - {"host_record"}:
        assert not shared & set(undone(role, "paths"))


def test_a_routes_file_of_base_is_removed_with_its_routes():
    assert undone("base", "routes") == [
        "unreachable 10.244.0.0/16 metric 4294967295",
    ], "a cluster's hosts; the services of others too"
    assert len(undone("base", "routes", groups=GROUPS | {"control": []})) == 2


def noting_roles(folder: Path, *names: str) -> Path:
    """Roles whose teardowns do nothing but note that they were there; what they do otherwise must not be done."""
    for role in names:
        tasks = folder / "roles" / role / "tasks"
        tasks.mkdir(parents=True)
        word = f"echo {role} {{{{ inventory_hostname }}}} {{{{ differs | default('') }}}} >> {folder}/done"
        for name, command in (("teardown", word), ("main", "false")):
            tasks.joinpath(f"{name}.yml").write_text(json.dumps([{"name": "Note", "ansible.builtin.shell": command}]))
    return folder / "roles"


def play(tmp_path: Path, playbook: str, roles: Path, **variables: object) -> list[list[str]]:
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "netlab_address": "127.0.0.1"}
    groups = {group: {"hosts": dict.fromkeys(names, local)} for group, names in GROUPS.items()}
    (tmp_path / "hosts.json").write_text(json.dumps(groups))
    stamp = tmp_path / "stamp" / "profile.json"
    stamp.parent.mkdir()
    stamp.touch()
    variables["netlab_stamp_folder"] = str(stamp.parent)
    command = ["ansible-playbook", "-i", "hosts.json", "-e", json.dumps(variables), str(PLAYBOOKS / playbook)]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = os.environ | {"PATH": path, "ANSIBLE_ROLES_PATH": str(roles), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert not stamp.exists(), "a host that is undone does not claim to be the profile"
    return [line.split() for line in (tmp_path / "done").read_text().splitlines()]


PROFILE = """
requires: {modules: [veth]}
roles:
  - {role: first, hosts: all}
  - role: second
    hosts: "control:node"
    vars: {differs: "{{ inventory_hostname }}"}
  - {role: NETWORK, hosts: node}
  - {role: cluster_verify, hosts: all}
paths: {}
"""


@pytest.mark.real
@pytest.mark.parametrize("cluster", [False, True])
def test_a_profile_is_undone_from_its_end_on_the_hosts_that_it_names(tmp_path, cluster):
    """Its roles alone; a cluster is reset before its network is taken away, and its rules go last."""
    network = "cni_reference" if cluster else "bgp"
    of_clusters = ("cluster_verify", "kubeadm_node", "kubeadm_control", "kubernetes", "container_runtime", "payload")
    roles = noting_roles(tmp_path, "first", "second", network, *of_clusters, "base", "benchmark")
    text = PROFILE.replace("NETWORK", network)
    (tmp_path / "profile.yml").write_text(f"{text}cluster: {{}}\n" if cluster else text)
    done = play(tmp_path, "teardown.yml", roles, netlab_profile="m", netlab_profile_file=str(tmp_path / "profile.yml"))
    reset = [["kubeadm_node", "node1"], ["kubeadm_node", "node2"], ["kubeadm_control", "control"]]
    own = [
        *([network, name, name] for name in ("node1", "node2")),
        *(["second", name, name] for name in ("control", "node1", "node2")),
        ["first", "client"],
        *(["first", name, name] for name in ("control", "node1", "node2")),
    ]
    last = [["kubernetes", name] for name in ("control", "node1", "node2")]
    wanted = [*reset, *own, *last] if cluster else own
    assert [words[0] for words in done] == [words[0] for words in wanted]
    assert sorted(words[:2] if words[0].startswith("kube") else words for words in done) == sorted(wanted)


@pytest.mark.real
def test_down_undoes_all_on_all_hosts_and_restores_last(tmp_path):
    roles = noting_roles(tmp_path, *TORN_DOWN)
    done = play(tmp_path, "down.yml", roles)
    assert {words[0] for words in done} == set(TORN_DOWN)
    assert {words[0] for words in done[-4:]} == {"host_record"}
    assert {words[1] for words in done if words[0] == "kubeadm_control"} == {"control"}
