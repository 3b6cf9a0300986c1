"""A real Kubernetes cluster, out of the distribution's source package: ``make test-cluster`` builds it first."""


import pytest

from netlab import assets

BUILT = assets.cache() / "kubernetes-source"
pytestmark = [
    pytest.mark.vm,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not (BUILT / "lock.yml").is_file(), reason="Kubernetes is not built; make test-cluster does it"),
]

PROFILES = ("bridge", "ipvlan-l2", "ipvlan-l3s", "macvlan")
LAB = f"""
stack: kubeadm
profiles: [baseline-vm, {", ".join(PROFILES)}]
artifacts:
  lock: {BUILT}/lock.yml
  mirror: {BUILT}/mirror
"""


@pytest.fixture
def cluster(netlab):
    """The command in a lab whose Kubernetes comes from the mirror that was built."""
    (netlab.folder / "netlab.yml").write_text(LAB)
    return netlab
