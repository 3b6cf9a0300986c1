"""Which profiles a lab can have."""

import pytest

from netlab.assets import roles
from netlab.errors import ConfigError
from netlab.lab import Lab
from netlab.selection import find_profile
from netlab.spec.lab import ROUTED, ROUTER_BETWEEN, TOLD, LabSpec


@pytest.mark.parametrize(("provider", "title"), ROUTED.items())
@pytest.mark.parametrize("stack", ["datapath", "kubeadm"])
@pytest.mark.parametrize("name", ["macvlan", "ipvlan-l2"])
def test_a_cloud_delivers_to_no_pod_in_the_hosts_own_network(tmp_path, stack, name, provider, title):
    assert find_profile(Lab(tmp_path), LabSpec(stack=stack), name).name == name
    with pytest.raises(ConfigError, match=f"{title} delivers to no such pod"):
        find_profile(Lab(tmp_path), LabSpec(provider=provider, stack=stack), name)


@pytest.mark.parametrize("stack", ["datapath", "kubeadm"])
def test_a_network_that_filters_by_mac_carries_pods_with_their_hosts_mac(tmp_path, stack):
    openstack = LabSpec(provider="openstack", stack=stack)
    assert find_profile(Lab(tmp_path), openstack, "ipvlan-l2").name == "ipvlan-l2"
    with pytest.raises(ConfigError, match="OpenStack lets no such pod send"):
        find_profile(Lab(tmp_path), openstack, "macvlan")


@pytest.mark.parametrize("provider", ROUTED)
@pytest.mark.parametrize("name", ["baseline-vm", "calico-ipip", "cilium", "ipvlan-l3"])
def test_it_delivers_to_pods_behind_hosts(tmp_path, name, provider):
    assert find_profile(Lab(tmp_path), LabSpec(provider=provider), name).name == name


@pytest.mark.parametrize(("provider", "title"), ROUTER_BETWEEN.items())
def test_no_router_forwards_what_bird_sends_to_a_neighbour(tmp_path, provider, title):
    bird = (roles() / "bgp/templates/bird.conf.j2").read_text()
    assert "direct;" in bird, "which sends with TTL 1; where it is multihop, nothing need be refused"
    assert find_profile(Lab(tmp_path), LabSpec(provider="ec2"), "calico-bgp").name == "calico-bgp"
    with pytest.raises(ConfigError, match=f"{title} has a router between them"):
        find_profile(Lab(tmp_path), LabSpec(provider=provider), "calico-bgp")


@pytest.mark.parametrize(("provider", "title"), TOLD.items())
@pytest.mark.parametrize("name", ["ptp", "calico-ipip", "cilium"])
def test_where_a_cloud_must_be_told_of_pods_a_cluster_cannot_choose_them(tmp_path, name, provider, title):
    assert find_profile(Lab(tmp_path), LabSpec(provider="ec2", stack="kubeadm"), name).name == name
    with pytest.raises(ConfigError, match=f"{title} must know them when hosts are made"):
        find_profile(Lab(tmp_path), LabSpec(provider=provider, stack="kubeadm"), name)


@pytest.mark.parametrize("provider", TOLD)
def test_a_cluster_whose_app_is_in_no_pod_is_another_matter(tmp_path, provider):
    assert find_profile(Lab(tmp_path), LabSpec(provider=provider, stack="kubeadm"), "cluster-host")
