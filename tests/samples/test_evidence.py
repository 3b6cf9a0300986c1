"""A recording of hosts that call their interface in the lab otherwise reads like one of netlab's own."""

import gzip
import json
import re
import shutil
from pathlib import Path

import pytest

from netlab.samples.evidence import read_proof

DATA = Path(__file__).parent / "data" / "calico-ipip"
HOSTS = ("client", "node1", "node2")


def renamed(folder, name, *, say=True):
    """The recording as if all hosts called ``lab0`` by another name; ``eth0`` is what a pod's is called, too."""
    shutil.copytree(DATA, folder)
    facts = json.loads((folder / "facts.json").read_bytes())
    own = {str(facts[host][""]["namespace"]) for host in HOSTS}
    for host in HOSTS:
        if say:
            facts[host][""]["interface"] = name
        text = json.dumps(facts[host][""]).replace('"lab0"', f'"{name}"')
        facts[host][""] = json.loads(text)
    (folder / "facts.json").write_text(json.dumps(facts))
    record = folder / "node1.trace.gz"
    lines = gzip.decompress(record.read_bytes()).decode().splitlines(keepends=True)
    assert any('dev="eth0"' in line for line in lines), "a pod's packets are in the record"
    record.write_bytes(gzip.compress("".join(_renamed(line, name, own) for line in lines).encode()))
    return folder


def _renamed(line, name, own):
    namespace = re.search(r" ns=(\d+)", line)
    return line.replace('dev="lab0"', f'dev="{name}"') if namespace and namespace[1] in own else line


@pytest.fixture
def golden():
    return read_proof(DATA, "calico-ipip")


@pytest.mark.parametrize("name", ["eth1", "ens4", "eth0"])
def test_an_interface_of_another_name_reads_like_lab0(golden, tmp_path, name):
    found = read_proof(renamed(tmp_path / "renamed", name), "calico-ipip")
    assert found.paths == golden.paths
    assert found.facts == golden.facts


def test_a_pods_interface_of_the_same_name_is_a_pods(tmp_path):
    found = read_proof(renamed(tmp_path / "renamed", "eth0"), "calico-ipip")
    assert "eth0" in {device.name for device in found.facts["node1/app"].devices}
    assert "eth0" not in {device.name for device in found.facts["node1"].devices}
    hops = {(hop.place, hop.what) for path in found.paths for hop in (*path.request, *path.response)}
    assert any(place == "node1/app" and what.endswith(" veth") for place, what in hops)
    assert any(place == "client" and what.endswith(" lab0") for place, what in hops)


def test_devices_are_known_by_what_makes_them(golden, tmp_path):
    """Names are the product's: a pod's device is lxc…, cali… or veth…, a tunnel's tunl0 or any other."""
    hops = {(hop.place, hop.what) for path in golden.paths for hop in (*path.request, *path.response)}
    assert {("node1", "out veth"), ("node1", "in ipip"), ("node1/app", "in veth"), ("node1", "in lab0")} <= hops
    folder = tmp_path / "other"
    shutil.copytree(DATA, folder)
    text = (folder / "facts.json").read_text()
    pods = set(re.findall(r'"ifname": "(veth\w{8})"', text))
    assert pods
    record = gzip.decompress((folder / "node1.trace.gz").read_bytes()).decode()
    for old, new in {**{name: "cali" + name[-7:] for name in pods}, "tunl0": "ipip7"}.items():
        text, record = text.replace(f'"{old}"', f'"{new}"'), record.replace(f'dev="{old}"', f'dev="{new}"')
    (folder / "facts.json").write_text(text)
    (folder / "node1.trace.gz").write_bytes(gzip.compress(record.encode()))
    assert read_proof(folder, "calico-ipip").paths == golden.paths


def test_a_device_without_a_kind_keeps_its_name(tmp_path):
    folder = tmp_path / "bare"
    shutil.copytree(DATA, folder)
    facts = json.loads((folder / "facts.json").read_bytes())
    for link in facts["node1"][""]["links"]:
        link.pop("linkinfo", None)
    (folder / "facts.json").write_text(json.dumps(facts))
    hops = {
        hop.what for path in read_proof(folder, "calico-ipip").paths for hop in path.request if hop.place == "node1"
    }
    assert {"in lab0", "in tunl0", "out veth"} <= hops, (
        "a card has no kind; veth and eight digits is what CNI plugins name"
    )


def test_a_name_that_nobody_said_is_the_devices_own(golden, tmp_path):
    found = read_proof(renamed(tmp_path / "renamed", "eth1", say=False), "calico-ipip")
    assert found.paths != golden.paths
    assert "eth1" in {device.name for device in found.facts["node1"].devices}


def test_each_kernel_has_its_own_hosts_name(golden, tmp_path):
    """Hosts that are machines of their own need not agree; each records itself alone."""
    folder = tmp_path / "apart"
    shutil.copytree(DATA, folder)
    facts = json.loads((folder / "facts.json").read_bytes())
    lines = gzip.decompress((folder / "node1.trace.gz").read_bytes()).decode().splitlines(keepends=True)
    both = {}
    for kind, names in {
        "own": dict.fromkeys(HOSTS, "lab0"),
        "other": dict(zip(HOSTS, ("ens3", "eth1", "eth0"), strict=True)),
    }.items():
        for host, name in names.items():
            facts[host][""]["interface"] = name
            own = {str(found["namespace"]) for found in facts[host].values()}
            mine = [line for line in lines if not (found := re.search(r" ns=(\d+)", line)) or found[1] in own]
            text = "".join(_renamed(line, name, {str(facts[host][""]["namespace"])}) for line in mine)
            (folder / f"{host}.trace.gz").write_bytes(gzip.compress(text.encode()))
        (folder / "facts.json").write_text(json.dumps(facts))
        both[kind] = read_proof(folder, "calico-ipip").paths
    assert both["own"] == both["other"]
    assert any(path.request for path in both["own"])
