import json

import pytest

from netlab.__main__ import main
from netlab.results import store
from tests import factories


@pytest.fixture
def runs(folder, monkeypatch):
    """Stored runs of a cluster and of its replicas; their samples are made up."""
    kinds = {"cluster": factories.clusters, "replica": factories.run, "old-replica": factories.run}
    found = {name: make(rounds=3, run_id=name) for name, make in kinds.items()}
    root = folder / ".netlab" / "runs"
    for name, run in found.items():
        store.write_header(root / name, run.header)
    monkeypatch.setattr("netlab.reports.load_run", lambda directory: found[directory.name])
    return root


def test_replicas_are_compared_with_the_cluster(runs, capsys):
    assert main(["report", "cluster", "--replicas", "replica"]) == 0
    out = capsys.readouterr().out
    assert "How well replicas predict" in out
    assert "calico-ipip (cluster)" in out
    assert out.endswith("cluster/report/report.html\n")
    assert {file.name for file in (runs / "cluster" / "report").iterdir()} == {
        "report.html",
        "report.md",
        "report.json",
        "report.schema.json",
    }


def test_json_holds_the_predictions_and_several_runs_of_replicas(runs, capsys):
    several = ["--replicas", "replica", "--replicas", "old-replica"]
    assert main(["report", "cluster", *several, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [run["run_id"] for run in found["predictions"]["runs"]] == ["replica", "old-replica"]
    assert main(["report", "cluster", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["predictions"] is None


def margins(capsys, *words):
    assert main(["report", "cluster", "--replicas", "replica", *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    return found["margin_percent"], {row["margin_points"] for row in found["predictions"]["rows"]}


def test_what_is_called_equal_is_the_labs_or_the_options(runs, capsys, folder):
    assert margins(capsys) == (1, {5})
    (folder / "netlab.yml").write_text("report:\n  margin_percent: 2\n  margin_points: 3.5\n", encoding="utf-8")
    assert margins(capsys) == (2, {3.5})
    assert margins(capsys, "--margin", "0.5 %") == (0.5, {3.5})
    assert margins(capsys, "--margin", "3%", "--replica-margin", "4") == (3, {4})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--margin", "0"], "--margin: Input should be greater than 0"),
        (["--margin", "nan"], "--margin: Input should be"),
        (["--replica-margin", "99"], "--replica-margin: Input should be less than or equal to 50"),
        (["--margin", "much"], "--margin: invalid amount value: 'much'"),
    ],
)
def test_a_margin_that_is_none_is_refused(runs, capsys, words, message):
    assert main(["report", "cluster", *words]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "message", "hint"),
    [
        (["cluster", "replica"], 3, "different environments", "netlab report cluster --replicas replica"),
        (["replica", "--replicas", "old-replica"], 3, "no cluster for replicas to predict", "CLUSTER_RUN"),
        (["--replicas", "replica", "cluster"], 3, "one of clusters: run cluster", "netlab report cluster --replicas"),
        (["cluster", "--replicas", "replca"], 6, "no run 'replca'; did you mean 'replica'?", "netlab status"),
        (["cluster", "--replicas"], 2, "--replicas: expected at least one argument", "netlab report --help"),
    ],
)
def test_what_cannot_be_compared_is_said(runs, capsys, words, code, message, hint):
    assert main(["report", *words]) == code
    error = capsys.readouterr().err
    assert message in error
    assert hint in error


def test_formats_are_written_where_they_are_asked_for(runs, capsys, folder):
    assert main(["report", "cluster", "--format", "csv,openmetrics", "--out", "new/out"]) == 0
    shown = capsys.readouterr().out.splitlines()
    out = folder / "new" / "out"
    assert shown[-2:] == [f"csv: {out}/cells.csv, {out}/samples.csv", f"openmetrics: {out}/report.prom"]
    assert {file.name for file in out.iterdir()} == {"cells.csv", "samples.csv", "report.prom"}
    assert not (runs / "cluster" / "report").exists()


def test_all_is_every_format_and_one_without_anything_to_show_says_so(runs, capsys, folder):
    assert main(["report", "cluster", "--format", "all", "--out", "out"]) == 0
    shown = capsys.readouterr().out
    assert "folded: nothing was recorded that it could show\n" in shown
    assert shown.endswith("out/report.html\n")
    assert (folder / "out" / "report.md").is_file()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--format", "cvs"], 2, "argument --format: unknown format 'cvs'; did you mean 'csv'?"),
        (["--format", "html,pdf"], 2, "argument --format: unknown format 'pdf' (known: html, json, csv, "),
        (["--format", ","], 2, "argument --format: no format is named (known: html, "),
        (["--out", "~nobody-is-called-so/x"], 2, "--out: "),
        (["--out", "netlab.yml/x"], 1, "netlab.yml/x"),
    ],
)
def test_what_cannot_be_written_is_said(runs, capsys, folder, words, code, message):
    (folder / "netlab.yml").write_text("rounds: 3\n", encoding="utf-8")
    assert main(["report", "cluster", *words]) == code
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_json_is_printed_whatever_is_written(runs, capsys, folder):
    assert main(["report", "cluster", "--json", "--format", "csv", "--out", "out"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["$schema"], found["schema_version"]) == ("report.schema.json", 2)
    assert not (folder / "out" / "report.json").exists()
