from __future__ import annotations

import pytest

from netlab.model.run import Machine
from netlab.report.compute.build import build_report
from netlab.report.text import numbers, words
from tests import factories

GAP = numbers.NARROW


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (factories.change(None, None, None, "cannot tell yet", 0), "cannot be compared"),
        (factories.change(-15, None, None, "cannot tell yet", 2), "but 2 rounds cannot tell that from chance"),
        (
            factories.change(-0.1, -0.5, 0.3, "no difference at this precision"),
            f"as many requests per second as X, within 1{GAP}% (95{GAP}% CI",
        ),
        (factories.change(-0.1, -5, 4.8, "cannot tell yet"), "but that may be chance: cannot tell yet (95"),
        (factories.change(-15.1, -15.5, -14.7, "lower"), f"15.1{GAP}% fewer requests per second than X (95{GAP}% CI"),
        (factories.change(4, 3, 5, "higher"), "more requests per second than X"),
    ],
)
def test_headline_says_no_more_than_is_known(report, found, expected):
    assert expected in words.headline(report.cells[1], found, "X")


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        ("lower", "slower"),
        ("higher", "faster"),
        ("no difference at this precision", f"same within 1{GAP}%"),
        ("cannot tell yet", "cannot tell yet"),
    ],
)
def test_verdicts_have_words_of_their_own(verdict, text):
    assert words.verdict(factories.change(-1, -2, 0, verdict)) == text
    assert words.verdict(None) == ""


def test_each_machine_that_netlab_did_not_make_has_a_row_of_its_own():
    machine = Machine(name="node1", os="Debian 13", kernel="6.12", cpu="Xeon", cpus=2, memory_mib=3928, zone="1a")
    report = build_report([factories.run(environment=factories.environment(machines=(machine,)))])
    rows = dict(words.environment(report))
    assert rows["machine node1"] == "Debian 13, Linux 6.12, 2 x Xeon, 3928 MiB, 1a"
    assert "machines" not in rows
