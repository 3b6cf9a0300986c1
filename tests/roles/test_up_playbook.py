"""The playbook that turns hosts into a profile, on this machine, as far as it goes without changing anything."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


PROFILE = """
requires: {kernel: "1"}
roles:
  - {role: second, hosts: client}
  - {role: first, hosts: "control:node", vars: {differs: "{{ inventory_hostname }}"}}
  - {role: second, hosts: node}
paths: {}
"""


def play(tmp_path, roles=ROOT / "roles", **variables):
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "netlab_address": "127.0.0.1"}
    hosts = {"client": ["client"], "node": ["node1", "node2"], "control": ["control"]}
    groups = {group: {"hosts": dict.fromkeys(names, local)} for group, names in hosts.items()}
    (tmp_path / "hosts.json").write_text(json.dumps(groups))
    command = ["ansible-playbook", "-i", "hosts.json", "-e", json.dumps(variables), str(ROOT / "playbooks" / "up.yml")]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = os.environ | {"PATH": path, "ANSIBLE_ROLES_PATH": str(roles), "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)


def test_a_kernel_that_is_too_old_is_refused_before_anything_is_done(tmp_path):
    done = play(tmp_path, netlab_profile="cilium-netkit", netlab_kernel="6.1.0")
    assert done.returncode != 0
    assert "node1 runs Linux 6.1.0; the profile cilium-netkit needs 6.8 or newer." in done.stdout
    assert "changed=0" in done.stdout


def test_a_role_is_done_on_all_its_hosts_before_the_next_begins(tmp_path):
    for role in ("base", "benchmark", "first", "second"):
        tasks = tmp_path / "roles" / role / "tasks"
        tasks.mkdir(parents=True)
        word = f"echo {role} {{{{ inventory_hostname }}}} {{{{ differs | default('') }}}} >> {tmp_path}/done"
        tasks.joinpath("main.yml").write_text(json.dumps([{"name": "Note", "ansible.builtin.shell": word}]))
    tmp_path.joinpath("profile.yml").write_text(PROFILE)
    done = play(
        tmp_path,
        roles=tmp_path / "roles",
        netlab_profile="mine",
        netlab_profile_file=str(tmp_path / "profile.yml"),
        netlab_kernel="6.12",
        netlab_baked_roles=["base", "benchmark"],
        netlab_snapshot="mine-1",
        netlab_stamp_folder=f"{tmp_path}/stamp/{{{{ inventory_hostname }}}}",
    )
    assert done.returncode == 0, done.stdout
    stamps = {file.parent.name: json.loads(file.read_text()) for file in tmp_path.glob("stamp/*/profile.json")}
    stamp = {"profile": "mine", "snapshot": "mine-1"}
    assert stamps == dict.fromkeys(("client", "node1", "node2", "control"), stamp)
    order = [line.split() for line in (tmp_path / "done").read_text().splitlines()]
    assert [role for role, *_ in order] == ["second", "first", "first", "first", "second", "second"]
    assert {tuple(words[1:]) for words in order[1:4]} == {(name, name) for name in ("control", "node1", "node2")}
