"""What the roles of a cluster write, rendered by Ansible itself, and the programs they install."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import tomllib
from typing import Any

import pytest
import yaml

from tests.roles.rendering import ADDRESSES, ROLES, render, template


@pytest.mark.parametrize(
    ("version", "api", "arguments"),
    [
        ("1.20.2", "v1beta2", {"node-ip": "10.10.0.13"}),
        ("1.21.14", "v1beta2", {"node-ip": "10.10.0.13"}),
        ("1.22.0", "v1beta3", {"node-ip": "10.10.0.13"}),
        ("1.30.14", "v1beta3", {"node-ip": "10.10.0.13"}),
        ("1.31.0", "v1beta4", [{"name": "node-ip", "value": "10.10.0.13"}]),
        ("1.36.4", "v1beta4", [{"name": "node-ip", "value": "10.10.0.13"}]),
    ],
)
def test_kubeadm_is_told_in_the_words_it_understands(version, api, arguments):
    asked = {"stdout": f"v{version}"}
    text = render("kubeadm_control", template("kubeadm.yaml.j2"), "control", kubeadm_control_asked=asked)
    init, cluster, kubelet, proxy = yaml.safe_load_all(text)
    assert init["apiVersion"] == cluster["apiVersion"] == f"kubeadm.k8s.io/{api}"
    assert init["localAPIEndpoint"]["advertiseAddress"] == "10.10.0.13"
    assert init["nodeRegistration"]["kubeletExtraArgs"] == arguments
    assert init["nodeRegistration"]["name"] == "control"
    assert cluster["kubernetesVersion"] == f"v{version}"
    assert type(cluster["controllerManager"]["extraArgs"]) is type(arguments)
    assert ("timeouts" in init) == (api == "v1beta4")
    assert ("timeoutForControlPlane" in cluster["apiServer"]) == (api != "v1beta4")
    assert kubelet["cgroupDriver"] == "systemd"
    assert proxy["mode"] == "iptables"
    told = render("kubeadm_control", "{{ kubeadm_control_patch_arguments }}", "control", kubeadm_control_asked=asked)
    assert (init.get("patches"), told) == (
        (None, ["--experimental-patches=/etc/netlab/patches"])
        if api == "v1beta2"
        else ({"directory": "/etc/netlab/patches"}, [])
    )


@pytest.mark.parametrize(("patience", "failures"), [(1200, 120), ("300", 30)])
def test_the_kubelet_is_patient_with_a_slow_control_plane(patience, failures):
    values = {"kubeadm_control_component": "etcd", "kubeadm_control_patience_s": patience}
    (container,) = render("kubeadm_control", "{{ kubeadm_control_patch }}", "control", **values)["spec"]["containers"]
    assert container == {"name": "etcd", "livenessProbe": {"periodSeconds": 10, "failureThreshold": failures}}


@pytest.mark.parametrize(
    ("version", "api", "socket"), [("1.20.2", "v1beta2", "/run"), ("1.36.4", "v1beta4", "unix:///run")]
)
def test_a_node_joins_in_the_words_of_its_kubeadm(version, api, socket):
    invitation = "kubeadm join 10.10.0.13:6443 --token ab.cd     --discovery-token-ca-cert-hash sha256:ef \n"
    values = {"kubeadm_node_asked": {"stdout": f"v{version}"}, "kubeadm_node_invitation": {"stdout": invitation}}
    join = yaml.safe_load(render("kubeadm_node", template("join.yaml.j2"), "node2", **values))
    assert join["apiVersion"] == f"kubeadm.k8s.io/{api}"
    token = join["discovery"]["bootstrapToken"]
    assert token == {"apiServerEndpoint": "10.10.0.13:6443", "token": "ab.cd", "caCertHashes": ["sha256:ef"]}
    assert join["nodeRegistration"]["criSocket"] == f"{socket}/containerd/containerd.sock"
    assert "10.10.0.12" in json.dumps(join["nodeRegistration"]["kubeletExtraArgs"])


def too_late(role: str, command: str, stderr: str) -> bool:
    return render(role, f"{{{{ {role}_too_late }}}}", "node2", **{f"{role}_{command}": {"stderr": stderr}})


PATCH = 'Patch "https://10.10.0.13:6443/api/v1/nodes/node2?timeout=10s": context deadline exceeded'


@pytest.mark.parametrize(
    ("stderr", "again"),
    [
        (f'error execution phase kubelet-start: error uploading crisocket: error patching node "node2": {PATCH}', True),
        ("error execution phase upload-config/kubeadm: etcdserver: request timed out", True),
        ("error execution phase kubelet-start: timed out waiting for the condition", False),
        ("error execution phase preflight: couldn't validate the identity of the API Server", False),
        ("", False),
    ],
)
def test_kubeadm_is_run_once_more_where_one_answer_came_too_late(stderr, again):
    assert too_late("kubeadm_node", "join", stderr) == too_late("kubeadm_control", "init", stderr) == again


def test_a_control_plane_that_never_came_up_is_not_waited_for_twice():
    stderr = "error execution phase wait-control-plane: kube-apiserver check failed: context deadline exceeded"
    assert not too_late("kubeadm_control", "init", stderr)


def test_a_phase_without_its_image_is_left_out():
    images = {"k8s.gcr.io/kube-proxy:v1.20.2": "images/a.tar"}
    values = {"payload_index": {"kubernetes": {"images": images}, "crictl": {}}, "kubeadm_control_skip_phases": ["a"]}
    expression = "{{ kubeadm_control_skipped }}"
    assert render("kubeadm_control", expression, "control", **values) == ["a", "addon/coredns"]
    images["registry.k8s.io/coredns/coredns:v1.13.1"] = "images/b.tar"
    assert render("kubeadm_control", expression, "control", **values) == ["a"]


def containerd(said: str, **values: object) -> dict[str, Any]:
    values |= {"container_runtime_asked": {"stdout": said}, "container_runtime_sandbox_image": "pause:1"}
    return tomllib.loads(render("container_runtime", template("config.toml.j2"), "node1", payload_index={}, **values))


@pytest.mark.parametrize("said", ["containerd github.com/x 1.7.24~ds1 1.7.24~ds1-6", "containerd x 1.6.20 y"])
def test_containerd_1_reads_version_2(said):
    config = containerd(said)
    cri = config["plugins"]["io.containerd.grpc.v1.cri"]
    assert (config["version"], cri["sandbox_image"], cri["cni"]["bin_dir"]) == (2, "pause:1", "/usr/lib/cni")
    assert cri["containerd"]["runtimes"]["runc"]["options"]["SystemdCgroup"]


@pytest.mark.parametrize(("version", "key"), [("2.0.5", "bin_dir"), ("2.3.4", "bin_dirs")])
def test_containerd_2_reads_version_3(version, key):
    said = f"containerd github.com/containerd/containerd/v2 v{version} 0a1b2c3d"
    config = containerd(said, container_runtime_source="payload")
    runtime = config["plugins"]["io.containerd.cri.v1.runtime"]
    assert config["version"] == 3
    assert config["plugins"]["io.containerd.cri.v1.images"]["pinned_images"]["sandbox"] == "pause:1"
    assert runtime["cni"][key] in ("/opt/cni/bin", ["/opt/cni/bin", "/usr/lib/cni"])
    assert runtime["containerd"]["runtimes"]["runc"]["options"]["SystemdCgroup"]


@pytest.mark.parametrize(
    ("containerd", "kubernetes", "works"),
    [
        ("1.7.24", "1.20.2", True),
        ("1.7.24", "1.36.4", True),
        ("2.0.0", "1.20.2", False),
        ("2.3.4", "1.25.16", False),
        ("2.3.4", "1.26.0", True),
        ("2.3.4", "1.36.4", True),
    ],
)
def test_an_old_kubernetes_needs_containerd_1(containerd, kubernetes, works):
    tasks = yaml.safe_load((ROLES / "container_runtime/tasks/configure.yml").read_text())
    (check,) = [each["ansible.builtin.assert"] for each in tasks if "ansible.builtin.assert" in each]
    values = {
        "container_runtime_asked": {"stdout": f"containerd x v{containerd} y"},
        "payload_index": {"kubernetes": {"version": kubernetes}},
    }
    assert render("container_runtime", f"{{{{ {check['that']} }}}}", "node1", **values) is works
    assert f"Kubernetes {kubernetes} needs containerd 1" in render(
        "container_runtime", check["fail_msg"], "node1", **values
    )


def test_only_missing_images_that_the_host_runs_are_imported():
    images = {"r/pause:3": "a", "r/kube-apiserver:v1": "b", "r/kube-proxy:v1": "c", "r/cilium:v1@sha256:00": "d"}
    values = {
        "payload_index": {"kubernetes": {"images": images}, "crictl": {"images": {}}, "helm": {}},
        "container_runtime_images_except": ["/kube-apiserver:"],
        "container_runtime_listed": {"stdout_lines": ["r/kube-proxy:v1", "sha256:11"]},
    }
    assert render("container_runtime", "{{ container_runtime_sandbox }}", "node1", **values) == "r/pause:3"
    missing = render("container_runtime", "{{ container_runtime_missing }}", "node1", **values)
    assert [image["key"] for image in missing] == ["r/pause:3", "r/cilium:v1@sha256:00"]


CIDRS = ["control   10.244.0.0/24", "node1     10.244.1.0/24", "node2     10.244.2.128/25"]


def network(part: str, host: str, **values: object) -> Any:
    asked = {"stdout_lines": CIDRS}
    return render("cni_reference", f"{{{{ cni_reference_{part} }}}}", host, cni_reference_asked=asked, **values)


@pytest.mark.parametrize("mode", ["l3", "l3s"])
def test_a_routed_network_takes_the_nodes_range_from_kubernetes(mode):
    values = {"cni_reference_type": "ipvlan", "cni_reference_mode": mode}
    places = {"start": "", "end": "10.244.2.253", "shim": "10.244.2.254", "destination": "10.244.2.128/25"}
    assert network("network", "node2", **values) == places | {"subnet": "10.244.2.128/25"}
    assert network("routes", "node1", **values) == [
        {"destination": "10.244.0.0/24", "gateway": "10.10.0.13"},
        {"destination": "10.244.2.128/25", "gateway": "10.10.0.12"},
    ]
    assert len(network("routes", "client", **values)) == 3
    assert network("masquerade", "control", **values) == (mode == "l3")


@pytest.mark.parametrize(("kind", "mode"), [("ipvlan", "l2"), ("macvlan", "")])
def test_a_flat_network_divides_the_labs_own(kind, mode):
    values = {"cni_reference_type": kind, "cni_reference_mode": mode}
    for host, first in [("node1", 64), ("node2", 96), ("control", 128)]:
        ends = {"start": first + 1, "end": first + 29, "shim": first + 30}
        expected = {key: f"10.10.0.{value}" for key, value in ends.items()}
        expected |= {"subnet": "10.10.0.0/24", "destination": f"10.10.0.{first}/27"}
        assert network("network", host, **values) == expected
        assert network("routes", host, **values) == []
    assert network("masquerade", "control", **values)


@pytest.mark.parametrize("kind", ["bridge", "ptp"])
def test_a_network_of_veth_pairs_has_no_shim(kind):
    found = network("network", "node1", cni_reference_type=kind)
    assert found == {"subnet": "10.244.1.0/24", "start": "", "end": "", "shim": "", "destination": ""}
    assert not network("masquerade", "node1", cni_reference_type=kind)


def proxy(part: str, mode: str, *, masquerade: bool = False, told: str = "", started: str = "") -> Any:
    """What the role makes of kube-proxy's configuration and of its pods, as the API server has them."""
    written = (
        f"kind: KubeProxyConfiguration\niptables:\n  masqueradeAll: {str(masquerade).lower()}\n  masqueradeBit: null\n"
    )
    marks = [{"annotations": {"netlab/told": mark}} if mark else {} for mark in (told, started)]
    template = {"spec": {"template": {"metadata": marks[1]}}, "metadata": {}}
    items = [{"data": {"config.conf": written}, "metadata": marks[0]}, template]
    values = {"cni_reference_proxy_asked": {"stdout": json.dumps({"items": items})}}
    expression = f"{{{{ cni_reference_proxy_{part} }}}}"
    return render(
        "cni_reference", expression, "control", cni_reference_type="ipvlan", cni_reference_mode=mode, **values
    )


@pytest.mark.parametrize("mode", ["l2", "l3s"])
def test_kube_proxy_is_told_what_to_masquerade(mode):
    text = yaml.safe_load(proxy("wanted", mode))
    assert text == {
        "kind": "KubeProxyConfiguration",
        "iptables": {"masqueradeAll": mode == "l2", "masqueradeBit": None},
    }


@pytest.mark.parametrize(
    ("mode", "cluster", "again"),
    [
        ("l3s", {}, False),
        ("l2", {}, True),
        ("l2", {"masquerade": True, "told": "a"}, True),
        ("l2", {"masquerade": True, "told": "a", "started": "a"}, False),
        ("l3s", {"masquerade": True, "told": "a", "started": "a"}, True),
    ],
    ids=["as it was built", "another is wanted", "the play ended in between", "all done", "back again"],
)
def test_kube_proxies_start_again_until_they_have_what_they_were_told(mode, cluster, again):
    assert (proxy("told", mode, **cluster) != proxy("started", mode, **cluster)) is again


def test_the_workload_is_where_the_paths_need_it():
    text = render("cluster_workload", template("workload.yaml.j2"), "control", app_response_bytes=3000)
    objects = {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(text)}
    places = {name: objects["Deployment", name]["spec"]["template"]["spec"] for name in ("app", "client", "peer")}
    nodes = {name: place["nodeSelector"]["kubernetes.io/hostname"] for name, place in places.items()}
    assert nodes == {"app": "node1", "client": "node2", "peer": "node1"}
    assert objects["Service", "app"]["spec"]["clusterIP"] == "10.96.0.80"
    assert objects["Service", "app-local"]["spec"]["externalTrafficPolicy"] == "Local"
    assert "return 200" in objects["ConfigMap", "app"]["data"]["netlab.conf"]


def test_every_host_is_told_of_the_cluster():
    pod = {
        "metadata": {"labels": {"netlab": "app"}},
        "spec": {"nodeName": "node1"},
        "status": {"podIP": "10.244.1.2"},
    }
    gone = pod | {"metadata": {"labels": {"netlab": "app"}, "deletionTimestamp": "now"}}
    service = {"metadata": {"name": "app"}, "spec": {"clusterIP": "10.96.0.80", "ports": [{"nodePort": 30080}]}}
    addresses = [{"type": "Hostname", "address": "node1"}, {"type": "InternalIP", "address": "10.10.0.11"}]
    info = {"kubeletVersion": "v1.20.2", "containerRuntimeVersion": "containerd://1.7.24"}
    node = {
        "metadata": {"name": "node1"},
        "spec": {"podCIDR": "10.244.1.0/24"},
        "status": {"nodeInfo": info, "addresses": addresses},
    }
    said = [{"stdout": json.dumps({"items": items})} for items in ([gone, pod], [service], [node])]
    found = render(
        "cluster_workload",
        "{{ cluster_workload_cluster }}",
        "client",
        cluster_workload_objects={"results": said},
        cluster_workload_networks={"files": [{"path": "/etc/cni/net.d/10-netlab.conflist"}]},
    )
    assert found == {
        "kubernetes": "1.20.2",
        "runtime": "containerd://1.7.24",
        "network": "10-netlab.conflist",
        "nodes": {"node1": {"address": "10.10.0.11", "pod_cidr": "10.244.1.0/24"}},
        "pods": {"app": {"address": "10.244.1.2", "node": "node1"}},
        "services": {"app": {"address": "10.96.0.80", "node_port": 30080}},
    }


CLUSTER = {
    "nodes": {name: {"address": address} for name, address in ADDRESSES.items() if name != "client"},
    "pods": {
        "app": {"address": "10.244.1.2", "node": "node1"},
        "client": {"address": "10.244.2.2", "node": "node2"},
        "peer": {"address": "10.244.1.3", "node": "node1"},
    },
    "services": {
        "app": {"address": "10.96.0.80", "node_port": 30080},
        "app-local": {"address": "10.96.1.1", "node_port": 30081},
    },
}


def questions(host: str, dns: str = "", **values: object) -> dict[str, list[str]]:
    """From where (a pod, or nothing for the host) to what is asked."""
    values |= {"netlab_cluster": CLUSTER, "cluster_verify_dns": {"stdout": dns}}
    found = render("cluster_verify", "{{ cluster_verify_questions }}", host, **values)
    return {each["key"]: [question.get("url") or question["ask"] for question in each["value"]] for each in found}


def test_each_host_asks_what_it_can_see():
    pod, service = "http://10.244.1.2/", "http://10.96.0.80/"
    nodes = ["http://10.10.0.11:30080/", "http://10.10.0.12:30080/"]
    assert questions("client") == {"": [*nodes, "http://10.10.0.11:30081/", pod]}
    assert questions("client", cluster_verify_local_policy=False, cluster_verify_pod_address=False) == {"": nodes}
    assert questions("node1") == {"peer": [pod]}
    assert questions("node2") == {"client": [pod, service]}
    assert questions("node2", dns="10.96.0.10") == {"client": [pod, service, "app.netlab.svc.cluster.local"]}


def problems(host: str, **values: object) -> Any:
    answers = [{"name": "NodePort on node1", "expected": "200 with 1024 bytes", "seen": "no answer (timed out)"}]
    link = [{"linkinfo": {"info_kind": "ipvlan", "info_data": {"mode": "l2"}}}]
    values |= {
        "netlab_cluster": CLUSTER,
        "cluster_verify_interface_kind": "ipvlan",
        "cluster_verify_asked": {"results": [{"stdout": json.dumps(answers)}, {"skipped": True}]},
        "cluster_verify_states": {"stdout_lines": ["Node node1=True", "Pod app-1=False"]},
        "cluster_verify_devices": {"results": [{"stdout": json.dumps(link), "cluster_verify_pod": "app"}]},
        "cluster_verify_links": {"stdout": json.dumps([{"ifname": "lo"}, {"linkinfo": {"info_kind": "vxlan"}}])},
    }
    return render("cluster_verify", "{{ cluster_verify_problems }}", host, **values)


def test_what_differs_is_told_with_what_was_seen():
    assert problems("node1", cluster_verify_interface_mode="l3s") == [
        "NodePort on node1: expected 200 with 1024 bytes, seen no answer (timed out)",
        "Pod app-1: expected Ready, seen not Ready",
        "interface of the pod app: expected ipvlan l3s, seen ipvlan l2",
        "tunnels that are up: expected none, seen vxlan",
    ]
    assert len(problems("client", cluster_verify_interface_mode="l2")) == 2
    assert len(problems("node1", cluster_verify_tunnel="vxlan")) == 2


def program(role: str, name: str, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-IS", str(ROLES / role / "files" / name), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def payload(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.tar").write_text("an image")
    digest = hashlib.sha256(b"an image").hexdigest()
    component = {"version": "1", "files": {}, "images": {"a:1": {"path": "images/a.tar", "sha256": digest}}}
    (tmp_path / "index.json").write_text(json.dumps({"kubernetes": component}))
    return tmp_path


def test_a_payload_that_is_what_its_index_says_is_accepted(payload):
    assert program("payload", "verify-payload", payload).returncode == 0


def test_a_changed_file_is_named_with_both_checksums_and_removed(payload):
    image = payload / "images" / "a.tar"
    image.write_text("another image")
    done = program("payload", "verify-payload", payload)
    expected, found = (hashlib.sha256(text).hexdigest() for text in (b"an image", b"another image"))
    assert done.returncode == 1
    assert f"images/a.tar of the payload has changed: expected sha256 {expected}, found {found}" in done.stdout
    assert not image.exists()
    assert "images/a.tar is missing" in program("payload", "verify-payload", payload).stdout


def test_the_same_tree_is_the_same_image(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "bin" / "app").write_text("#!/bin/sh\n")
        (tmp_path / name / "app").symlink_to("bin/app")
        assert (
            program(
                "cluster_workload", "make-archive", tmp_path / name, "netlab.invalid/app:1", tmp_path / f"{name}.tar"
            ).returncode
            == 0
        )
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    with tarfile.open(tmp_path / "one.tar") as archive:
        (manifest,) = json.load(archive.extractfile("manifest.json"))
        config = archive.extractfile(manifest["Config"]).read()
        layer = archive.extractfile(manifest["Layers"][0]).read()
    assert manifest["RepoTags"] == ["netlab.invalid/app:1"]
    assert manifest["Config"] == f"{hashlib.sha256(config).hexdigest()}.json"
    assert json.loads(config)["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]


def test_questions_are_answered_with_what_was_seen():
    closed = "http://127.0.0.1:9/"
    done = subprocess.run(
        [
            sys.executable,
            "-IS",
            ROLES / "cluster_verify/files/ask",
            json.dumps([{"name": "nobody", "url": closed}]),
            "1",
            "0",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    (answer,) = json.loads(done.stdout)
    assert (answer["name"], answer["expected"]) == ("nobody", "200 with 1 bytes")
    assert answer["seen"].startswith("no answer (")
