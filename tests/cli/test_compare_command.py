import json

import pytest

from netlab.__main__ import main
from netlab.results import store
from tests import factories


@pytest.fixture
def runs(folder, monkeypatch):
    """Stored runs whose samples are made up: two of one environment, one of another."""
    slower = {cell: 0.97 * speed if cell[0] == "ipvlan-l2" else speed for cell, speed in factories.SPEEDS.items()}
    later = [
        factories.sample(cell, round_=at, rate=factories.BASELINE_RATE * speed * (1 + 0.0005 * (at % 3)))
        for at in range(1, 6)
        for cell, speed in slower.items()
    ]
    found = {
        "old": factories.run(run_id="old"),
        "new": factories.run(run_id="new", samples=later),
        "other": factories.run(run_id="other", environment=factories.environment(guest_kernel="6.1")),
    }
    for name, run in found.items():
        store.write_header(folder / ".netlab" / "runs" / name, run.header)
    monkeypatch.setattr("netlab.reports.load_run", lambda directory: found[directory.name])
    return folder


def test_what_became_slower_is_shown(runs, capsys):
    assert main(["compare", "old", "new"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("before old")
    assert out.index("environments are alike") < out.index("network and path")
    (row,) = [line for line in out.splitlines() if "slower" in line]
    assert row.split()[0] == "ipvlan-l2"
    assert "within 1" in out


def test_other_environments_are_refused_unless_told(runs, capsys):
    assert main(["compare", "old", "other"]) == 3
    error = capsys.readouterr().err
    assert "different environments (guest_kernel: " in error
    assert "--anyway" in error
    assert main(["compare", "old", "other", "--anyway"]) == 0
    out = capsys.readouterr().out
    assert out.index("guest kernel") < out.index("network and path")
    assert "against each run's own baseline" in out


def test_json_is_the_same(runs, capsys):
    assert main(["compare", "old", "new", "--margin", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["measure"], found["margin_percent"], found["schema_version"]) == ("requests/s", 2, 1)
    assert found["cells"][0]["verdict"] == "lower"


def test_a_run_that_is_not_there_is_said(runs, capsys):
    assert main(["compare", "old", "knew"]) == 6
    assert "there is no run 'knew'; did you mean 'new'?" in capsys.readouterr().err
    assert main(["compare", "old", "old"]) == 3


def test_formats_are_written_beside_the_later_run_or_where_they_are_asked_for(runs, capsys):
    assert main(["compare", "old", "new"]) == 0
    assert not list(runs.rglob("comparison*"))
    assert main(["compare", "old", "new", "--format", "markdown"]) == 0
    file = runs / ".netlab" / "runs" / "new" / "report" / "comparison.md"
    assert capsys.readouterr().out.endswith(f"markdown: {file}\n")
    assert file.read_text(encoding="utf-8").startswith("# new against old\n")
    assert main(["compare", "old", "new", "--out", "out"]) == 0
    assert {path.name for path in (runs / "out").iterdir()} == {
        "comparison.md",
        "comparison.json",
        "comparison.schema.json",
    }
    document = json.loads((runs / "out" / "comparison.json").read_bytes())
    assert (document["$schema"], document["schema_version"]) == ("comparison.schema.json", 1)


def test_an_unknown_format_is_refused(runs, capsys):
    assert main(["compare", "old", "new", "--format", "html"]) == 2
    assert "unknown format 'html' (known: markdown, json)" in capsys.readouterr().err
