import json
from xml.etree import ElementTree as ET

import pytest

from netlab.__main__ import main
from netlab.results import store
from tests import factories


@pytest.fixture
def runs(folder, monkeypatch):
    """Stored runs whose samples are made up: one of five rounds, one of two."""
    found = {f"r{rounds}": factories.run(rounds=rounds, run_id=f"r{rounds}") for rounds in (2, 5)}
    for name, run in found.items():
        store.write_header(folder / ".netlab" / "runs" / name, run.header)
    monkeypatch.setattr("netlab.reports.load_run", lambda directory: found[directory.name])
    return folder


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["r5", "--max-loss", "45%"], 0, ""),
        (
            ["r5", "--max-loss", "13"],
            16,
            "netlab: error: more than 13 % is lost against baseline-vm/host by",
        ),
        (["r2", "--max-loss", "45"], 17, "netlab: error: cannot tell yet whether more than 45 % is lost against"),
        (["r5", "--max-loss", "-1"], 2, "netlab: error: --max-loss: -1 is not a loss in percent"),
        (["r5", "--max-loss", "100"], 2, "netlab: error: --max-loss: 100 is not a loss"),
        (["r5", "--max-loss", "nan"], 2, "netlab: error: --max-loss: nan is not a loss"),
        (["r5"], 2, "netlab: error: the following arguments are required: --max-loss"),
        (["r9", "--max-loss", "5"], 6, "netlab: error: there is no run 'r9'"),
    ],
)
def test_the_exit_code_is_the_judgement(runs, capsys, words, code, error):
    assert main(["gate", *words]) == code
    said = capsys.readouterr().err
    assert said.startswith(error)
    assert bool(said) == bool(error)


def test_the_judgements_are_shown_and_written(runs, capsys):
    assert main(["gate", "r5", "--max-loss", "13%", "--junit", "out.xml"]) == 16
    shown = capsys.readouterr().out
    assert shown.index("failed") < shown.index("passed")
    assert "nodeport-remote" in shown
    assert "failed: surely more" in shown
    root = ET.parse(runs / "out.xml").getroot()
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "2", "0")


def test_json_is_the_same(runs, capsys):
    assert main(["gate", "r2", "--max-loss", "13", "--json"]) == 17
    found = json.loads(capsys.readouterr().out)
    assert (found["max_loss_percent"], found["base"]) == (13, "baseline-vm/host")
    assert {cell["judgement"] for cell in found["cells"]} == {"cannot tell yet"}


def test_a_file_that_cannot_be_written_is_said(runs, capsys):
    assert main(["gate", "r5", "--max-loss", "13", "--junit", "no/out.xml"]) == 2
    assert "no/out.xml cannot be written: No such file or directory" in capsys.readouterr().err
