"""The values that the role ``cilium`` gives the chart, and what the chart makes of them where both are at hand."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
import yaml

from netlab import profiles
from netlab.artifacts.lock import load_lock
from tests.roles.locked import fetched
from tests.roles.rendering import render, template

if TYPE_CHECKING:
    from pathlib import Path

PROFILES = {"cilium": "veth", "cilium-netkit": "netkit"}


def written(name: str) -> dict[str, Any]:
    """The values that the role writes for a profile."""
    uses = [use for use in profiles.find(name, stack="kubeadm").roles if use.role == "cilium"]
    return yaml.safe_load(render("cilium", template("values.yaml.j2"), "control", **uses[0].vars))


@pytest.mark.parametrize("name", PROFILES)
def test_the_path_is_pinned(name):
    values = written(name)
    bpf = {"masquerade": True, "hostLegacyRouting": False, "datapathMode": PROFILES[name]}
    assert values["bpf"] == bpf
    assert values["kubeProxyReplacement"] is values["autoDirectNodeRoutes"] is True
    assert values["routingMode"] == "native"
    assert (values["k8sServiceHost"], values["k8sServicePort"]) == ("10.10.0.13", 6443)
    assert (values["devices"], values["ipv4NativeRoutingCIDR"]) == ("lab0", "10.244.0.0/16")
    assert values["loadBalancer"]["mode"] == "dsr"
    assert not any(values[part]["enabled"] for part in ("hubble", "envoy", "bandwidthManager"))
    assert values["image"] == values["operator"]["image"] == {"useDigest": False, "pullPolicy": "IfNotPresent"}


@pytest.mark.parametrize("name", PROFILES)
def test_the_cluster_is_built_without_kube_proxy(name):
    cluster = profiles.find(name, stack="kubeadm").cluster
    assert cluster["kubeadm_control_skip_phases"] == ["addon/kube-proxy"]


def rendered(name: str, folder: Path, helm: str | Path) -> str:
    """What Helm makes of the lock's chart and of the values for a profile."""
    (folder / "values.yaml").write_text(yaml.safe_dump(written(name)))
    shutil.copy(fetched("cilium", "cilium.tgz"), folder / "cilium.tgz")
    options = ["--namespace=kube-system", "--values=values.yaml", "--kube-version=1.36.4"]
    command = [helm, "template", "cilium", "cilium.tgz", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", PROFILES)
def test_the_chart_runs_no_image_beyond_the_lock(name, tmp_path):
    """What Helm renders names only images of the payload, by the names under which they are imported."""
    helm = shutil.which("helm")
    if not helm:
        pytest.skip("helm is not installed")
    text = rendered(name, tmp_path, helm)
    objects = [each for each in yaml.safe_load_all(text) if each]
    for each in objects:
        kubernetes_validate.validate(each, "1.36", strict=True)
    images = set(re.findall(r'(?m)^ *image: "?([^"\s]+)"?$', text))
    assert images
    assert images <= {image.name for image in load_lock().find("cilium").images}
    (config,) = [each["data"] for each in objects if each["metadata"]["name"] == "cilium-config"]
    assert (config["datapath-mode"], config["enable-bpf-masquerade"]) == (PROFILES[name], "true")
    assert (config["kube-proxy-replacement"], config["routing-mode"]) == ("true", "native")
    assert (config["bpf-lb-mode"], config["enable-host-legacy-routing"], config["devices"]) == ("dsr", "false", "lab0")


def test_the_users_values_win():
    found = render("cilium", "{{ cilium_values_wanted }}", "control", cilium_values={"bpf": {"masquerade": False}})
    assert (found["bpf"]["masquerade"], found["bpf"]["datapathMode"]) == (False, "veth")


@pytest.mark.parametrize(
    ("state", "version", "device", "installed"),
    [
        ("deployed", "1.20.0", "veth", True),
        ("deployed", "1.20.0", "netkit", False),
        ("deployed", "1.19.6", "veth", False),
        ("failed", "1.20.0", "veth", False),
        ("pending-install", "1.20.0", "veth", False),
    ],
)
def test_the_chart_is_installed_when_something_differs(state, version, device, installed):
    wanted = render("cilium", "{{ cilium_values_wanted }}", "control")
    values = {
        "payload_index": {"cilium": {"version": "1.20.0", "files": {}}},
        "cilium_asked": {"rc": 0, "stdout": json.dumps({"info": {"status": state}, "config": wanted})},
        "cilium_metadata": {"stdout": json.dumps({"version": version})},
        "cilium_device_mode": device,
    }
    assert render("cilium", "{{ cilium_installed }}", "control", **values) is installed


def test_the_chart_is_installed_where_there_is_none():
    assert render("cilium", "{{ cilium_installed }}", "control", cilium_asked={"rc": 1, "stdout": ""}) is False


@pytest.mark.parametrize(("device", "minimum"), [("veth", "5.10"), ("netkit", "6.8")])
def test_devices_decide_which_kernel_is_needed(device, minimum):
    assert render("cilium", "{{ cilium_kernel_minimum }}", "node1", cilium_device_mode=device) == minimum
