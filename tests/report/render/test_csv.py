from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.report.compute.samples import measured
from netlab.report.render import csv_
from tests import factories


def read(text):
    assert not text or text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_line_per_cell_with_units_in_the_names_of_columns(report):
    rows = read(csv_.cells(report))
    assert [row["profile"] + "/" + row["path"] for row in rows] == [f"{c.profile}/{c.path}" for c in report.cells]
    first, other = rows[0], report.cells[1]
    assert (first["is_baseline"], first["change_percent"], first["verdict"]) == ("true", "", "")
    assert float(rows[1]["change_low_percent"]) == other.change.low_percent
    assert float(rows[1]["requests_per_s_median"]) == other.rate.median
    assert float(rows[1]["p99_us_high"]) == other.latency.intervals["p99_us"].high
    assert float(rows[1]["cpu_softirq_percent_of_one_cpu[client+node1+node2]"]) == other.cpu[0].percent["softirq"]
    assert float(rows[1]["softirqs_NET_RX_per_request"]) == other.softirqs_per_request["NET_RX"]
    assert float(rows[1]["subsystem_tcp_us_per_request"]) == next(
        share.us_per_request for share in other.hot_groups if share.group == "tcp"
    )


def test_a_line_per_sample():
    run = factories.run(rounds=3)
    rows = read(csv_.samples(measured([run])))
    assert len(rows) == len(run.samples)
    row, sample = rows[4], run.samples[4]
    assert (row["run"], row["round"], row["position"]) == (run.header.run_id, str(sample.round), str(sample.position))
    assert float(row["requests_per_s"]) == sample.wrk.requests_per_second
    assert float(row["cpu_softirq_s[client+node1+node2]"]) == sample.kernels[0].cpu.softirq / 100
    assert int(row["softirqs_NET_RX_runs[client+node1+node2]"]) == sample.kernels[0].softirqs["NET_RX"]
    assert float(row["p50_us"]) <= float(row["p90_us"]) <= float(row["p99_us"]) <= float(row["max_us"])
    assert row["started_at"] == "2025-06-01T12:01:00+00:00"


def test_what_is_not_known_is_empty_and_no_sample_is_no_line():
    sample = factories.sample()
    unknown = sample.model_copy(update={"wrk": sample.wrk.model_copy(update={"histogram": None})})
    (row,) = read(csv_.samples(measured([factories.run(samples=[unknown])])))
    assert "p50_us" not in row
    assert len(read(csv_.samples(measured([factories.run(samples=[])])))) == 0
    first, second = read(csv_.samples(measured([factories.run(samples=[unknown, sample])])))
    assert first["p50_us"] == ""
    assert float(second["p50_us"]) > 0


FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
HOSTILE = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["=cmd|' /C calc'!A0", '+"1",', "-2+3", "@x", "\t=1", "a\r\nb", 'ü,"\n;', "=\u202e"]
)


@given(HOSTILE, HOSTILE)
def test_every_name_comes_back_and_none_is_a_formula(label, profile):
    sample = factories.sample((profile, "pod-ip"))
    text = csv_.samples(measured([factories.run(run_id=label or "x", samples=[sample])]))
    (row,) = read(text)
    for column, name in (("profile", profile), ("run", label or "x")):
        assert row[column] == (f"'{name}" if name.startswith(FORMULA) else name)


@pytest.mark.parametrize("which", ["hostile", "predicting"])
def test_tables_are_rectangular(which, request):
    text = csv_.cells(request.getfixturevalue(which))
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len({len(row) for row in rows}) == 1
    assert len(rows) == len(request.getfixturevalue(which).cells) + 1


def test_each_processor_has_columns_of_its_own(several):
    row = read(csv_.cells(several))[0]
    use = several.cells[0].processors[1]
    place = "[cpu1 of client+node1+node2]"
    assert float(row[f"cpu_softirq_percent{place}"]) == use.percent["softirq"]
    assert float(row[f"softirqs_NET_RX_per_request{place}"]) == use.softirqs_per_request["NET_RX"]
