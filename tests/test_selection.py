"""Which profiles a lab can have."""

import pytest

from netlab.errors import ConfigError
from netlab.lab import Lab
from netlab.selection import find_profile
from netlab.spec.lab import LabSpec


@pytest.mark.parametrize("stack", ["datapath", "kubeadm"])
@pytest.mark.parametrize("name", ["macvlan", "ipvlan-l2"])
def test_a_cloud_delivers_to_no_pod_in_the_hosts_own_network(tmp_path, stack, name):
    assert find_profile(Lab(tmp_path), LabSpec(stack=stack), name).name == name
    with pytest.raises(ConfigError, match="EC2 delivers to no such pod"):
        find_profile(Lab(tmp_path), LabSpec(provider="ec2", stack=stack), name)


@pytest.mark.parametrize("stack", ["datapath", "kubeadm"])
def test_a_network_that_filters_by_mac_carries_pods_with_their_hosts_mac(tmp_path, stack):
    openstack = LabSpec(provider="openstack", stack=stack)
    assert find_profile(Lab(tmp_path), openstack, "ipvlan-l2").name == "ipvlan-l2"
    with pytest.raises(ConfigError, match="OpenStack lets no such pod send"):
        find_profile(Lab(tmp_path), openstack, "macvlan")


@pytest.mark.parametrize("name", ["baseline-vm", "calico-bgp", "calico-ipip", "cilium", "ipvlan-l3"])
def test_it_delivers_to_pods_behind_hosts(tmp_path, name):
    assert find_profile(Lab(tmp_path), LabSpec(provider="ec2"), name).name == name
