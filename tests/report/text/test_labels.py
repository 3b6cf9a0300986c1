from __future__ import annotations

import pytest

from netlab.report.text import labels
from tests import factories


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["a"], "a"),
        (["a (replica)"], "a (replica)"),
        (["a (replica)", "b (replica)"], "a, b (each a replica)"),
        (["a", "b (replica)"], "a, b (replica)"),
        (["a", "b"], "a, b"),
    ],
)
def test_labels_say_once_what_they_have_in_common(names, text):
    assert labels.together(names) == text


@pytest.mark.parametrize(
    ("label", "stack", "alone", "beside"),
    [
        ("a", "vm", "a", "a"),
        ("a", "datapath", "a", "a (data-path replica)"),
        ("a (data-path replica)", "datapath", "a (data-path replica)", "a (data-path replica)"),
        ("a", "kubeadm", "a (cluster)", "a (cluster)"),
        ("a (cluster)", "kubeadm", "a (cluster)", "a (cluster)"),
        ("a (kubeadm)", "kubeadm", "a (cluster)", "a (cluster)"),
        ("cluster-mesh", "kubeadm", "cluster-mesh (cluster)", "cluster-mesh (cluster)"),
        ("Calico (3.33)", "kubeadm", "Calico (3.33, cluster)", "Calico (3.33, cluster)"),
    ],
)
def test_what_is_a_cluster_or_a_replica_says_so(label, stack, alone, beside):
    info = factories.PROFILES[0].model_copy(update={"label": label, "stack": stack})
    assert labels.labelled({"x": info})["x"].label == alone
    assert labels.labelled({"x": info}, beside_clusters=True)["x"].label == beside
    cluster = info.model_copy(update={"label": "other", "stack": "kubeadm"})
    assert labels.labelled({"x": info, "y": cluster})["x"].label == beside
