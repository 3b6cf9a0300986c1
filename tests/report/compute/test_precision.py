from __future__ import annotations

import pytest

from netlab.report.compute import precision
from netlab.report.compute.build import build_report
from netlab.statistics.jackknife import jackknife
from tests import factories


def share(total):
    return {"share": total["part"] / total["whole"]} if total["whole"] else {}


def test_a_figure_of_sums_is_made_again_without_each_round():
    rows = [{"part": 1, "whole": 10}, {"part": 2, "whole": 11}, {"part": 3, "whole": 20}]
    found = precision.of_sums(rows, share)["share"]
    expected = jackknife(6 / 41, [5 / 31, 4 / 30, 3 / 21], 0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("rows", [[], [{"part": 1, "whole": 2}] * 2, [{"part": 0, "whole": 2}] * 3])
def test_too_few_rounds_and_zeros_have_no_bounds(rows):
    assert precision.of_sums(rows, lambda total: share({"part": 0, "whole": 0, **total})) == {}


def holds(bounds, value):
    """Whether the value is within its bounds; where all rounds are alike, they are the value, but for rounding."""
    return bounds.low <= value * (1 + 1e-9) <= bounds.high * (1 + 2e-9)


def test_every_figure_of_a_cell_is_within_its_bounds(report):
    for cell in report.cells:
        for found in (cell.latency, cell.corrected_latency):
            assert set(found.intervals) == {"p50_us", "p90_us", "p99_us", "mean_us"}
            assert all(holds(one, getattr(found, name)) for name, one in found.intervals.items())
        assert holds(cell.cpu_interval, cell.cpu_us_per_request)
        assert set(cell.softirq_intervals) == set(cell.softirqs_per_request)
        assert all(holds(one, cell.softirqs_per_request[vector]) for vector, one in cell.softirq_intervals.items())
        for use in cell.cpu:
            assert all(holds(one, use.percent[name]) for name, one in use.intervals.items())
            assert "steal" not in use.intervals, "what took no time has no interval"


def test_two_rounds_have_none():
    cell = build_report([factories.run(rounds=2)]).cells[0]
    assert [cell.latency.intervals, cell.softirq_intervals, cell.cpu[0].intervals] == [{}, {}, {}]
    assert cell.cpu_interval is None


def width(report):
    cell = next(cell for cell in report.cells if cell.path == "nodeport-remote")
    return cell.softirq_intervals["NET_RX"].high - cell.softirq_intervals["NET_RX"].low


def test_a_round_that_differs_makes_them_wider():
    *others, last = [one for one in factories.run().samples if one.path == "nodeport-remote"]
    odd = last.model_copy(update={"kernels": (factories.counters(0.2, last.wrk.requests),)})
    found = [build_report([factories.run(samples=[*others, one])]) for one in (last, odd)]
    assert width(found[1]) > 5 * width(found[0])
