"""What a role refuses, netlab refuses at once: netlab.yml, the roles and the driver have the same bounds."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from netlab.spec.generated import generate_schema
from netlab.spec.lab import LabSpec
from netlab.spec.sizes import GUEST_KERNEL_MIB
from tests.roles.rendering import ROLES, render

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIVER = ROLES / "benchmark" / "files" / "netlab" / "netlab-drive"
LOAD = generate_schema()["$defs"]["LoadSpec"]["properties"]

SPEC = {"app_response_bytes": "load.response_bytes"}
"""Inputs that a role bounds and netlab.yml sets: the values that both accept are the same."""
HOST = {"kubeadm_control_memory_mb": "qemu.control_memory_mib", "kubeadm_control_cpus": "qemu.control_cpus"}
"""What a role asks of a host, and what netlab.yml makes the host of: the least of it must do."""
PROFILES = {
    *("bpf_service_endpoints", "bpf_service_others"),
    *("cni_reference_mode", "cni_reference_type"),
    *("nodeport_addresses", "nodeport_endpoints", "nodeport_mode", "nodeport_other_services"),
    *("pod_network_shim_address", "pod_network_shim_destination", "pod_network_type"),
    *("container_runtime_source", "container_runtime_sandbox_image"),
}
"""Inputs that a role bounds and profiles set; nothing of netlab.yml reaches them."""
OTHERS = {
    "payload_disk_file": "where netlab sent the payload",
    "payload_index_sha256": "the maker of a payload tells it to the hosts",
    "cilium_device_mode": "compared with what the agent says",
    "kubernetes_version": "compared with the payload's, which the profile's artifacts choose",
    "kubeadm_node_clock_skew_s": "compared with the hosts' clocks",
}


def walk(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(inner)


def options(role: str) -> dict[str, dict[str, Any]]:
    points = yaml.safe_load((ROLES / role / "meta" / "argument_specs.yml").read_text())["argument_specs"].values()
    return {name: option for point in points for name, option in point.get("options", {}).items()}


def bounds() -> dict[str, list[str]]:
    """Every input that an assertion of its role names, and the assertions."""
    found: dict[str, list[str]] = {}
    for file in sorted(ROLES.glob("*/tasks/*.yml")):
        for task in walk(yaml.safe_load(file.read_text())):
            if told := task.get("ansible.builtin.assert"):
                text = yaml.safe_dump([told["that"], task.get("loop"), task.get("vars")])
                for name in options(file.parts[-3]):
                    if re.search(rf"\b{name}\b", text):
                        found.setdefault(name, []).append(told["that"])
    return found


def field(dotted: str) -> dict[str, Any]:
    group, _, name = dotted.partition(".")
    model = LabSpec.model_fields[group].annotation
    assert model is not None
    return model.model_json_schema()["properties"][name]  # type: ignore[attr-defined]


def test_every_bound_of_a_role_is_known_here():
    assert bounds().keys() == SPEC.keys() | HOST.keys() | PROFILES | OTHERS.keys()


@pytest.mark.parametrize("name", SPEC)
def test_a_role_accepts_what_netlab_yml_accepts_and_no_more(name):
    (condition,) = bounds()[name]
    role = name.partition("_")[0]
    low, high = field(SPEC[name])["minimum"], field(SPEC[name])["maximum"]
    accepted = {
        value: render(role, f"{{{{ {condition} }}}}", "node1", **{name: value})
        for value in (low - 1, low, high, high + 1)
    }
    assert accepted == {low - 1: False, low: True, high: True, high + 1: False}
    assert f"{low} to {high}" in options(role)[name]["description"]


@pytest.mark.parametrize("name", HOST)
def test_the_smallest_host_that_netlab_yml_allows_is_large_enough(name):
    needed = yaml.safe_load((ROLES / "kubeadm_control" / "defaults" / "main.yml").read_text())[name]
    spare = GUEST_KERNEL_MIB if "memory" in name else 0
    assert field(HOST[name])["minimum"] - spare >= needed


def test_the_driver_bounds_a_load_as_netlab_yml_does():
    (value,) = [
        node.value
        for node in ast.parse(DRIVER.read_text()).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "LIMITS"
    ]
    spec = {name: (of["minimum"], of["maximum"]) for name, of in LOAD.items() if "minimum" in of}
    assert ast.literal_eval(value) == spec


@pytest.mark.parametrize("point", ["sample", "hotspots"])
def test_the_role_takes_every_key_of_a_load(point):
    specs = yaml.safe_load((ROLES / "benchmark" / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    kinds = {"integer": "int", "number": "float", "boolean": "bool"}
    expected = {f"benchmark_{name}": (kinds[of["type"]], of["default"]) for name, of in LOAD.items()}
    if point == "hotspots":  # which lasts as long as the profiler is told
        del expected["benchmark_duration_s"]
    given = specs[point]["options"]
    assert {name: (given[name]["type"], given[name]["default"]) for name in expected} == expected


WORKLOAD = ROLES / "cluster_workload" / "templates" / "workload.yaml.j2"
KUBEADM = ROLES / "kubeadm_control" / "templates" / "kubeadm.yaml.j2"


def test_app_and_pods_hold_what_a_load_may_open():
    most = LOAD["connections"]["maximum"]
    text = (ROLES / "app" / "templates" / "nginx.conf.j2").read_text()
    for setting in (r"worker_connections (\d+);", r"worker_rlimit_nofile (\d+);", r"backlog=(\d+);"):
        assert int(re.search(setting, text)[1]) > most  # type: ignore[index]
    for unit in (
        "app/templates/netlab-app.service.j2",
        "pod/files/netlab-pod@.service",
    ):
        assert int(re.search(r"LimitNOFILE=(\d+)", (ROLES / unit).read_text())[1]) > most  # type: ignore[index]
    base = yaml.safe_load((ROLES / "base" / "defaults" / "main.yml").read_text())["base_sysctls"]
    assert base["net.core.somaxconn"] > most
    in_pods = re.search(r"{name: net.core.somaxconn, value: \"(\d+)\"}", WORKLOAD.read_text())
    assert int(in_pods[1]) == base["net.core.somaxconn"]  # type: ignore[index]
    assert "allowedUnsafeSysctls: [net.core.somaxconn]" in KUBEADM.read_text()
    first, last = map(int, base["net.ipv4.ip_local_port_range"].split())
    assert last - first > most
