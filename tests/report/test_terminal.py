from __future__ import annotations

import io

from rich.cells import cell_len
from rich.console import Console

from netlab.report import build_report, terminal
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


def test_missing_cells_warnings_and_the_clock_are_said(report):
    text = " ".join(printed(report).split())
    assert "Not measured • nodeport-local of ipvlan-l2 (data-path replica): an ipvlan pod" in text
    assert "Read with care" in text
    assert report.clock_note in text


def test_paths_are_counted(proven, report):
    text = printed(proven)
    assert max(cell_len(line) for line in text.splitlines()) <= 100
    (row,) = [line for line in text.splitlines() if "70 (+56)" in line]
    assert row.split()[-8:] == ["20", "(+20)", "0", "6", "(+4)", "4", "(+2)", "56"]
    assert "PREROUTING" not in text
    assert "its response cross" not in printed(report)


def test_predictions_show_both_sides_and_can_be_read_at_100_columns(predicting, report):
    text = printed(predicting)
    assert max(cell_len(line) for line in text.splitlines()) <= 100
    (row,) = [line for line in text.splitlines() if "apart by 7.0 points" in line]
    assert row.replace("\N{MINUS SIGN}", "-").split()[:6] == ["calico-ipip", "-21.8", "%", "-14.7", "%", "+7.0"]
    assert "calico-ipip (data-path replica) · pod-ip" in text
    assert "Replicas. Virtual clock" in text
    assert "How well replicas predict" not in printed(report)


def test_replicas_without_a_cluster_are_left_to_the_files():
    clusters = factories.clusters(rounds=3, cells={factories.BASELINE: (1, 0), ("calico-ipip", "pod-ip"): (0.9, 0)})
    text = printed(build_report([clusters], [factories.run(rounds=3)]))
    own = text.partition("own figures")[2].partition("Change: ")[0]
    assert "pod-ip" in own
    assert "nodeport-remote" not in own


def test_a_large_report_keeps_to_the_worst():
    text = printed(build_report([factories.many(rounds=1)]))
    assert text.count("Behind network") == terminal.HEADLINES
    assert "10 more networks in the table" in text
    assert "host of network-a, network-b" in text


def test_foreign_text_is_no_markup(report):
    cell = report.cells[1].model_copy(update={"label": "[red]x[/red]"})
    assert "[red]x[/red]" in printed(report.model_copy(update={"cells": (cell,)}))
