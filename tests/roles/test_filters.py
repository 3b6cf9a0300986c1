"""The filters that roles and profiles have: addresses, lists, and what differs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import yaml

from netlab import assets
from tests.roles.rendering import ADDRESSES, GROUPS, ROLES, inputs, render

ROOT = Path(__file__).parents[2]
HOSTS = {name: {"netlab_address": address} for name, address in ADDRESSES.items()}


def filters(file: Path) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.FilterModule().filters()


def of_role(role: str) -> dict[str, Any]:
    return filters(ROLES / role / "filter_plugins" / f"{role}.py")


LAB = filters(ROOT / "playbooks" / "filter_plugins" / "lab.py")
NETWORK, RUNTIME, VERIFY = of_role("cni_reference"), of_role("container_runtime"), of_role("cluster_verify")


@pytest.mark.parametrize("file", sorted(ROOT.glob("roles/*/filter_plugins/*.py")), ids=lambda path: path.stem)
def test_a_filter_carries_the_name_of_its_role(file):
    assert file.stem == file.parts[-3]
    assert all(name.startswith(f"{file.stem}_") for name in filters(file))


@pytest.mark.parametrize(
    ("index", "first", "last", "shim", "part"),
    [(0, 65, 93, 94, "64/27"), (1, 97, 125, 126, "96/27"), (5, 225, 253, 254, "224/27")],
)
def test_a_flat_network_is_cut_into_slices(index, first, last, shim, part):
    found = LAB["lab_flat"]("10.10.0.12", index)
    assert found == {
        "subnet": "10.10.0.0/24",
        "start": f"10.10.0.{first}",
        "end": f"10.10.0.{last}",
        "shim": f"10.10.0.{shim}",
        "destination": f"10.10.0.{part}",
    }
    assert NETWORK["cni_reference_flat_network"]("10.10.0.12", str(index)) == found


@pytest.mark.parametrize("cut", [LAB["lab_flat"], NETWORK["cni_reference_flat_network"]], ids=["profiles", "role"])
def test_more_nodes_than_slices_are_refused(cut):
    with pytest.raises(ValueError, match=r"10.10.0.0/24 has no addresses for the pods of node 7"):
        cut("10.10.0.11", 6)


@pytest.mark.parametrize(
    ("cidr", "slaves", "end", "shim"),
    [
        ("10.244.1.0/24", True, "10.244.1.253", "10.244.1.254"),
        ("10.244.2.128/25", True, "10.244.2.253", "10.244.2.254"),
        ("10.244.255.192/26", True, "10.244.255.253", "10.244.255.254"),
        ("10.0.0.0/8", True, "10.255.255.253", "10.255.255.254"),
        ("10.244.1.0/24", False, "", ""),
        ("", True, "", ""),
    ],
)
def test_a_routed_network_ends_with_the_hosts_own_address(cidr, slaves, end, shim):
    found = NETWORK["cni_reference_routed_network"](cidr, slaves)
    assert (found["subnet"], found["start"], found["end"], found["shim"]) == (cidr, "", end, shim)
    assert found["destination"] == (cidr if end else "")


def test_nodes_are_reached_one_by_one():
    nodes = ["node1", "node2", "control"]
    assert LAB["lab_peers"](nodes, "node1", HOSTS) == [
        {"name": "node2", "address": "10.10.0.12"},
        {"name": "control", "address": "10.10.0.13"},
    ]
    assert LAB["lab_pod_routes"](nodes, "node2", HOSTS) == [
        {"destination": "10.244.0.0/26", "gateway": "10.10.0.11"},
        {"destination": "10.244.2.0/26", "gateway": "10.10.0.13"},
    ]


@pytest.mark.parametrize(("index", "pods"), [(0, [("app", "1.1.1.1")]), (1, [("client", "2.2.2.2")]), (2, [])])
def test_a_node_has_one_pod_or_none(index, pods):
    found = LAB["lab_one_pod"](["1.1.1.1", "2.2.2.2"], str(index))
    assert found == [{"name": name, "address": address} for name, address in pods]


PROFILES = sorted((ROOT / "profiles").glob("*.yml"))


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.stem)
def test_every_expression_of_a_profile_has_a_value_on_every_host(profile):
    data = yaml.safe_load(profile.read_text())
    for name in ADDRESSES:
        for use in data["roles"]:
            if use["hosts"] == "all" or name in GROUPS[use["hosts"]]:
                inputs(use.get("vars", {}), name)
        inputs(data["paths"], name)


def test_images_come_in_the_payloads_order_however_often_it_is_asked():
    images = [{"key": f"r/{name}:1@sha256:0", "value": name} for name in "cadb"]
    missing = RUNTIME["container_runtime_missing_images"]
    assert [image["value"] for image in missing(images, ["r/a:1"], ["/d:"])] == ["c", "b"]
    assert missing(images, [], [".*"]) == []


def test_what_the_payload_does_not_hold_is_named_in_one_order():
    values = {"payload_index": {"runc": {}, "kubernetes": {}}, "container_runtime_source": "payload"}
    expression = "{{ container_runtime_components_missing | join(', ') }}"
    assert {render("container_runtime", expression, "node1", **values) for _ in range(3)} == {"containerd, cni-plugins"}


def test_a_cluster_of_one_node_does_not_speak_of_several():
    pods = {
        name: {"address": f"10.244.0.{index}", "node": "node1"} for index, name in enumerate(("app", "client", "peer"))
    }
    cluster = {"pods": pods, "services": {"app": {"address": "10.96.0.80"}}}
    asked = VERIFY["cluster_verify_of_pods"](cluster, "node1", "")
    assert [question["name"] for question in asked["client"]] == ["pod to pod on one node", "pod to ClusterIP"]
    pods["client"]["node"] = "node2"
    assert VERIFY["cluster_verify_of_pods"](cluster, "node2", "")["client"][0]["name"] == "pod to pod between nodes"


@pytest.mark.parametrize(
    ("links", "expected", "problems"),
    [
        ([{}, {"linkinfo": {"info_kind": "veth"}}], "", []),
        ([{"linkinfo": {"info_kind": "vxlan"}}], "", ["tunnels that are up: expected none, seen vxlan"]),
        ([{"linkinfo": {"info_kind": "ipip"}}], "ipip", []),
        ([], "ipip", ["tunnels that are up: expected ipip, seen none"]),
    ],
)
def test_tunnels_are_those_promised(links, expected, problems):
    assert VERIFY["cluster_verify_problems"](VERIFY["cluster_verify_tunnels"](links, expected)) == problems


def test_filters_are_in_the_names_of_snapshots(tmp_path, monkeypatch):
    """A snapshot that another filter would have made otherwise is not taken."""
    (tmp_path / "filter_plugins").mkdir()
    file = tmp_path / "filter_plugins" / "role.py"
    seen = set()
    for text in ("one", "two"):
        file.write_text(text)
        seen.add(assets.digest([tmp_path]))
    assert len(seen) == 2
    assert any((folder / "lab.py").exists() for folder in assets.plugins())
    assert all(
        (assets.roles() / role / "filter_plugins" / f"{role}.py").exists() for role in ("cni_reference", "calico")
    )
