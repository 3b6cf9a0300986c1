"""Handlers that a failed play did not get to are noticed by the next one, and run before anybody relies on them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from netlab.provision.preflight import BY_NETWORKD
from tests.roles.rendering import ROLES, render

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WITHOUT_A_CHECK = {
    ("image", "Make the initrd"): "what a bake that failed has made is thrown away as a whole",
    ("lab_routes", "Reload the network"): "'Reconfigure the lab's interface' is notified, which does more",
    ("pod_network", "Reload the network"): "'Recreate the pods' network' is notified, which does more",
    (
        "undo",
        "Have systemd and networkd read what is left",
    ): "what is to be read is kept in a file",
    ("tunnel", "Reload the network"): "'Reconfigure tunl0' is notified, which does more",
}
"""Handlers that no later play needs to notify, and why."""

NOT_READ_AT_A_START = {
    "service.bpf.c": "compiled into what is read",
    "compile-bpf": "compiles it",
    "bpf.conf": "read by the pods' units",
    "{{ benchmark_folder }}/": "the agent's own program is named",
}
NEED_NO_FILE = {
    "base": "settings, modules, huge pages and units are compared by what they are",
    "kubernetes": "settings and modules are compared by what they are; kubeadm starts the kubelet",
    "tunnel": "the module is compared by whether it is loaded, the rest by networkd's files",
}


@cache
def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text()) if path.exists() else None


def tasks(role: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(role.glob("tasks/*.yml")):
        yield from flat(load(file) or [])


def flat(entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        yield entry
        for part in ("block", "rescue", "always"):
            yield from flat(entry.get(part, []))


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


def handlers() -> list[tuple[str, str]]:
    """Role and name of each handler."""
    return [(file.parts[-3], each["name"]) for file in sorted(ROLES.glob("*/handlers/main.yml")) for each in load(file)]


def names(role: str, handler: str) -> set[str]:
    """What a handler may be notified by."""
    (found,) = [each for each in load(ROLES / role / "handlers/main.yml") if each["name"] == handler]
    return {handler, *listed(found.get("listen"))}


def checks(role: str) -> list[dict[str, Any]]:
    """The variables of each use of ``in_effect`` in the role."""
    includes = [task for task in tasks(ROLES / role) if "ansible.builtin.include_role" in task]
    return [task["vars"] for task in includes if task["ansible.builtin.include_role"]["name"] == "in_effect"]


@pytest.mark.parametrize(("role", "handler"), handlers())
def test_a_lost_notification_is_noticed(role, handler):
    if (role, handler) not in WITHOUT_A_CHECK:
        assert [wanted for wanted in checks(role) if names(role, handler) & set(wanted["in_effect_handlers"])]


def test_handlers_of_one_name_do_one_thing():
    """Ansible knows handlers by name: of two roles' with one name, the one that was loaded last runs for both."""
    bodies: dict[str, list[Any]] = {}
    for role, name in handlers():
        body = next(each for each in load(ROLES / role / "handlers/main.yml") if each["name"] == name)
        bodies.setdefault(name, []).append(body)
    assert {name: len(each) for name, each in bodies.items() if any(body != each[0] for body in each)} == {}


@pytest.mark.parametrize("role", sorted({role for role, _ in handlers()} - {"image"}))
def test_a_changed_file_hides_no_lost_handler_of_another(role):
    """Where a role has several handlers, one of them having been notified says nothing about the others."""
    for task in tasks(ROLES / role):
        wanted = task.get("vars", {}).get("in_effect_handlers", [])
        assert len(wanted) < 2 or " is not changed" not in task["when"]


@pytest.mark.parametrize("role", sorted({role for role, _ in handlers()} - {"image"}))
def test_every_file_that_notifies_is_compared(role):
    """What a task writes and notifies for is a file that the check names, or the state that it asks for is compared."""
    named = json.dumps([unit for wanted in checks(role) for unit in wanted.get("in_effect_units", [])])
    for task in tasks(ROLES / role):
        module = next(
            (task[key] for key in task if key.startswith("ansible.builtin.") and isinstance(task[key], dict)), {}
        )
        if not task.get("notify") or "dest" not in module or role in NEED_NO_FILE:
            continue
        for dest in destinations(module["dest"], task.get("loop")):
            assert dest in named, f"{task['name']}: {dest}"


def destinations(dest: str, loop: Any) -> set[str]:
    """Names of what a task writes; where it loops over an expression, the check has that expression too."""
    if isinstance(loop, str) and dest.startswith("{{"):
        return {loop.split()[1]}
    items = loop if isinstance(loop, list) else [{}]
    texts = {
        re.sub(r"{{ \w+[.](\w+) }}", lambda match, item=item: item.get(match[1], match[0]), dest) for item in items
    }
    return {text if text.endswith("/") else text.rpartition("/")[2] for text in texts} - set(NOT_READ_AT_A_START)


def test_the_network_of_containerd_is_compared_where_a_handler_reads_it():
    (wanted,) = checks("cni_reference")
    assert wanted["in_effect_units"] == [{"name": "containerd.service", "files": ["/etc/cni/net.d/10-netlab.conflist"]}]


@pytest.mark.parametrize("role", ["calico", "cilium", "cni_reference", "bgp", "container_runtime", "kubernetes"])
def test_what_was_notified_runs_before_anybody_relies_on_it(role):
    """Between the last task that may notify and those that ask, handlers are flushed."""
    order = [kind_of(task) for task in in_order(ROLES / role / "tasks", "main.yml")]
    last = max(index for index, kind in enumerate(order) if kind == "notifies")
    assert "flushes" in order[last:]
    if "asks" in order:
        assert order.index("flushes", last) < order.index("asks")


def in_order(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    for task in flat(load(folder / name)):
        other = task.get("ansible.builtin.import_tasks") or task.get("ansible.builtin.include_tasks")
        if isinstance(other, str) and (folder / other).exists() and other != "explain.yml":
            yield from in_order(folder, other)
        yield task


def kind_of(task: dict[str, Any]) -> str:
    if task.get("ansible.builtin.meta") == "flush_handlers":
        return "flushes"
    included = task.get("ansible.builtin.include_role", {}).get("name")
    if task.get("notify") or included in {"lab_routes", "pod_network", "in_effect"}:
        return "notifies"
    name = task["name"]
    return (
        "asks"
        if name.startswith(("verify |", "run | Wait for the nodes", "run | Wait for the peers", "images |"))
        else ""
    )


def test_what_kubernetes_wants_is_what_its_files_say():
    files = ROLES / "kubernetes" / "files"
    modules = [line for line in (files / "modules.conf").read_text().splitlines() if not line.startswith("#")]
    assert render("kubernetes", "{{ kubernetes_modules }}", "node1") == modules
    settings = re.findall(r"(?m)^(\S+) = (\d+)$", (files / "sysctl.conf").read_text())
    assert render("kubernetes", "{{ kubernetes_sysctls }}", "node1") == {name: int(value) for name, value in settings}


@pytest.mark.parametrize("file", sorted(ROLES.glob("*/tasks/*.yml")), ids=lambda path: "/".join(path.parts[-3::2]))
def test_a_block_with_a_rescue_is_no_end_for_other_hosts(file):
    """Ansible sends every host to the rescue of a block that any_errors_fatal ends."""
    for task in flat(load(file) or []):
        assert ("rescue" not in task) or task.get("any_errors_fatal") is False, task["name"]


FAKE = """#!{python}
import json, sys
known = json.load(open({known!r}))
if "show" in sys.argv[1:2]:
    names = [word for word in sys.argv[2:] if not word.startswith("--")]
    print("\\n\\n".join("\\n".join(f"{{k}}={{v}}" for k, v in known[name].items()) for name in names))
else:
    print(json.dumps(known[" ".join(sys.argv[2:])]))
"""
OLD, NEW = "Thu 2020-01-02 03:04:05.678901 UTC", "Thu 2099-01-01 00:00:00.000000 UTC"


def unit(**changes: str) -> dict[str, str]:
    base = {"Id": "u", "ActiveState": "active", "NeedDaemonReload": "no"}
    return base | {"ExecMainStartTimestamp": OLD, "StateChangeTimestamp": NEW} | changes


@pytest.fixture
def found(tmp_path, monkeypatch):
    """Run the program on a host whose systemd and kernel say what ``known`` holds."""

    def run(wanted: dict[str, Any], **known: Any) -> list[str]:
        place = tmp_path / "known.json"
        place.write_text(json.dumps({name.replace("_", " "): value for name, value in known.items()}))
        for name in ("systemctl", "ip"):
            (tmp_path / name).write_text(FAKE.format(python=sys.executable, known=str(place)))
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        program = (ROLES / "in_effect/files/in-effect").read_text()
        done = subprocess.run(
            [sys.executable, "-IS", "-", json.dumps(wanted)], input=program, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run


@pytest.mark.parametrize(
    ("shown", "reloads", "lines"),
    [
        (unit(), False, ["u: FILE is newer than what runs"]),
        (unit(), True, []),
        (unit(StateChangeTimestamp=OLD), True, ["u: FILE is newer than what runs"]),
        (unit(ExecMainStartTimestamp=NEW), False, []),
        (unit(ActiveState="inactive"), False, []),
        (unit(ActiveState="inactive", ExecMainStartTimestamp=""), False, []),
        (unit(ExecMainStartTimestamp=NEW, NeedDaemonReload="yes"), False, ["u: systemd has not read its files"]),
    ],
)
def test_a_unit_is_behind_where_a_file_was_written_since(found, tmp_path, shown, reloads, lines):
    file = tmp_path / "file"
    file.touch()
    wanted = {"units": [{"name": "u", "files": [str(file), f"{file}.missing"], "reloads": reloads}]}
    assert found(wanted, u=shown) == [line.replace("FILE", str(file)) for line in lines]


def test_what_the_kernel_does_is_compared(found, tmp_path):
    routes = [
        {"dst": "default", "gateway": "10.0.2.2"},
        {"dst": "10.244.0.9", "gateway": "10.10.0.11"},
        {"dst": "10.1.0.0/24"},
    ]
    wanted = {
        "routes": [
            {"destination": "10.244.0.9/32", "gateway": "10.10.0.11"},
            {"destination": "10.244.0.9/32", "gateway": "10.10.0.12"},
            {"destination": "0.0.0.0/0", "gateway": "10.0.2.2"},
            {"destination": "10.1.0.0/24", "gateway": "10.10.0.12"},
        ],
        "addresses": ["10.10.0.10", "10.10.0.99"],
        "modules": ["no_such_module"],
        "sysctls": {
            "kernel.ostype": "Linux",
            "-kernel.no_such": 1,
            "kernel.no_such": 1,
            "net.ipv4.ip_local_port_range": "1 2",
        },
        "choices": {str(tmp_path / "thp"): "never", str(tmp_path / "other"): "never", str(tmp_path / "none"): "never"},
        "stopped": ["a", "b"],
    }
    (tmp_path / "thp").write_text("always [madvise] never\n")
    (tmp_path / "other").write_text("always madvise [never]\n")
    known = {"route_show": routes, "address_show": [{"addr_info": [{"local": "10.10.0.10"}]}]}
    lines = found(wanted, a=unit(), b=unit(ActiveState="inactive"), **known)
    assert lines[:6] == [
        "a: it runs",
        "no route to 10.244.0.9/32 by 10.10.0.12",
        "no route to 10.1.0.0/24 by 10.10.0.12",
        "no interface has 10.10.0.99",
        "the module no_such_module is not loaded",
        "kernel.no_such is missing, not 1",
    ]
    assert re.fullmatch(r"net.ipv4.ip_local_port_range is \d+ \d+, not 1 2", lines[6])
    assert lines[7:] == [f"{tmp_path / 'thp'} is always [madvise] never, not never"]


def test_a_module_counts_as_loaded_where_only_the_list_of_modules_is_seen(tmp_path):
    """A systemd-nspawn container has no /sys/module."""
    listed = tmp_path / "modules"
    listed.write_text("dummy 12288 0 - Live 0x0\n")
    text = (ROLES / "in_effect" / "files" / "in-effect").read_text()
    program = text.replace('Path("/proc/modules")', f"Path({str(listed)!r})")
    assert program != text
    wanted = json.dumps({"modules": ["dummy", "ipip"]})
    done = subprocess.run(
        [sys.executable, "-IS", "-", wanted], input=program, capture_output=True, text=True, check=True
    )
    assert done.stdout in {"the module ipip is not loaded\n", ""}, "ipip may be built in"
    assert "dummy" not in done.stdout


def test_nothing_asked_for_is_nothing_found(found):
    assert found({}) == []


def test_networkd_is_started_by_no_role_that_can_go_without_it():
    """Ansible's ``reloaded`` starts what does not run; on hosts of ``BY_NETWORKD``, it does."""
    reloading = {
        file.parts[-3]: handler
        for file in ROLES.glob("*/handlers/main.yml")
        for handler in load(file)
        if handler.get("ansible.builtin.systemd_service", {}).get("name") == "systemd-networkd.service"
    }
    assert reloading.keys() - BY_NETWORKD == {"base"}
    assert reloading["base"]["when"] == "base_networkd"
