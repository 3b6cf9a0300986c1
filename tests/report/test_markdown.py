from __future__ import annotations

from netlab.report import markdown


def test_it_holds_every_section(report):
    text = markdown.render(report)
    titles = [line for line in text.splitlines() if line.startswith("#")]
    assert titles == [
        "# The cost of 2 container networks",
        "## Read with care",
        "## Where the CPU time went",
        "## CPU time by class, % of one CPU",
        "## Softirq runs per request",
        "## Hot kernel functions",
        "## Not measured",
        "## How the numbers were made",
        "## Where",
    ]
    assert "| calico-ipip (data-path replica) | nodeport-remote | 12\u202f292 |" in text


def test_paths_are_lists_of_namespaces(proven):
    text = markdown.render(proven).replace("\\", "")
    assert "## The path each packet takes\n\n### baseline-vm · host\n\n14 hops, 2 namespaces" in text
    assert (
        "Request:\n\n1. client: socket, out lab0, veth_xmit, raise NET_RX\n2. wire\n3. node1: in lab0, +PREROUTING"
        in text
    )


def test_facts_are_what_is_not_as_on_the_baseline(proven):
    text = markdown.render(proven).replace("\\", "")
    assert "| calico-ipip (data-path replica) | node1 | iptables rules | 23 | 0 |" in text
    assert "| calico-ipip (data-path replica) | node1 | tunl0 mtu | 1\u202f480 | \u2013 |" in text
    assert "| calico-ipip (data-path replica) | client |" not in text


def test_tables_are_rectangular(hostile):
    for section in markdown.render(hostile).split("\n\n"):
        rows = [line.replace("\\|", "") for line in section.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1


def test_foreign_text_stays_text(hostile):
    text = markdown.render(hostile)
    assert "<script" not in text.replace("\\<script", "")
    assert "\\[a\\](javascript" in text
