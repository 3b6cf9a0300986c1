"""A profile of the lab's own, and what roles take."""

import json

import pytest

from netlab import profiles
from netlab.errors import ConfigError
from netlab.inputs import check_inputs


def own(tmp_path, role, **inputs):
    words = {"description": "d", "label": "mine", "stack": "vm", "paths": {}}
    words["roles"] = [{"role": role, "vars": inputs}]
    (tmp_path / "mine.yml").write_text(json.dumps(words))
    return profiles.find("mine", tmp_path)


@pytest.mark.parametrize(
    ("role", "inputs", "message"),
    [
        ("nodport", {}, "there is no role 'nodport'; did you mean 'nodeport'?"),
        (
            "nodeport",
            {"nodeport_mod": "iptables"},
            "role 'nodeport' has no input 'nodeport_mod'; did you mean 'nodeport_mode'?",
        ),
        ("nodeport", {"nodeport_mode": "ipvs"}, "nodeport_mode can be iptables, nftables, not 'ipvs'"),
        ("nodeport", {"nodeport_other_services": "many"}, "nodeport_other_services must be int, not 'many'"),
        ("nodeport", {"nodeport_endpoints": "10.0.0.1"}, "nodeport_endpoints must be list, not '10.0.0.1'"),
        ("app", {"app_running": "perhaps"}, "app_running must be bool, not 'perhaps'"),
        ("app", {"app_port": True}, "app_port must be int, not True"),
        (
            "bpf_service",
            {"bpf_service_protocols": ["tcp", "sctp"]},
            "bpf_service_protocols can be tcp, udp, not 'sctp'",
        ),
    ],
)
def test_what_a_role_refuses_is_refused_before_hosts_are_made(tmp_path, role, inputs, message):
    with pytest.raises(ConfigError) as caught:
        own(tmp_path, role, **inputs)
    assert str(caught.value) == f"mine.yml: {message}"


def test_all_that_is_wrong_is_named(tmp_path):
    with pytest.raises(ConfigError) as caught:
        own(tmp_path, "app", app_prt=1, app_running="perhaps")
    assert [line.split()[1] for line in str(caught.value).splitlines()] == ["role", "app_running"]


def own_cluster(tmp_path, **inputs):
    words = {"description": "d", "label": "mine", "stack": "kubeadm", "paths": {}, "roles": [], "cluster": inputs}
    (tmp_path / "mine.yml").write_text(json.dumps(words))
    return profiles.find("mine", tmp_path, "kubeadm")


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (
            {"kubernets_version": "1.36.4"},
            "a cluster has no input 'kubernets_version'; did you mean 'kubernetes_version'?",
        ),
        (
            {"kubeadm_control_proxy_mode": "ebpf"},
            "kubeadm_control_proxy_mode can be iptables, ipvs, nftables, not 'ebpf'",
        ),
        ({"kubeadm_control_skip_phases": "addon"}, "kubeadm_control_skip_phases must be list, not 'addon'"),
        ({"calico_encapsulation": "IPIP"}, "a cluster has no input 'calico_encapsulation'"),
    ],
)
def test_what_a_clusters_roles_refuse_is_refused_before_hosts_are_made(tmp_path, inputs, message):
    with pytest.raises(ConfigError) as caught:
        own_cluster(tmp_path, **inputs)
    assert str(caught.value) == f"mine.yml: {message}"


def test_a_cluster_takes_what_its_roles_and_those_that_they_include_take(tmp_path):
    given = {"kubernetes_version": "1.36.4", "kubeadm_control_cpus": "{{ 1 + 1 }}", "payload_label": "mine"}
    assert own_cluster(tmp_path, **given).cluster == given
    assert own_cluster(tmp_path).cluster == {}


def test_what_ansible_computes_is_left_to_ansible(tmp_path):
    words = "{{ 999 if netlab_index | int == 0 else 0 }}"
    assert own(tmp_path, "nodeport", nodeport_other_services=words, nodeport_mode="nftables")
    assert own(tmp_path, "app", app_port="8080", app_running="no")


@pytest.mark.parametrize("stack", ["datapath", "kubeadm"])
def test_profiles_that_come_with_netlab_give_roles_what_these_accept(stack):
    for profile in profiles.of_stack(stack):
        check_inputs(profile)
