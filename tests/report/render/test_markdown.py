from __future__ import annotations

import re

import pytest

from netlab.report.compute.build import build_report
from netlab.report.render import markdown
from tests import factories


def test_it_holds_every_section(report):
    text = markdown.render(report)
    titles = [line for line in text.splitlines() if line.startswith("#")]
    assert titles == [
        "# The cost of 2 container networks",
        "## Warnings",
        "## Where the CPU time went",
        "## Response times",
        "## CPU time by class, % of one CPU",
        "## Softirq runs per request",
        "## Hot kernel functions",
        "## Not measured",
        "## Gates",
        "## How the numbers were made",
        "## Environment",
    ]
    assert "| calico-ipip (data-path replica) | nodeport-remote | 12\u202f292 |" in text
    assert text.count("% | slower |") == 3
    latency = report.cells[0].latency
    low, high = (round(bound) for bound in (latency.intervals["p99_us"].low, latency.intervals["p99_us"].high))
    assert f"| {latency.p99_us:.0f} ({low} … {high}) |" in text.replace("\\", "")
    assert text.count("% | faster |") == 1


def test_paths_are_lists_of_namespaces(proven):
    text = markdown.render(proven).replace("\\", "")
    assert "## The path each packet takes\n\n### baseline-vm · host\n\n14 hops, 2 namespaces" in text
    assert (
        "Request:\n\n1. client: socket, out lab0, veth_xmit, raise NET_RX\n2. wire\n3. node1: in lab0, +PREROUTING"
        in text
    )


def test_a_cluster_without_a_replica_is_named():
    replicas = factories.run(rounds=3, cells=[factories.BASELINE, ("calico-ipip", "pod-ip")])
    text = markdown.render(build_report([factories.clusters(rounds=3)], [replicas]))
    assert "- No replica was measured for ipvlan-l2 (cluster) · pod-ip, calico-ipip (cluster) · nodeport-local" in text


def test_facts_are_what_is_not_as_on_the_baseline(proven):
    text = markdown.render(proven).replace("\\", "")
    assert "| calico-ipip (data-path replica) | node1 | iptables rules | 23 | 0 |" in text
    assert "| calico-ipip (data-path replica) | node1 | tunl0 mtu | 1\u202f480 | \u2013 |" in text
    assert "| calico-ipip (data-path replica) | client |" not in text


def test_predictions_are_a_table_of_both_sides(predicting):
    text = markdown.render(predicting).replace("\\", "")
    assert "## How well replicas predict\n\n- Of 4 cells measured on both: " in text
    assert "| network | path | cluster, real clock | 95 % CI | data-path replica, virtual clock | 95 % CI |" in text
    assert "| calico-ipip | nodeport-local | \N{MINUS SIGN}21.8\u202f% |" in text
    assert "| +7.0 | +6.1 … +8.0 | differs |" in text
    assert (
        "| calico-ipip (data-path replica) | pod-ip | 17\u202f890 |" in text.partition("own figures (virtual clock)")[2]
    )
    assert "| guest cpus | 2 | 1 |" in text
    assert "replicas' run 20250601-120000: " in text


@pytest.mark.parametrize("which", ["hostile", "predicting"])
def test_tables_are_rectangular(which, request):
    for section in markdown.render(request.getfixturevalue(which)).split("\n\n"):
        rows = [line.replace("\\|", "") for line in section.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1


def test_foreign_text_stays_text(hostile):
    text = markdown.render(hostile)
    assert "<script" not in text.replace("\\<script", "")
    assert "\\[a\\](javascript" in text


def test_processors_have_a_table_where_kernels_have_several(several, report):
    text = markdown.render(several)
    assert "## Processor by processor" in text
    assert re.search(r"\| client, node1, node2 \| cpu1 \| .* \| 40\.0", text)
    assert "## Processor by processor" not in markdown.render(report)
