"""A real Kubernetes cluster, out of the distribution's source package: ``make test-cluster`` builds it first."""

import json
import time

import pytest

from netlab.errors import ProofFailed
from tests import strangers
from tests.clusters import describe, kubectl, readiness
from tests.conftest import needs_kubernetes

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(3600), needs_kubernetes]

PROFILES = ("bridge", "ipvlan-l2", "ipvlan-l3s", "macvlan")
REPLICAS = ("ipvlan-l2", "ipvlan-l3s", "macvlan")


@pytest.fixture
def cluster(netlab):
    """The command in a lab whose Kubernetes comes from the mirror that was built."""
    describe(netlab, ["baseline-vm", *PROFILES])
    return netlab


def test_a_cluster_is_what_it_says_until_it_is_tampered_with(cluster):
    up = cluster("up", "--profile", "ipvlan-l2", timeout=3000)
    assert up.returncode == 0, up.stderr
    status = json.loads(cluster("status", "--json").stdout)
    assert (status["stack"], status["clock"], status["profile"]) == ("kubeadm", "real", "ipvlan-l2")

    ready = readiness(kubectl(cluster, "get", "nodes", "--output=json"))
    assert ready == dict.fromkeys(("control", "node1", "node2"), "True")
    seconds = float(cluster("ssh", "control", "--", "date", "+%s.%N").stdout)
    assert abs(time.time() - seconds) < 10, "a resumed host knows the time"
    with strangers.listener() as server:
        for host in ("control", "node1", "client"):
            strangers.check(strangers.ask(cluster, host, server), server)

    again = cluster("up", "--profile", "ipvlan-l2")
    assert again.returncode == 0
    assert "provision" not in again.stderr

    assert cluster("ssh", "node1", "--", "ip link delete netlab-shim").returncode == 0
    broken = cluster("prove")
    assert broken.returncode == ProofFailed.exit_code, broken.stdout + broken.stderr
    assert "nodeport-local" in broken.stderr

    assert cluster("reset").returncode == 0
    assert cluster("ssh", "control", "--", "test -e /etc/kubernetes/admin.conf").returncode == 1
    assert cluster("down").returncode == 0
    assert not cluster.machines()


def test_clusters_are_measured_like_everything_else_and_reported_beside_their_replicas(cluster):
    done = cluster("run", "--rounds", "5", timeout=3400)  # the default goes by precision, and machines here are slow
    assert done.returncode == 0, done.stderr
    done = cluster("run", "--stack", "datapath", "--profiles", ",".join(("baseline-vm", *REPLICAS)), timeout=1800)
    assert done.returncode == 0, done.stderr
    real, replicas = sorted((cluster.folder / ".netlab" / "runs").iterdir())

    done = cluster("report", str(real), "--replicas", str(replicas))
    assert done.returncode == 0, done.stderr
    report = json.loads((real / "report" / "report.json").read_text())
    paths = ("pod-ip", "nodeport-local", "nodeport-remote")
    measured = {(cell["profile"], cell["path"], cell["stack"]) for cell in report["cells"]}
    clusters = {(name, path, "kubeadm") for name in PROFILES for path in paths}
    assert measured == {("baseline-vm", "host", "vm"), *clusters}
    assert len(report["predictions"]["rows"]) == len(REPLICAS) * len(paths)
    assert "ipvlan-l2 (cluster: Kubernetes 1.20.2)" in (real / "report" / "report.md").read_text()
