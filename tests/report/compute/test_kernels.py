from __future__ import annotations

import json

import pytest

from netlab.report.compute import kernels
from netlab.report.compute.build import build_report
from netlab.report.render import html, json_, markdown
from netlab.report.text import words
from tests import factories, proofs

FAULTS = {
    "mds": "Vulnerable: Clear CPU buffers attempted, no microcode",
    "meltdown": "Not affected",
    "srbds": "Vulnerable",
}


def proven(arguments, faults=None):
    """A run whose hosts say how they were booted; pods say nothing."""
    proof = proofs.proof("calico-ipip")
    facts = {
        place: one
        if "/" in place
        else one.model_copy(update={"kernel_arguments": arguments, "vulnerabilities": faults or {}})
        for place, one in proof.facts.items()
    }
    return factories.run(proofs=(proof.model_copy(update={"facts": facts}),))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("root=/dev/vda mitigations=off nokaslr", "off"),
        ("mitigations=off mitigations=auto,nosmt", "auto,nosmt"),
        ("root=/dev/vda quiet", "auto"),
        ("xmitigations=off", "auto"),
    ],
)
def test_the_last_word_of_the_command_line_counts(arguments, expected):
    assert kernels.mitigations(arguments) == expected


def test_every_format_says_whether_mitigations_are_on():
    report = build_report([proven("rw mitigations=off nokaslr", FAULTS)])
    (kernel,) = report.kernels
    assert (kernel.hosts, kernel.vulnerable) == (("client", "node1", "node2"), ("mds", "srbds"))
    said = "off (kernel command line: mitigations=off); vulnerable to 2 of 3 known faults: mds, srbds"
    assert ("CPU mitigations", said) in words.environment(report)
    for text in (html.render(report), markdown.render(report)):
        assert "mds, srbds" in text
        assert "no microcode" in text
        assert "nokaslr" in text
    assert json.loads(json_.render(report))["kernels"] == [kernel.model_dump(mode="json")]


def test_a_kernel_that_guards_itself_says_that_too():
    report = build_report([proven("quiet", {"meltdown": "Mitigation: PTI"})])
    assert words.mitigations(report.kernels[0]) == "auto (the kernel's default); vulnerable to 0 of 1 known fault"


def test_what_clusters_and_replicas_were_booted_with_is_compared():
    clusters = factories.clusters().model_copy(update={"proofs": proven("mitigations=auto").proofs})
    report = build_report([clusters], [proven("mitigations=off")])
    rows = {name: (mine, theirs) for name, mine, theirs in words.environment_rows(report, report.predictions)}
    assert [text.partition(" ")[0] for text in rows["CPU mitigations"]] == ["auto", "off"]
    same = build_report([clusters], [proven("mitigations=auto")])
    assert "CPU mitigations" not in {row[0] for row in words.environment_rows(same, same.predictions)}


def test_runs_that_did_not_record_it_say_nothing(report):
    assert report.kernels == ()
    assert "CPU mitigations" not in dict(words.environment(report))
