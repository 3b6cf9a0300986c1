"""What Calico and Cilium publish, in the lock's versions, told to a real API server as far as one of 1.20 knows it."""

import json
import subprocess
import sys
import tarfile

import pytest
import yaml

from tests.clusters import describe, kubectl
from tests.conftest import needs_kubernetes
from tests.roles import test_calico, test_cilium
from tests.roles.test_molecule import SCENARIOS

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800), needs_kubernetes]

LATER = {"x-kubernetes-validations", "hostUsers", "appArmorProfile"}
"""Fields of what is published that Kubernetes knows since 1.23, 1.25 and 1.30."""


@pytest.fixture
def cluster(netlab):
    """A cluster without a network for pods."""
    describe(netlab, ["cluster-host"])
    up = netlab("up", "--profile", "cluster-host", timeout=1500)
    assert up.returncode == 0, up.stderr
    return netlab


def as_of_1_20(value):
    """The value without fields that came later, and without the default "", which that version takes for null."""
    if isinstance(value, list):
        return [as_of_1_20(each) for each in value]
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if key not in LATER and (key, each) != ("default", "")}
        return {key: as_of_1_20(each) for key, each in kept.items()}
    return value


def apply(cluster, objects, *how):
    """Hand the objects to the API server; fields that it does not know are refused."""
    told = {"apiVersion": "v1", "kind": "List", "items": as_of_1_20([*objects])}
    return kubectl(cluster, "apply", "--filename=-", *how, told=json.dumps(told))


def test_an_api_server_takes_calicos_definitions_operator_and_what_the_role_writes(cluster):
    definitions = test_calico.objects("operator-crds.yaml")
    apply(cluster, definitions, "--server-side")
    names = [f"customresourcedefinition/{each['metadata']['name']}" for each in definitions]
    kubectl(cluster, "wait", "--for=condition=Established", "--timeout=300s", *names)

    operator = test_calico.objects("tigera-operator.yaml")
    apply(cluster, operator, "--server-side")
    (deployment,) = [each for each in operator if each["kind"] == "Deployment"]
    where = f"--namespace={deployment['metadata']['namespace']}"
    kept = json.loads(kubectl(cluster, "get", "deployment", deployment["metadata"]["name"], where, "--output=json"))
    wanted = deployment["spec"]["template"]["spec"]["containers"][0]
    assert kept["spec"]["template"]["spec"]["containers"][0]["image"] == wanted["image"]

    for name in test_calico.PROFILES:
        written = test_calico.written(name)
        apply(cluster, written.values(), "--server-side")
        for kind, told in written.items():
            kept = json.loads(kubectl(cluster, "get", kind, told["metadata"]["name"], "--output=json"))
            assert kept["spec"] == told["spec"], f"{kind} of {name}"


@pytest.mark.parametrize("name", test_cilium.PROFILES)
def test_an_api_server_takes_what_ciliums_chart_makes_of_the_roles_values(cluster, name, tmp_path):
    archive = tmp_path / "helm.tar.gz"
    subprocess.run([sys.executable, SCENARIOS / "cilium" / "files" / "fetch_helm.py", archive], check=True)
    with tarfile.open(archive) as packed:
        packed.extract("linux-amd64/helm", tmp_path, filter="data")
    text = test_cilium.rendered(name, tmp_path, helm=tmp_path / "linux-amd64" / "helm")
    applied = apply(cluster, [each for each in yaml.safe_load_all(text) if each])
    assert "daemonset.apps/cilium created" in applied
    values = json.loads(
        kubectl(cluster, "--namespace=kube-system", "get", "configmap", "cilium-config", "--output=json")
    )
    assert values["data"]["datapath-mode"] == test_cilium.PROFILES[name]
