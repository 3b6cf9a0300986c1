"""The playbook that turns hosts into a profile, on this machine, as far as it goes without changing anything."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from netlab.ansible import accelerator

ROOT = Path(__file__).parents[2]


PROFILE = """
requires: {kernel: "1"}
roles:
  - {role: second, hosts: client}
  - role: first
    hosts: "control:node"
    vars: {differs: "{{ inventory_hostname }} {{ (netlab_address | lab_flat(0)).start }}"}
  - {role: second, hosts: node}
paths: {}
"""


def play(tmp_path, roles=ROOT / "roles", strategy=None, **variables):
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "netlab_address": "127.0.0.1"}
    hosts = {"client": ["client"], "node": ["node1", "node2"], "control": ["control"]}
    groups = {group: {"hosts": dict.fromkeys(names, local)} for group, names in hosts.items()}
    (tmp_path / "hosts.json").write_text(json.dumps(groups))
    command = ["ansible-playbook", "-i", "hosts.json", "-e", json.dumps(variables), str(ROOT / "playbooks" / "up.yml")]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = os.environ | {"PATH": path, "ANSIBLE_ROLES_PATH": str(roles), "LC_ALL": "C.UTF-8"}
    if strategy:
        env |= {"ANSIBLE_STRATEGY": "mitogen_linear", "ANSIBLE_STRATEGY_PLUGINS": str(strategy)}
    return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)


def test_a_kernel_that_is_too_old_is_refused_before_anything_is_done(tmp_path):
    done = play(tmp_path, netlab_profile="cilium-netkit", netlab_kernel="6.1.0")
    assert done.returncode != 0
    assert "node1 runs Linux 6.1.0; the profile cilium-netkit needs 6.8 or newer." in done.stdout
    assert "changed=0" in done.stdout


RESCUED = """
- name: Look, and say what is wrong
  any_errors_fatal: false
  block:
    - name: Look
      ansible.builtin.command: test {{ inventory_hostname }} != WHERE
      changed_when: false
  rescue:
    - name: Read what another host says
      ansible.builtin.command: echo cause
      delegate_to: node1
      register: cause
      changed_when: false
    - name: Say why
      SAY
- name: Note
  ansible.builtin.shell: echo first {{ inventory_hostname }} >> PLACE/done
"""
PLAIN = """
- name: Fail
  ansible.builtin.command: test {{ inventory_hostname }} != WHERE
  changed_when: false
- name: Note
  ansible.builtin.shell: echo first {{ inventory_hostname }} >> PLACE/done
"""
FAILS = "ansible.builtin.fail: {msg: 'why: {{ cause.stdout }}'}"
GOES_ON = "ansible.builtin.debug: {msg: 'why: {{ cause.stdout }}'}"
ALL = {"client", "node1", "node2", "control"}


@pytest.mark.parametrize(
    ("tasks", "first", "second", "accelerate"),
    [
        (PLAIN.replace("WHERE", "control"), set(), set(), False),
        (RESCUED.replace("WHERE", "control").replace("SAY", FAILS), ALL - {"control"}, set(), False),
        (RESCUED.replace("WHERE", "control").replace("SAY", FAILS), ALL - {"control"}, set(), True),
        (RESCUED.replace("WHERE", "node2").replace("SAY", GOES_ON), ALL, ALL, False),
    ],
    ids=["a task fails", "a rescue says why", "a rescue says why, with Mitogen", "a rescue helps"],
)
def test_nothing_more_is_done_anywhere_once_a_host_has_failed(tmp_path, tasks, first, second, accelerate):
    roles = {"first": tasks, "second": PLAIN.replace("WHERE", "nobody").replace("first", "second")}
    for role, text in roles.items():
        (tmp_path / "roles" / role / "tasks").mkdir(parents=True)
        (tmp_path / "roles" / role / "tasks" / "main.yml").write_text(text.replace("PLACE", str(tmp_path)))
    uses = [{"role": role, "hosts": "all"} for role in ("first", "second")]
    tmp_path.joinpath("profile.yml").write_text(json.dumps({"requires": {"kernel": "1"}, "roles": uses, "paths": {}}))
    done = play(
        tmp_path,
        roles=tmp_path / "roles",
        strategy=accelerator() if accelerate else None,
        netlab_profile="mine",
        netlab_profile_file=str(tmp_path / "profile.yml"),
        netlab_kernel="6.12",
        netlab_baked_roles=["base", "benchmark"],
    )
    noted = (tmp_path / "done").read_text().splitlines() if (tmp_path / "done").exists() else []
    for role, hosts in (("first", first), ("second", second)):
        assert {line.split()[1] for line in noted if line.startswith(role)} == hosts, done.stdout
    assert (done.returncode == 0) == bool(second)
    assert ("why: cause" in done.stdout) == ("rescue" in tasks)


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
    )
    assert done.returncode == 0, done.stdout
    order = [line.split() for line in (tmp_path / "done").read_text().splitlines()]
    assert [role for role, *_ in order] == ["second", "first", "first", "first", "second", "second"]
    assert {tuple(words[1:]) for words in order[1:4]} == {
        (name, name, "127.0.0.65") for name in ("control", "node1", "node2")
    }
