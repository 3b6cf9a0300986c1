"""Every profile on real kernels: its packets take the promised path, and a lab that was tampered with is found out."""

import json

import pytest

from netlab import profiles
from netlab.errors import ProofFailed

pytestmark = pytest.mark.vm

SABOTAGE = {
    "baseline-vm": ("node1", "iptables -A INPUT -p tcp -j ACCEPT", "node1: nft_do_chain"),
    "calico-ipip": ("node2", "ip link set tunl0 down", "nodeport-remote"),
    "calico-bgp": ("node1", "systemctl stop netlab-bgp", "nodeport-remote"),
    "ipvlan-l2": ("node1", "ip link delete netlab-shim", "nodeport-local"),
    "ipvlan-l3": ("node1", "ip link delete netlab-shim", "nodeport-local"),
    "ipvlan-l3s": ("node1", "ip link set netlab-shim type ipvlan mode l3", "ipvlan_l3_rcv"),
    "macvlan": ("node1", "ip link delete netlab-shim", "nodeport-local"),
    "cilium": ("node1", "systemctl stop netlab-bpf", "nodeport-local"),
    "cilium-netkit": ("node1", "systemctl stop netlab-bpf", "nodeport-local"),
    "kube-proxy-nft": ("node1", "iptables -A FORWARD -p tcp -j ACCEPT", "node1: nft_do_chain"),
    "services-iptables-1": ("node1", "iptables -I FORWARD -p tcp --dport 80 -j DROP", "timed out"),
    "services-nftables-1": ("node1", "iptables -I FORWARD -p tcp --dport 80 -j DROP", "timed out"),
    "services-ebpf-1": ("node1", "systemctl stop netlab-bpf", "nodeport-local"),
}
"""Profile: on which host, what is done to it, what the failed proof must then say."""


@pytest.mark.parametrize("name", SABOTAGE)
def test_a_profile_keeps_its_promise_until_its_lab_is_tampered_with(netlab, name):
    up = netlab("up", "--stack", "datapath", "--profile", name)
    assert up.returncode == 0, up.stderr
    kept = netlab("prove", "--json")
    assert kept.returncode == 0, kept.stderr
    assert {trace["path"] for trace in json.loads(kept.stdout)["paths"]} == set(profiles.find(name).paths)

    host, command, seen = SABOTAGE[name]
    assert netlab("ssh", host, "--", command).returncode == 0
    broken = netlab("prove")
    assert broken.returncode == ProofFailed.exit_code, broken.stdout + broken.stderr
    assert f"{name}: packets do not take the promised path" in broken.stderr
    assert seen in broken.stderr
    assert "promised" in broken.stderr
    assert "found" in broken.stderr
    assert "Traceback" not in broken.stderr
