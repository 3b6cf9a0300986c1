from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from netlab.report.compute.build import build_report
from netlab.report.render import terminal
from tests import factories


def printed(report, width=100):
    console = Console(width=width, file=io.StringIO())
    terminal.print_report(report, console)
    return console.file.getvalue()


def test_it_can_be_read_at_100_columns(report):
    text = printed(report)
    assert max(cell_len(line) for line in text.splitlines()) <= 100
    assert "calico-ipip (data-path replica)" in text
    assert "nodeport-remote" in text
    assert "12\u202f292" in text
    assert "base: baseline-vm/host, same round" in text
    assert "…" not in text.replace(" … ", "")


def sentences(text):
    """What follows the tables, one entry a bullet."""
    return [" ".join(part.split()) for part in text.split("\u2022 ")[1:]]


@pytest.mark.parametrize("width", [80, 100, 120])
@pytest.mark.parametrize("make", [lambda: build_report([factories.run()]), lambda: build_report([factories.many()])])
def test_the_table_comes_first_and_three_sentences_follow(make, width):
    report = make()
    text = printed(report, width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert text.splitlines()[0].strip() == report.title
    assert "network and path" in "".join(text.splitlines()[1:6])
    assert ("spread" in text) == (width >= 100)
    assert text.count("nodeport-remote") >= sum(cell.path == "nodeport-remote" for cell in report.cells)
    assert text.index(report.cells[-1].path) < text.index("\u2022")
    assert 1 <= len(sentences(text)) <= 3
    assert all(sentence.endswith(".") for sentence in sentences(text))


def test_the_sentences_are_the_answer_the_doubts_and_the_clock(report):
    answer, doubts, clock = sentences(printed(report))
    assert answer == " ".join(report.headlines[0].text.split())
    assert doubts.startswith("The report has 1 warning, the first: ipvlan-l2 (data-path replica)")
    assert clock == "Virtual clock: a number is the length of a code path, not the speed of a wall clock."


def test_a_cell_without_a_sample_is_said_and_a_long_list_only_counted():
    found = build_report([factories.run(cells=[factories.BASELINE, ("calico-ipip", "pod-ip")])])
    (doubts,) = [text for text in sentences(printed(found)) if text.startswith("The report has")]
    assert "3 cells without a sample" in doubts
    long = found.model_copy(update={"warnings": ("x" * 500 + ".", "y.")})
    (doubts,) = [text for text in sentences(printed(long)) if text.startswith("The report has")]
    assert doubts == "The report has 2 warnings and 3 cells without a sample."


def test_what_is_too_much_for_a_screen_is_left_to_the_files(proven):
    text = printed(proven)
    assert not any(word in text for word in ("PREROUTING", "its response cross", "Where the CPU time went"))


def test_predictions_show_both_sides_and_can_be_read_at_100_columns(predicting, report):
    text = printed(predicting)
    assert max(cell_len(line) for line in text.splitlines()) <= 100
    (row,) = [line for line in text.splitlines() if "differs" in line]
    assert row.replace("\N{MINUS SIGN}", "-").split()[:6] == ["calico-ipip", "-21.8", "%", "-14.7", "%", "+7.0"]
    answer, *_, clocks = sentences(text)
    assert answer == " ".join(predicting.predictions.summary.split())
    assert clocks.startswith("Clusters are on the real clock, replicas on the virtual one")
    assert "How well replicas predict" not in printed(report)


@pytest.mark.parametrize("width", [80, 120])
def test_what_is_no_difference_has_a_mark_that_the_caption_explains(width):
    speeds = {factories.BASELINE: 1, ("calico-ipip", "pod-ip"): 1.0001, ("ipvlan-l2", "pod-ip"): 0.99}
    samples = [
        factories.sample(cell, round_=at, rate=1000 * speed * (1 + 0.02 * at % 3 * (cell[0] == "ipvlan-l2")))
        for at in (1, 2, 3)
        for cell, speed in speeds.items()
    ]
    text = printed(build_report([factories.run(samples=samples, rounds=3)]), width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert "= 0.0\u202f%" in text
    assert "? " in text
    said = " ".join(text.split())
    assert "=: same within 1 %; ?: cannot tell yet" in said
    shown = printed(build_report([factories.run()]), width)
    assert "cannot tell yet" not in shown


def test_foreign_text_is_no_markup(report):
    cell = report.cells[1].model_copy(update={"label": "[red]x[/red]"})
    assert "[red]x[/red]" in printed(report.model_copy(update={"cells": (cell,)}))
