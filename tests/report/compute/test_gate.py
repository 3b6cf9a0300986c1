from __future__ import annotations

import pytest

from netlab.errors import ResultsError
from netlab.report.compute.build import build_report
from netlab.report.compute.gate import build_gate
from tests import factories


def judged(gate):
    return {cell.name.replace(" (data-path replica)", ""): cell.judgement for cell in gate.cells}


def test_every_cell_but_the_baseline_is_judged_and_what_failed_comes_first(report):
    gate = build_gate(report, 13)
    assert list(judged(gate).items()) == [
        ("calico-ipip · nodeport-local", "failed"),
        ("calico-ipip · nodeport-remote", "failed"),
        ("ipvlan-l2 · pod-ip", "passed"),
        ("calico-ipip · pod-ip", "passed"),
    ]
    assert (gate.base, gate.max_loss_percent, gate.runs) == ("baseline-vm/host", 13, ("20250601-120000",))
    assert "14.7" in gate.cells[0].text
    assert "fewer requests per second than with baseline-vm/host" in gate.cells[0].text


def test_a_limit_within_an_interval_cannot_be_told(report):
    change = next(cell.change for cell in report.cells if cell.path == "nodeport-local")
    gate = build_gate(report, -(change.low_percent + change.high_percent) / 2)
    assert judged(gate)["calico-ipip · nodeport-local"] == "cannot tell yet"


def test_too_few_rounds_cannot_be_told():
    gate = build_gate(build_report([factories.run(rounds=2)]), 90)
    assert set(judged(gate).values()) == {"cannot tell yet"}


def test_a_path_without_a_sample_does_not_pass():
    run = factories.run(cells=[factories.BASELINE, ("calico-ipip", "pod-ip")])
    gate = build_gate(build_report([run]), 90)
    assert judged(gate)["calico-ipip · nodeport-remote"] == "cannot tell yet"
    (lost,) = [cell for cell in gate.cells if cell.path == "nodeport-remote"]
    assert lost.change is None
    assert "no sample: the run ended" in lost.text
    assert all(cell.path != "host" for cell in gate.cells)
    assert "ipvlan-l2 · nodeport-local" not in judged(gate), "a path that cannot exist is not missing"


def test_a_baseline_alone_is_nothing_to_judge():
    run = factories.run(cells=[factories.BASELINE], profiles=factories.PROFILES[:1])
    with pytest.raises(ResultsError, match="nothing to judge: nothing but the baseline, baseline-vm/host"):
        build_gate(build_report([run]), 5)
