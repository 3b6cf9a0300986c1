"""What eBPF programs and loader must agree on, and the CNI plugin for netkit, without a kernel."""

import ipaddress
import json
import os
import re
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

ROLES = Path(__file__).parents[2] / "roles"
SOURCE = (ROLES / "bpf_service/files/service.bpf.c").read_text()
NETKIT = ROLES / "pod_network/files/netkit"


@pytest.fixture(scope="module")
def loader():
    source = SourceFileLoader("netlab_bpf", str(ROLES / "bpf_service/files/netlab-bpf"))
    module = module_from_spec(spec_from_loader("netlab_bpf", source))
    source.exec_module(module)
    return module


def defined(name):
    return int(re.search(rf"#define {name} (\d+)", SOURCE).group(1))


def test_the_programs_may_be_loaded_by_any_kernel():
    assert SOURCE.startswith("// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)\n")


def test_counters_have_the_same_order_in_both(loader):
    *names, last = re.search(r"enum counter \{([^}]*)\}", SOURCE).group(1).split(",")
    assert [name.strip().lower() for name in names] == loader.COUNTERS
    assert last.strip() == "COUNTERS"


def test_no_pointer_to_a_conntrack_entry_is_kept():
    """An LRU map reuses an entry's memory at any moment: what looks one up calls nothing before it is done with it."""
    bodies = re.findall(r"^static [^;{]*?(\w+)\([^)]*\)\n\{\n(.*?)^\}", SOURCE, flags=re.MULTILINE | re.DOTALL)
    holders = {name: body for name, body in bodies if "lookup(&connections" in body}
    assert set(holders) == {"ct_read", "ct_change", "ct_claim"}
    for name, body in holders.items():
        called = set(re.findall(r"\b(\w+)\(", body.split("lookup(&connections", 1)[1]))
        assert called <= {"if", "for", "return", "barrier_var", "__sync_val_compare_and_swap"}, name


def test_the_ports_that_the_programs_give_away_are_reserved(loader):
    first = defined("FIRST_PORT")
    assert f"{first}-{first + defined('PORTS') - 1}" == loader.NODE_PORTS


def test_a_port_is_tried_once(loader):
    tries, step, ports = defined("PORT_TRIES"), defined("PORT_STEP"), defined("PORTS")
    assert ports & (ports - 1) == 0
    assert len({index * step % ports for index in range(ports)}) == ports > tries


def test_a_services_key_is_in_network_order(loader):
    assert loader.frontend("10.96.0.80", 80, "tcp") == bytes([10, 96, 0, 80, 0, 80, 6, 0])


def test_there_is_room_for_all_services_and_their_addresses_are_a_clusters(loader):
    last = loader.OTHERS + 65000
    assert defined("SERVICES") > 65000 + 4
    assert last in ipaddress.ip_network("10.96.0.0/12")


def test_reserving_ports_keeps_what_others_have_reserved(loader, tmp_path, monkeypatch):
    file = tmp_path / "reserved"
    monkeypatch.setattr(loader, "RESERVED_PORTS", str(file))
    file.write_text("8080,9148\n")
    loader.reserve_ports(wanted=True)
    loader.reserve_ports(wanted=True)
    assert file.read_text() == "8080,9148,32768-65535\n"
    loader.reserve_ports(wanted=False)
    assert file.read_text() == "8080,9148\n"


def test_a_pod_is_found_by_what_its_cni_plugin_said(loader, tmp_path, monkeypatch):
    result = {
        "interfaces": [{"name": "lo"}, {"name": "eth0", "sandbox": "/run/netns/app"}],
        "ips": [{"address": "10.244.0.2/26", "interface": 1}],
    }
    gone = result | {"interfaces": [{"name": "vethgone"}], "ips": [{"address": "10.244.0.3/26"}]}
    (tmp_path / "app.json").write_text(json.dumps({"result": result}))
    (tmp_path / "gone.json").write_text(json.dumps({"result": gone}))
    monkeypatch.setattr(loader, "PODS", str(tmp_path))
    assert loader.pods() == {bytes([10, 244, 0, 2]): "lo"}


def netkit(command, configuration, **more):
    words = {
        "CNI_COMMAND": command,
        "CNI_CONTAINERID": "netlab-app",
        "CNI_IFNAME": "eth0",
        "CNI_NETNS": "/run/netns/app",
    }
    return subprocess.run(
        [sys.executable, "-IS", NETKIT],
        input=json.dumps(configuration),
        env={"PATH": os.environ["PATH"], **words, **more},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_plugin_says_which_versions_it_speaks():
    done = netkit("VERSION", {"cniVersion": "1.0.0"})
    assert json.loads(done.stdout) == {"cniVersion": "1.0.0", "supportedVersions": ["0.3.1", "0.4.0", "1.0.0"]}


@pytest.mark.parametrize(
    ("command", "message"), [("GC", "CNI_COMMAND is 'GC'"), ("ADD", "host-local is not in /nowhere")]
)
def test_the_plugins_errors_are_results(command, message):
    done = netkit(command, {"cniVersion": "1.0.0", "ipam": {"type": "host-local"}}, CNI_PATH="/nowhere")
    assert done.returncode == 1
    assert message in json.loads(done.stdout)["msg"]


def test_the_plugin_hands_its_configuration_to_ipam(tmp_path):
    ipam = tmp_path / "host-local"
    ipam.write_text(f'#!/bin/sh\necho "$CNI_COMMAND" > {tmp_path}/asked\ncat >> {tmp_path}/asked\n')
    ipam.chmod(0o755)
    (tmp_path / "ip").write_text("#!/bin/sh\n")  # finds no device
    (tmp_path / "ip").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = netkit("DEL", {"name": "netlab", "ipam": {"type": "host-local"}}, CNI_PATH=str(tmp_path), PATH=path)
    assert (done.returncode, done.stdout) == (0, "")
    command, configuration = (tmp_path / "asked").read_text().split("\n", 1)
    assert command == "DEL"
    assert json.loads(configuration)["name"] == "netlab"
