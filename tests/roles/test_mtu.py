"""What pods and tunnels of each profile have as their MTU, from that of the lab's network."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from netlab import profiles
from tests.roles.rendering import inputs, render, template

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.model.profile import Profile

REPLICAS = [profile for profile in profiles.of_stack("datapath") if profile.stack == "datapath"]
IPIP_HEADER = 20
"""Of the products that the replicas with and without a tunnel are of."""
PLUGINS = "/usr/lib/cni"


def header_of(profile: Profile) -> int | None:
    """Bytes that a profile leaves for a header; None where pods' interfaces take their master's MTU by themselves."""
    if profile.name.startswith(("ipvlan", "macvlan")):
        return None
    return 0 if profile.name.startswith(("calico-bgp", "cilium", "services-ebpf")) else IPIP_HEADER


def written(profile: Profile, role: str, name: str, mtu: int | str) -> str:
    """What a role writes to ``node1`` for a profile of a lab with this MTU."""
    (use,) = [use for use in profile.roles if use.role == role]
    return str(render(role, template(name), "node1", **inputs(use.vars, "node1", netlab_mtu=mtu)))


@pytest.mark.parametrize("mtu", [1500, 1450, "1442", 9000])
@pytest.mark.parametrize("profile", REPLICAS, ids=lambda profile: profile.name)
def test_pods_send_what_the_network_carries(profile, mtu):
    (plugin,) = json.loads(written(profile, "pod_network", "conflist.j2", mtu))["plugins"]
    header = header_of(profile)
    assert plugin.get("mtu") == (None if header is None else int(mtu) - header)


@pytest.mark.parametrize("mtu", [1500, 1450, "1442"])
@pytest.mark.parametrize("name", ["calico-ipip", "kube-proxy-nft"])
def test_what_goes_through_a_tunnel_has_room_for_its_header(name, mtu):
    lines = written(profiles.find(name), "tunnel", "tunl0.network.j2", mtu).splitlines()
    assert f"MTUBytes={int(mtu) - IPIP_HEADER}" in lines


def test_on_an_ethernet_nothing_is_written_that_was_not_before():
    network = {
        "cniVersion": "1.0.0",
        "name": "netlab",
        "plugins": [
            {
                "type": "ptp",
                "mtu": 1480,
                "ipam": {
                    "type": "host-local",
                    "dataDir": "/run/netlab/ipam",
                    "ranges": [[{"subnet": "10.244.0.0/26"}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            }
        ],
    }
    found = written(profiles.find("calico-ipip"), "pod_network", "conflist.j2", 1500)
    assert found == json.dumps(network, indent=4) + "\n"


@pytest.mark.parametrize("name", ["bridge", "ptp", "ipvlan-l2", "ipvlan-l3", "ipvlan-l3s", "macvlan"])
def test_pods_of_a_cluster_have_the_labs_where_they_divide_no_interface_that_has_it(name):
    (use,) = [use for use in profiles.find(name, stack="kubeadm").roles if use.role == "cni_reference"]
    given = inputs(use.vars, "node1", netlab_mtu=1450)
    assert given.get("cni_reference_mtu", 0) == (1450 if name in {"bridge", "ptp"} else 0)


HOST = {"results": [{"content": "Ni4xMi41Nw=="}, {"content": "MTUwMAo="}]}  # 6.12.57, 1500
CALICO = [("calico-ipip", 20), ("calico-bgp", 0), ("calico-ebpf", 50)]


@pytest.mark.parametrize(("name", "header"), CALICO)
def test_calico_is_told_the_labs_whatever_the_interface_has(name, header):
    (use,) = [use for use in profiles.find(name, stack="kubeadm").roles if use.role == "calico"]

    def found(**values: int) -> int:
        return int(render("calico", "{{ calico_effective_mtu }}", "control", calico_host=HOST, **use.vars, **values))

    assert found() == 1500 - header, "nobody has said"
    assert found(netlab_mtu=1442) == 1442 - header
    assert found(netlab_mtu=1442, calico_mtu=1300) == 1300


def test_cilium_is_told_the_labs_and_looks_for_itself_where_nobody_knows_it():
    assert render("cilium", "{{ cilium_values_wanted.MTU }}", "control", netlab_mtu=1442) == 1442
    assert render("cilium", "{{ cilium_values_wanted.MTU }}", "control") == 0


ATTACH = """set -e
mount -t sysfs none /sys
ip link add lab0 type veth peer name far; ip link set lab0 mtu 1450 up; ip link set far up
ip address add 10.10.0.11/24 dev lab0
unshare --net sleep 60 & pod=$!
trap 'kill $pod' EXIT
while [ "$(readlink /proc/$pod/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
export CNI_PATH=PLUGINS CNI_COMMAND=ADD CNI_CONTAINERID=pod CNI_IFNAME=eth0 CNI_NETNS=/proc/$pod/ns/net
PLUGINS/TYPE < FILE > answer || { cat answer; exit 0; }
echo "pod=$(nsenter --net=$CNI_NETNS ip -o link show dev eth0 | sed 's/.* mtu \\([0-9]*\\) .*/\\1/')"
echo "host=$(ip -o link show type veth | sed -n 's/.*: veth.* mtu \\([0-9]*\\) .*/\\1/p')"
"""


MADE = [("calico-ipip", "1430", "1430"), ("cilium", "1450", "1450"), ("macvlan", "1450", ""), ("ipvlan-l3", "1450", "")]


@pytest.mark.real
@pytest.mark.parametrize(("name", "pod", "host"), MADE)
def test_the_plugins_make_interfaces_of_that_mtu(tmp_path: Path, name: str, pod: str, host: str):
    network = json.loads(written(profiles.find(name), "pod_network", "conflist.j2", 1450))
    (plugin,) = network.pop("plugins")
    plugin["ipam"]["dataDir"] = str(tmp_path / "ipam")
    if not shutil.which(plugin["type"], path=PLUGINS):
        pytest.skip(f"{PLUGINS}/{plugin['type']} is not installed")
    (tmp_path / "plugin.json").write_text(json.dumps({**network, **plugin}))
    script = ATTACH.replace("PLUGINS", PLUGINS).replace("TYPE", plugin["type"]).replace("FILE", "plugin.json")
    words = ["unshare", "--map-root-user", "--net", "--mount", "sh", "-c", script]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    if "unshare" in done.stderr or "operation not supported" in done.stdout:
        pytest.skip(f"not on this machine: {done.stdout}{done.stderr}")
    assert done.stdout.split() == [f"pod={pod}", f"host={host}"], done.stderr
