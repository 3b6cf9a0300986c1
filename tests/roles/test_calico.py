"""What the role ``calico`` writes for each profile, and whether Calico's own definitions allow it."""

from __future__ import annotations

import json
from typing import Any

import kubernetes_validate
import pytest
import yaml
from openapi_schema_validator import OAS30Validator

from netlab import profiles
from netlab.artifacts.lock import load_lock
from tests.roles.locked import fetched
from tests.roles.rendering import render, template

PROFILES = {
    "calico-ipip": ("Iptables", "IPIP", "Disabled", 1480),
    "calico-bgp": ("Iptables", "None", "Disabled", 1500),
    "calico-ebpf": ("BPF", "None", "Enabled", 1450),
}
HOST = {"results": [{"content": "Ni4xMi41Nw=="}, {"content": "MTUwMAo="}]}  # 6.12.57, 1500


def written(name: str) -> dict[str, Any]:
    """The objects that the role writes for a profile, by kind."""
    uses = [use for use in profiles.find(name, stack="kubeadm").roles if use.role == "calico"]
    text = render("calico", template("installation.yaml.j2"), "control", calico_host=HOST, **uses[0].vars)
    return {each["kind"]: each for each in yaml.safe_load_all(text)}


@pytest.mark.parametrize("name", PROFILES)
def test_data_plane_and_encapsulation_are_pinned(name):
    plane, encapsulation, nftables, mtu = PROFILES[name]
    objects = written(name)
    network = objects["Installation"]["spec"]["calicoNetwork"]
    assert (network["linuxDataplane"], network["bgp"], network["mtu"]) == (plane, "Enabled", mtu)
    assert network["nodeAddressAutodetectionV4"] == {"interface": "lab0"}
    (pool,) = network["ipPools"]
    assert (pool["encapsulation"], pool["cidr"]) == (encapsulation, "10.244.0.0/16")
    assert objects["FelixConfiguration"]["spec"]["nftablesMode"] == nftables


@pytest.mark.parametrize("name", PROFILES)
def test_kube_proxy_is_the_operators_where_the_data_plane_is_bpf(name):
    network = written(name)["Installation"]["spec"]["calicoNetwork"]
    managed = {key: network.get(key) for key in ("bpfNetworkBootstrap", "kubeProxyManagement")}
    wanted = "Enabled" if name == "calico-ebpf" else None
    assert set(managed.values()) == {wanted}
    cluster = profiles.find(name, stack="kubeadm").cluster
    assert "kubeadm_control_skip_phases" not in cluster, "the operator waits for a kube-proxy that it can switch off"


def test_nothing_is_asked_for_that_needs_an_image_beyond_the_lock():
    spec = written("calico-ipip")["Installation"]["spec"]
    assert (spec["flexVolumePath"], spec["kubeletVolumePluginPath"]) == ("None", "None")
    images = {image.name.split(":")[0].rpartition("/")[2] for image in load_lock().find("calico").images}
    assert images == {"cni", "kube-controllers", "node", "operator", "typha"}


@pytest.mark.parametrize("name", PROFILES)
def test_calicos_own_definitions_allow_what_is_written(name):
    definitions = {each["spec"]["names"]["kind"]: each["spec"]["versions"][0] for each in objects("operator-crds.yaml")}
    for kind, value in written(name).items():
        schema = closed(definitions[kind]["schema"]["openAPIV3Schema"])
        OAS30Validator(schema).validate(value)


def test_kubernetes_own_schemas_allow_the_operators_manifest():
    for each in objects("tigera-operator.yaml"):
        kubernetes_validate.validate(each, "1.36", strict=True)


def objects(name: str) -> list[Any]:
    """The objects of one of Calico's manifests, of the lock's version."""
    found = yaml.load_all(fetched("calico", name).read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return [each for each in found if each]


def closed(schema: Any) -> Any:
    """The schema in Python's regular expressions, and with unknown fields refused, which the API server would drop."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    if isinstance(schema.get("pattern"), str):
        inner["pattern"] = schema["pattern"].replace("^(?i)", "(?i)^")
    properties = schema.get("properties")
    open_ended = "additionalProperties" in schema or schema.get("x-kubernetes-preserve-unknown-fields")
    if isinstance(properties, dict) and "type" in schema and not open_ended:
        inner["additionalProperties"] = False
    return inner


def test_manifests_are_applied_in_their_order():
    files = {name: {"path": f"files/calico/{name}"} for name in ("tigera-operator.yaml", "operator-crds.yaml")}
    values = {"payload_index": {"calico": {"version": "3", "files": files}}, "payload_root": "/p"}
    assert render("calico", "{{ calico_files }}", "control", **values) == [
        "/p/files/calico/operator-crds.yaml",
        "/p/files/calico/tigera-operator.yaml",
        "/etc/netlab/calico.yaml",
    ]


def test_a_way_other_than_the_one_asked_for_is_told():
    pool = {"spec": {"ipipMode": "CrossSubnet", "vxlanMode": "Never", "cidr": "10.244.0.0/16"}}
    felix = {"spec": {"nftablesMode": "Auto"}}
    values = {"calico_asked": {"results": [{"stdout": json.dumps(pool)}, {"stdout": json.dumps(felix)}]}}
    checks = render("calico", "{{ calico_resources }}", "control", **values)
    assert render("calico", "{{ calico_differences }}", "control", calico_checks=checks) == [
        "mode of the pool: expected Always, seen CrossSubnet",
        "Felix's nftables mode: expected Disabled, seen Auto",
    ]


def test_every_node_asks_another_one():
    peers = [render("calico", "{{ calico_peer }}", host) for host in ("node1", "node2", "control")]
    assert peers == ["node2", "control", "node1"]
    answer = {"stdout": json.dumps([{"ifname": "tunl0", "addr_info": [{"local": "10.244.7.1"}]}])}
    hosts = {"node2": {"calico_before": answer}}
    assert render("calico", "{{ calico_peer_address }}", "node1", hostvars=hosts) == "10.244.7.1"


@pytest.mark.parametrize(("plane", "minimum"), [("BPF", "5.10"), ("Iptables", "5.4")])
def test_the_data_plane_decides_which_kernel_is_needed(plane, minimum):
    assert render("calico", "{{ calico_kernel_minimum }}", "node1", calico_data_plane=plane) == minimum


def test_programs_of_the_interface_are_found():
    said = [{"xdp": [], "tc": [{"devname": "lab0", "kind": "tcx/ingress"}, {"devname": "lab0", "kind": "tcx/egress"}]}]
    found = render("calico", "{{ calico_programs }}", "node1", calico_attached={"stdout": json.dumps(said)})
    assert found == "tcx/ingress, tcx/egress"
