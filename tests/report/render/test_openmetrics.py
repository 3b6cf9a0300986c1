from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import parser as prometheus
from prometheus_client.openmetrics import parser as openmetrics

from netlab.report.render import openmetrics as rendered


def families(report):
    """What the format's own parser reads; it refuses what is not valid."""
    return {one.name: one for one in openmetrics.text_string_to_metric_families(rendered.render(report))}


def sample(found, name, **labels):
    (one,) = [one for one in found[name].samples if labels.items() <= one.labels.items()]
    return one.value


@pytest.mark.parametrize("which", ["report", "proven", "predicting", "hostile"])
def test_it_is_valid_and_named_by_its_units(which, request):
    report = request.getfixturevalue(which)
    text = rendered.render(report)
    assert text.endswith("\n# EOF\n")
    found = families(report)
    for name, one in found.items():
        assert name.startswith("netlab_")
        assert (one.type, bool(one.documentation)) == ("gauge", True)
        assert name.endswith(one.unit)
    assert {one.unit for one in found.values()} >= {"seconds", "ratio", "requests_per_second", "seconds_per_request"}
    lines = [len(one.samples) for one in found.values()]
    assert lines == [len(one.samples) for one in prometheus.text_string_to_metric_families(text)]


def test_figures_are_in_base_units(report):
    found, cell = families(report), report.cells[1]
    labels = {"cell": cell.name}
    assert sample(found, "netlab_requests_per_second", of_rounds="median", **labels) == cell.rate.median
    assert sample(found, "netlab_change_ratio", bound="low", **labels) == pytest.approx(cell.change.low_percent / 100)
    assert sample(found, "netlab_verdict", **labels, verdict=cell.change.verdict) == 1
    times = {"quantile": "0.99", "correction": "none", **labels}
    assert sample(found, "netlab_response_time_seconds", bound="estimate", **times) == pytest.approx(
        cell.latency.p99_us / 1e6
    )
    assert sample(found, "netlab_response_time_seconds", bound="high", **times) == pytest.approx(
        cell.latency.intervals["p99_us"].high / 1e6
    )
    modes = {"mode": "softirq", "kernel": "client,node1,node2", "bound": "estimate"}
    assert sample(found, "netlab_cpu_ratio", **modes, **labels) == pytest.approx(cell.cpu[0].percent["softirq"] / 100)


def test_what_is_not_known_has_no_line(report):
    found = families(report)
    base = report.cells[0].name
    assert not [one for one in found["netlab_change_ratio"].samples if one.labels["cell"] == base]


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_name_comes_back(report, name):
    cell = report.cells[0].model_copy(update={"name": name, "profile": name})
    found = families(report.model_copy(update={"cells": (cell,)}))
    assert {one.labels["cell"] for one in found["netlab_rounds"].samples} == {name}
