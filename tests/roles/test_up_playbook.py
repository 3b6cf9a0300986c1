"""The playbook that turns hosts into a profile, on this machine, as far as it goes without changing anything."""

import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import ClassVar

import pytest
import yaml

from netlab.ansible import accelerator
from netlab.model.profile import Requirements

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]


PROFILE = """
requires: {modules: [veth]}
roles:
  - {role: second, hosts: client}
  - role: first
    hosts: "control:node"
    vars: {differs: "{{ inventory_hostname }} {{ (netlab_address | lab_flat(0)).start }}"}
  - {role: second, hosts: node}
paths: {}
"""


class Answer(http.server.BaseHTTPRequestHandler):
    """An app that remembers what it was asked for."""

    BODY = b"netlab"
    asked: ClassVar[list[str]] = []

    def do_GET(self):
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.BODY)))
        self.end_headers()
        self.wfile.write(self.BODY)

    def log_message(self, *_):
        pass


def play(tmp_path, roles=ROOT / "roles", path=Path("/usr/bin"), strategy=None, releases=None, nodes=2, **variables):
    """Play up.yml; ``releases``: what hosts run, by their names."""
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "netlab_address": "127.0.0.1"}
    hosts = {"client": ["client"], "node": ["node1", "node2"][:nodes], "control": ["control"]}
    groups = {group: {"hosts": dict.fromkeys(names, local)} for group, names in hosts.items()}
    for name, release in (releases or {}).items():
        family = groups.setdefault(release.partition("_")[0], {"children": {}})
        family["children"].setdefault(release, {"hosts": {}})["hosts"][name] = {}
    (tmp_path / "hosts.json").write_text(json.dumps(groups))
    command = ["ansible-playbook", "-i", "hosts.json", "-e", json.dumps(variables), str(ROOT / "playbooks" / "up.yml")]
    path = f"{path}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = os.environ | {"PATH": path, "ANSIBLE_ROLES_PATH": str(roles), "LC_ALL": "C.UTF-8"}
    if strategy:
        env |= {"ANSIBLE_STRATEGY": "mitogen_linear", "ANSIBLE_STRATEGY_PLUGINS": str(strategy)}
    return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)


def test_a_kernel_that_is_too_old_is_refused_before_anything_is_done(tmp_path):
    done = play(tmp_path, netlab_profile="cilium-netkit", netlab_kernel="6.1.0")
    assert done.returncode != 0
    assert "node1 runs Linux 6.1.0; the profile cilium-netkit needs 6.8 or newer." in done.stdout
    assert "changed=0" in done.stdout


@pytest.mark.parametrize("kernel", ["6.12", None], ids=["netlab's own image", "hosts of others"])
def test_a_missing_kernel_module_is_refused_before_anything_is_done(tmp_path, kernel):
    known = {"netlab_kernel": kernel} if kernel else {}
    done = play_own_profile(tmp_path, modules=["netlab_no_such", "veth", "netlab_nor_such"], **known)
    assert done.returncode != 0
    refused = {
        host for host in ("client", "control", "node1", "node2") if f"{host} has no kernel module" in done.stdout
    }
    assert refused == ({"node1"} if kernel else {"node1", "node2", "control"})
    words = " ".join(done.stdout.split())
    assert "node1 has no kernel module netlab_no_such, netlab_nor_such, which the profile mine requires." in words
    assert not (tmp_path / "done").exists()


def apply(tmp_path, **variables):
    """Play up.yml with the roles of the test's own, and the profile ``mine`` in ``profile.yml``."""
    return play(
        tmp_path,
        roles=tmp_path / "roles",
        netlab_profile="mine",
        netlab_profile_file=str(tmp_path / "profile.yml"),
        netlab_stamp_folder=f"{tmp_path}/stamp/{{{{ inventory_hostname }}}}",
        **variables,
    )


def play_own_profile(tmp_path, modules, **variables):
    """Play a profile whose roles change nothing here."""
    noting_roles(tmp_path, "base", "benchmark")
    profile = {"requires": {"kernel": "1", "modules": modules}, "roles": [], "paths": {}}
    tmp_path.joinpath("profile.yml").write_text(json.dumps(profile))
    return apply(tmp_path, path=modprobe(tmp_path), **variables)


def modprobe(tmp_path):
    """Return a folder with a modprobe that knows veth alone, and only says what it would do."""
    program = tmp_path / "bin" / "modprobe"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\ncase "$*" in\n"--dry-run --quiet veth" | "--dry-run --quiet --all veth") ;;\n*) exit 1 ;;\nesac\n'
    )
    program.chmod(0o755)
    return program.parent


def noting_roles(tmp_path, *names):
    """Make roles that do nothing but note in the file ``done`` that they were there."""
    for role in names:
        tasks = tmp_path / "roles" / role / "tasks"
        tasks.mkdir(parents=True)
        word = f">> {tmp_path}/done echo {role} {{{{ inventory_hostname }}}} {{{{ differs | default('') }}}}"
        tasks.joinpath("main.yml").write_text(json.dumps([{"name": "Note", "ansible.builtin.shell": word}]))
        tasks.joinpath("end.yml").write_text(json.dumps([{"name": "Note", "ansible.builtin.shell": f"{word} end"}]))


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
    done = apply(
        tmp_path,
        strategy=accelerator() if accelerate else None,
        netlab_kernel="6.12",
        netlab_baked_roles=["base", "benchmark"],
    )
    noted = (tmp_path / "done").read_text().splitlines() if (tmp_path / "done").exists() else []
    for role, hosts in (("first", first), ("second", second)):
        assert {line.split()[1] for line in noted if line.startswith(role)} == hosts, done.stdout
    assert (done.returncode == 0) == bool(second)
    assert ("why: cause" in done.stdout) == ("rescue" in tasks)


def test_what_a_profile_need_not_say_is_the_same_in_the_playbook():
    (variables,) = [play["vars"] for play in yaml.safe_load((ROOT / "playbooks" / "up.yml").read_text())]
    defaults = Requirements().model_dump(include={"kernel", "modules"})
    assert f"{{'kernel': '{defaults['kernel']}', 'modules': []}}" in variables["netlab_requires"]


def test_a_role_is_done_on_all_its_hosts_before_the_next_begins(tmp_path):
    noting_roles(tmp_path, "base", "benchmark", "first", "second")
    tmp_path.joinpath("profile.yml").write_text(PROFILE)
    done = apply(
        tmp_path,
        path=modprobe(tmp_path),
        netlab_kernel="6.12",
        netlab_baked_roles=["base", "benchmark"],
        netlab_snapshot="mine-1",
    )
    assert done.returncode == 0, done.stdout
    stamps = {file.parent.name: json.loads(file.read_text()) for file in tmp_path.glob("stamp/*/profile.json")}
    stamp = {"profile": "mine", "snapshot": "mine-1"}
    assert stamps == dict.fromkeys(("client", "node1", "node2", "control"), stamp)
    order = [line.split() for line in (tmp_path / "done").read_text().splitlines()]
    assert [role for role, *_ in order] == ["second", "first", "first", "first", "second", "second"]
    assert {tuple(words[1:]) for words in order[1:4]} == {
        (name, name, "127.0.0.65") for name in ("control", "node1", "node2")
    }


@pytest.mark.parametrize(("told", "found"), [({}, "1480"), ({"netlab_mtu": 1442}, "1422")])
def test_profiles_compute_with_the_inventorys_mtu_or_that_of_an_ethernet(tmp_path, told, found):
    noting_roles(tmp_path, "base", "benchmark", "first")
    profile = """
roles: [{role: first, hosts: node, vars: {differs: "{{ netlab_mtu | int - 20 }}"}}]
paths: {}
"""
    tmp_path.joinpath("profile.yml").write_text(profile)
    done = apply(
        tmp_path,
        netlab_kernel="6.12",
        netlab_baked_roles=["base", "benchmark"],
        **told,
    )
    assert done.returncode == 0, done.stdout
    noted = (tmp_path / "done").read_text().splitlines()
    assert sorted(line.split() for line in noted) == [["first", name, found] for name in ("node1", "node2")]


@pytest.mark.parametrize("nodes", [1, 2])
def test_every_path_is_asked_that_the_lab_has(tmp_path, nodes):
    """The URL of a path through a second node names it, and there may be none."""
    noting_roles(tmp_path, "base", "benchmark")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://{{{{ hostvars[groups['node'][%d]].netlab_address }}}}:{server.server_port}/%s"
        paths = {"nodeport-local": url % (0, "local"), "nodeport-remote": url % (1, "remote")}
        in_a_pod = {"clusterip": {"url": "http://10.96.0.80/", "pod": "client"}}
        profile = {"requires": {"kernel": "1"}, "roles": [], "paths": paths | in_a_pod}
        tmp_path.joinpath("profile.yml").write_text(json.dumps(profile))
        done = apply(
            tmp_path,
            nodes=nodes,
            netlab_kernel="6.12",
            netlab_baked_roles=["base", "benchmark"],
            netlab_response_bytes=len(Answer.BODY),
        )
        server.shutdown()
    assert done.returncode == 0, done.stdout
    assert Answer.asked[-nodes:] == ["/local", "/remote"][:nodes]


@pytest.mark.parametrize(
    ("baked", "roles"),
    [
        ([], ["host_record", "base", "benchmark", "first", "host_record end"]),
        (["base", "benchmark"], ["first"]),
    ],
    ids=["hosts of others", "netlab's own image"],
)
def test_hosts_of_others_are_written_down_before_they_are_changed(tmp_path, baked, roles):
    noting_roles(tmp_path, "host_record", "base", "benchmark", "first")
    profile = {"requires": {"kernel": "1"}, "roles": [{"role": "first", "hosts": "all"}], "paths": {}}
    tmp_path.joinpath("profile.yml").write_text(json.dumps(profile))
    done = apply(
        tmp_path,
        netlab_kernel="6.12",
        netlab_baked_roles=baked,
    )
    assert done.returncode == 0, done.stdout
    order = [line.split() for line in (tmp_path / "done").read_text().splitlines()]
    assert [" ".join((words[0], *words[2:])) for words in order[::4]] == roles
    assert len(order) == 4 * len(roles), "each on every host"


def test_a_host_gets_the_names_of_what_it_runs(tmp_path):
    """The kernel's version is asked of a host that netlab has not made; perf is called by it on Ubuntu."""
    noting_roles(tmp_path, "host_record", "base", "benchmark")
    tools = "{{ benchmark_packages | default([]) | select('search', 'linux-tools') | join }}"
    words = f"{tools} {{{{ pod_network_cni_version | default('') }}}}"
    task = {"name": "Note", "ansible.builtin.shell": f">> {tmp_path}/named echo {{{{ inventory_hostname }}}} {words}"}
    tmp_path.joinpath("roles", "benchmark", "tasks", "main.yml").write_text(json.dumps([task]))
    profile = {"requires": {"kernel": "1"}, "roles": [], "paths": {}}
    tmp_path.joinpath("profile.yml").write_text(json.dumps(profile))
    done = apply(
        tmp_path,
        releases={"client": "debian_13", "node1": "ubuntu_24_04", "node2": "ubuntu_22_04"},
    )
    assert done.returncode == 0, done.stdout
    tools = f"linux-tools-{os.uname().release}"
    named = [line.split() for line in (tmp_path / "named").read_text().splitlines()]
    assert sorted(named) == [["client"], ["control"], ["node1", tools], ["node2", tools, "0.4.0"]]
