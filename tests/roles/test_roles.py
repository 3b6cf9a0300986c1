from __future__ import annotations

import importlib.util
import ipaddress
import json
import re
from pathlib import Path

import pytest
import yaml
from jinja2 import Environment

ROOT = Path(__file__).parents[2]
ROLES = sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())
PROFILES = sorted((ROOT / "profiles").glob("*.yml"))
PROFILE_KEYS = {"description", "label", "stack", "requires", "roles", "paths", "missing"}

_spec = importlib.util.spec_from_file_location("readmes", Path(__file__).with_name("readmes.py"))
readmes = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(readmes)


def load(path: Path):
    return yaml.safe_load(path.read_text())


def inputs(role: Path) -> set[str]:
    return {name for point in readmes.entry_points(role).values() for name in point.get("options", {})}


@pytest.fixture(params=ROLES, ids=lambda path: path.name)
def role(request):
    return request.param


@pytest.fixture(params=PROFILES, ids=lambda path: path.stem)
def profile(request):
    return load(request.param)


def test_a_role_says_what_it_does_and_takes(role):
    assert (role / "README.md").read_text().startswith(f"# {role.name}\n")
    assert "main" in readmes.entry_points(role)


def test_the_inputs_in_a_readme_are_those_of_the_specification(role):
    text = (role / "README.md").read_text()
    if readmes.BEGIN not in text:
        pytest.skip("describes its entry points in prose")
    assert readmes.with_table(text, role) == text, "run: python tests/roles/readmes.py"


def test_every_input_carries_the_name_of_its_role(role):
    defaults = load(role / "defaults/main.yml") or {}
    assert {name for name in {*defaults, *inputs(role)} if not name.startswith(f"{role.name}_")} == set()


def test_every_default_is_specified(role):
    assert set(load(role / "defaults/main.yml") or {}) <= inputs(role)


def test_the_defaults_of_a_specification_are_those_of_the_role(role):
    defaults = load(role / "defaults/main.yml") or {}
    for point in readmes.entry_points(role).values():
        for name, option in point.get("options", {}).items():
            if "default" in option:
                assert defaults[name] == option["default"], name


def test_packages_are_plain_lists_which_the_image_baker_reads(role):
    packages = (load(role / "defaults/main.yml") or {}).get(f"{role.name}_packages", [])
    assert all(isinstance(name, str) and "{" not in name for name in packages)


def test_a_profile_has_the_keys_of_a_profile(profile):
    assert set(profile) - {"keepalive", "promises"} == PROFILE_KEYS
    assert profile["stack"] in {"vm", "datapath", "kubeadm"}
    assert set(profile["requires"]) - {"ethernet", "one_link"} == {"kernel", "modules"}
    assert profile["paths"]
    assert not set(profile["paths"]) & set(profile["missing"])


def test_a_profile_names_roles_and_inputs_that_exist(profile):
    for entry in profile["roles"]:
        assert set(entry) <= {"role", "hosts", "vars"}
        assert entry["hosts"] in {"client", "node", "all"}
        assert set(entry.get("vars", {})) <= inputs(ROOT / "roles" / entry["role"])


def test_a_replica_is_not_called_by_the_products_bare_name(profile):
    product = profile["label"].startswith(("calico", "cilium"))
    assert not (product and profile["stack"] == "datapath") or "replica" in profile["label"]


def template(role: str, name: str, **values):
    environment = Environment(trim_blocks=True, keep_trailing_newline=True)  # as Ansible renders
    environment.filters["combine"] = lambda first, second: first | second
    environment.filters["to_nice_json"] = lambda value, **_: json.dumps(value)
    environment.filters["hash"] = lambda value, kind: __import__("hashlib").new(kind, value.encode()).hexdigest()
    defaults = load(ROOT / "roles" / role / "defaults/main.yml")
    text = (ROOT / "roles" / role / "templates" / name).read_text()
    return environment.from_string(text).render(defaults | values | {"ansible_managed": "managed"})


@pytest.mark.parametrize("size", [1, 1024, 2048, 2049, 100_000, 1_000_000])
def test_the_app_answers_with_exactly_the_size_asked_for(size):
    text = template("app", "nginx.conf.j2", app_response_bytes=size)
    body = text.split('return 200 "')[1].split('"')[0]
    assert len(body) < 4096  # nginx' limit of a word
    assert body.count("x") + 1024 * body.count("$k") == size


def rules(mode: str, **values) -> str:
    return template("nodeport", f"nodeport.{mode}.j2", **values)


PODS = ["10.0.0.1", "10.0.0.2", "10.0.0.3"]


@pytest.mark.parametrize("others", [0, 1, 20])
def test_the_rules_declare_every_chain_they_use(others):
    text = rules("iptables", nodeport_endpoints=PODS, nodeport_other_services=others)
    blocks = text.split("COMMIT")[:-1]
    assert [block.split("*")[1].split()[0] for block in blocks] == ["filter", *["nat"] * (len(blocks) - 1)]
    for table in (blocks[0], "".join(blocks[1:])):
        declared = [line.split()[0][1:] for line in table.splitlines() if line.startswith(":")]
        used = {line.split("-j ")[1].split()[0] for line in table.splitlines() if "-j KUBE" in line}
        assert used <= set(declared)
        assert len(declared) == len(set(declared))  # a second declaration would empty the chain
    assert text.count("KUBE-SEP-") == (3 + others) * 4
    assert "--probability 0.3333333333" in text
    assert "--probability 0.5000000000" in text


def test_the_service_stands_in_the_middle_of_the_others():
    lines = rules("iptables", nodeport_endpoints=PODS, nodeport_other_services=10).splitlines()
    for chain, own in [("KUBE-SERVICES -d", "10.96.0.80/32"), ("KUBE-NODEPORTS", "--dport 30080")]:
        walk = [line for line in lines if line.startswith(f"-A {chain}")]
        assert len(walk) == 11
        assert own in walk[5]
    assert "must be the last rule" in [line for line in lines if line.startswith("-A KUBE-SERVICES")][-1]


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
def test_no_two_services_share_an_address_or_a_port(mode):
    text = rules(mode, nodeport_endpoints=PODS, nodeport_addresses=["10.0.0.9"], nodeport_other_services=10_000)
    pattern = {"iptables": r"-A KUBE-NODEPORTS .* --dport (\d+) ", "nftables": r"tcp \. (\d+) : goto external-"}[mode]
    ports = [int(port) for port in re.findall(pattern, text)]
    assert (len(ports), len(set(ports))) == (10_001, 10_001)
    assert max(ports) < 32768
    pattern = {"iptables": r"-A KUBE-SERVICES -d (\S+)/32", "nftables": r"(\S+) \. tcp \. 80 : goto service-"}[mode]
    addresses = re.findall(pattern, text)
    assert (len(addresses), len(set(addresses))) == (10_001, 10_001)
    assert all(ipaddress.ip_address(address) in ipaddress.ip_network("10.96.0.0/12") for address in addresses)


def test_rules_of_many_services_are_brief_as_kube_proxys():
    few, many = (rules("iptables", nodeport_endpoints=PODS, nodeport_other_services=count) for count in (997, 998))
    for text, expected in [(few, True), (many, False)]:
        own = [line for line in text.splitlines() if line.startswith("-A KUBE-SEP-")]
        assert any("--comment" in line for line in own) is expected


@pytest.mark.parametrize("others", [0, 2])
def test_the_maps_of_nftables_lead_to_chains_that_exist(others):
    text = rules("nftables", nodeport_endpoints=PODS, nodeport_addresses=["10.0.0.9"], nodeport_other_services=others)
    chains = re.findall(r"^  chain (\S+) \{", text, re.MULTILINE)
    targets = re.findall(r"(?:goto|jump) ([^\s,]+)", text)
    assert set(targets) <= set(chains)
    assert len(chains) == len(set(chains))
    assert "numgen random mod 3 vmap { 0 : goto endpoint-" in text


def test_the_conflist_is_json_with_what_was_asked_for():
    values = {"pod_network_type": "ipvlan", "pod_network_mode": "l2", "pod_network_subnet": "10.0.0.0/24"}
    values["pod_network_master"] = "lab0"
    plugin = json.loads(template("pod_network", "conflist.j2", **values))["plugins"][0]
    assert (plugin["type"], plugin["mode"], plugin["master"]) == ("ipvlan", "l2", "lab0")
    assert plugin["ipam"]["ranges"] == [[{"subnet": "10.0.0.0/24"}]]
    assert plugin["ipam"]["routes"] == [{"dst": "0.0.0.0/0"}]


def test_the_pods_routes_are_those_asked_for():
    values = {"pod_network_subnet": "10.0.0.0/24", "pod_network_default_route": False}
    route = {"destination": "10.96.0.0/16", "gateway": "10.0.0.94"}
    assert "routes" not in json.loads(template("pod_network", "conflist.j2", **values))["plugins"][0]["ipam"]
    text = template("pod_network", "conflist.j2", pod_network_pod_routes=[route], **values)
    assert json.loads(text)["plugins"][0]["ipam"]["routes"] == [{"dst": "10.96.0.0/16", "gw": "10.0.0.94"}]


def test_bird_peers_with_every_other_node():
    peers = [{"name": "node2", "address": "10.0.0.2"}, {"name": "node3", "address": "10.0.0.3"}]
    text = template("bgp", "bird.conf.j2", bgp_router_id="10.0.0.1", bgp_blocks=["10.1.0.0/26"], bgp_peers=peers)
    assert re.findall(r"neighbor (\S+) as (\d+);", text) == [("10.0.0.2", "64512"), ("10.0.0.3", "64512")]
    assert "route 10.1.0.0/26 blackhole;" in text
    assert text.count("{") == text.count("}")


def test_the_pods_description_is_an_oci_configuration():
    text = template("pod", "config.json.j2", pod_instance={"name": "app", "address": "10.0.0.2"})
    assert {"type": "network", "path": "/run/netns/app"} in json.loads(text)["linux"]["namespaces"]
