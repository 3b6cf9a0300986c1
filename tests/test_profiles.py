import pytest

from netlab import profiles
from netlab.artifacts.lock import ARCHES, load_lock
from netlab.errors import ConfigError, UnknownProfile
from netlab.model.profile import ONE_NODE
from netlab.versions import at_least

WRITTEN = """
description: The app on the host.
label: mine
stack: vm
roles: [{role: app, hosts: node}]
paths: {host: "http://10.10.0.11/"}
"""


def test_profiles_that_come_with_netlab_are_found():
    assert {"baseline-vm", "calico-ipip", "ipvlan-l2"} <= set(profiles.names())
    for name in profiles.names():
        assert profiles.find(name).name == name


def test_a_replica_never_has_its_products_bare_name():
    for name in profiles.names():
        profile = profiles.find(name)
        if profile.stack == "datapath" and name.startswith(("calico", "cilium")):
            assert "data-path replica" in profile.label


def test_unknown_name_gets_a_suggestion():
    with pytest.raises(UnknownProfile, match="did you mean 'calico-ipip'") as caught:
        profiles.find("calico-ipp")
    assert "baseline-vm" in caught.value.hint


def test_a_labs_own_profile_wins(tmp_path):
    (tmp_path / "baseline-vm.yml").write_text(WRITTEN)
    assert profiles.find("baseline-vm", tmp_path).label == "mine"
    assert profiles.find("baseline-vm").label != "mine"


def test_misspelt_key_is_named_with_its_line(tmp_path):
    (tmp_path / "odd.yml").write_text(WRITTEN + "pathes: {}\n")
    with pytest.raises(ConfigError, match=r"odd\.yml:7: .*pathes.*did you mean 'paths'"):
        profiles.find("odd", tmp_path)


def test_a_cluster_and_its_replica_share_a_name():
    replica, cluster = profiles.find("ipvlan-l2"), profiles.find("ipvlan-l2", stack="kubeadm")
    assert (replica.stack, cluster.stack) == ("datapath", "kubeadm")
    assert {profile.stack for profile in profiles.of_stack("kubeadm")} == {"vm", "kubeadm"}
    assert {profile.stack for profile in profiles.of_stack("datapath")} == {"vm", "datapath"}
    for profile in profiles.of_stack("kubeadm"):
        assert (profile.cluster is not None) == (profile.stack == "kubeadm")


def test_every_cluster_that_was_seen_running_promises_all_its_paths():
    for profile in profiles.of_stack("kubeadm"):
        seen = not profile.name.startswith(("calico", "cilium"))
        assert profile.promises.keys() == (profile.paths.keys() if seen else set()), profile.name


@pytest.mark.parametrize("name", ["ipvlan-l2", "ipvlan-l3", "ipvlan-l3s", "macvlan"])
def test_packets_of_a_cluster_go_as_those_of_its_replica(name):
    replica, cluster = profiles.find(name), profiles.find(name, stack="kubeadm")
    assert cluster.promises == {path: replica.promises[path] for path in cluster.paths}


def test_what_a_cluster_downloads_is_in_the_lock():
    lock = load_lock()
    for profile in profiles.of_stack("kubeadm"):
        components = lock.select(profile.requires.artifacts) if profile.requires.artifacts else ()
        for arch in ARCHES:
            assert all(each.files_for(arch) or each.images_for(arch) for each in components)
        assert bool(components) == (profile.stack == "kubeadm")


def test_a_clusters_containerd_is_one_that_its_kubelet_speaks_to():
    lock = load_lock()
    for profile in profiles.of_stack("kubeadm"):
        if (profile.cluster or {}).get("container_runtime_source") == "payload":
            names = {each.name for each in lock.select(profile.requires.artifacts)}
            assert {"containerd", "runc", "cni-plugins"} <= names
        elif profile.name.startswith(("calico", "cilium")) and profile.stack == "kubeadm":
            pytest.fail(f"{profile.name}: Kubernetes {lock.find('kubernetes').version} wants containerd 2")


@pytest.mark.parametrize("stack", ["datapath", "kubeadm"])
def test_a_lab_of_one_node_has_no_path_through_a_second(stack):
    for profile in profiles.of_stack(stack):
        left, lost = profile.on(1), {"nodeport-remote", "clusterip", "pod-to-pod"} & set(profile.paths)
        assert set(left.paths) == set(profile.paths) - lost
        assert {path: left.missing[path] for path in lost} == dict.fromkeys(lost, ONE_NODE)
        assert profile.on(2) == profile


def test_either_suffix_is_read(tmp_path):
    (tmp_path / "mine.yaml").write_text(WRITTEN)
    assert profiles.find("mine", tmp_path).file == tmp_path / "mine.yaml"
    (tmp_path / ".#mine.yml").symlink_to("an-editor@its-host")
    assert [name for name in profiles.names(tmp_path) if "mine" in name] == ["mine"]


def test_two_files_of_one_name_are_one_too_many(tmp_path):
    for suffix in ("yml", "yaml"):
        (tmp_path / f"mine.{suffix}").write_text(WRITTEN)
    with pytest.raises(ConfigError, match=r"has both mine.yml and mine.yaml$"):
        profiles.find("mine", tmp_path)


def test_what_ansible_would_read_in_another_way_is_refused_with_its_line(tmp_path):
    (tmp_path / "mine.yml").write_text(f"{WRITTEN}keepalive: off\n")
    line = WRITTEN.count("\n") + 1
    with pytest.raises(ConfigError, match=rf"^mine.yml:{line}: 'off' is a word in YAML 1.2 and false in YAML 1.1"):
        profiles.find("mine", tmp_path)


IPTABLES = (
    "nf_nat nf_tables nft_chain_nat nft_compat "
    "xt_MASQUERADE xt_addrtype xt_comment xt_conntrack xt_mark xt_nat xt_tcpudp"
)
NFTABLES = "nf_nat nf_tables nft_chain_nat nft_ct nft_masq nft_nat nft_numgen nft_reject_ipv4"
NEEDED = {
    "pod_network": {"ptp": "veth", "ipvlan": "ipvlan", "macvlan": "macvlan", "netkit": "netkit"},
    "tunnel": "ipip",
    "nodeport": {"iptables": IPTABLES, "nftables": NFTABLES},
    "bpf_service": "cls_bpf sch_ingress",
}
"""Kernel modules that a role asks the kernel for, by its type or mode where it has several."""


@pytest.mark.parametrize("profile", profiles.of_stack("datapath"), ids=lambda profile: profile.name)
def test_a_replica_requires_the_kernel_modules_of_its_roles_and_no_others(profile):
    modules = {"nf_conntrack"}  # the role base, on every host
    for use in profile.roles:
        needed = NEEDED.get(use.role, "")
        if isinstance(needed, dict):
            needed = needed[use.vars.get(f"{use.role}_type", use.vars.get(f"{use.role}_mode", "iptables"))]
        modules |= set(needed.split())
    assert set(profile.requires.modules) == modules
    assert len(profile.requires.modules) == len(modules)


@pytest.mark.parametrize("profile", profiles.of_stack("kubeadm"), ids=lambda profile: profile.name)
def test_a_cluster_requires_what_its_runtime_and_its_replica_do(profile):
    if profile.stack == "kubeadm":
        assert {"nf_conntrack", "overlay", "br_netfilter"} <= set(profile.requires.modules)


@pytest.mark.parametrize(
    ("role", "kernel", "why"),
    [
        ("bpf_service", "5.15", "atomic operations that return the old value (5.12)"),
        ("nodeport nftables", "5.13", "kube-proxy's documentation of its nftables mode"),
        ("pod_network netkit", "6.8", "netkit (6.7), and what Cilium asks for it"),
    ],
)
def test_a_profile_requires_the_kernel_of_its_roles(role, kernel, why):
    name, *values = role.split()
    for profile in profiles.of_stack("datapath"):
        for use in profile.roles:
            if use.role == name and set(values) <= set(map(str, use.vars.values())):
                assert at_least(profile.requires.kernel, kernel), (profile.name, why)
