from __future__ import annotations

import pytest

from netlab.report.text import words
from netlab.report.values import Change
from tests import factories

GAP = words.NARROW


def change(percent, low, high, verdict, pairs=5):
    return Change(
        base="b",
        percent=percent,
        low_percent=low,
        high_percent=high,
        confidence_percent=95,
        pairs=pairs,
        verdict=verdict,
    )


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (20224, 0, f"20{GAP}224"),
        (None, 0, "\N{EN DASH}"),
        (0, 0, "0"),
        (-1.25, 1, "\N{MINUS SIGN}1.2"),
        (0.5, 1, "0.5"),
    ],
)
def test_number(value, digits, text):
    assert words.number(value, digits) == text


@pytest.mark.parametrize(("value", "text"), [(4, "+4.0"), (-0.01, "0.0"), (-15.1, "\N{MINUS SIGN}15.1")])
def test_signed(value, text):
    assert words.signed(value) == text


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (["a"], "a"),
        (["a (replica)"], "a (replica)"),
        (["a (replica)", "b (replica)"], "a, b (each a replica)"),
        (["a", "b (replica)"], "a, b (replica)"),
        (["a", "b"], "a, b"),
    ],
)
def test_labels_say_once_what_they_have_in_common(labels, text):
    assert words.together(labels) == text


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
    assert words.labelled({"x": info})["x"].label == alone
    assert words.labelled({"x": info}, beside_clusters=True)["x"].label == beside
    cluster = info.model_copy(update={"label": "other", "stack": "kubeadm"})
    assert words.labelled({"x": info, "y": cluster})["x"].label == beside


def test_an_interval_never_looks_like_a_point():
    assert words.interval(change(4, 3.99, 4.01, "higher")) == f"+3.99 … +4.01{GAP}%"
    assert words.interval(change(4, None, None, "cannot tell")) == words.NONE


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (change(None, None, None, "cannot tell", 0), "cannot be compared"),
        (change(-15, None, None, "cannot tell", 2), "but 2 rounds cannot tell that from chance"),
        (change(-0.1, -0.5, 0.3, "no difference shown"), "no difference shown (95"),
        (change(-15.1, -15.5, -14.7, "lower"), f"15.1{GAP}% fewer requests per second than X (95{GAP}% CI"),
        (change(4, 3, 5, "higher"), "more requests per second than X"),
    ],
)
def test_headline_says_no_more_than_is_known(report, found, expected):
    assert expected in words.headline(report.cells[1], found, "X")
