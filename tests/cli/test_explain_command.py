import json
from datetime import timedelta

import pytest

from netlab.__main__ import main
from netlab.results import store
from tests import factories, proofs


@pytest.fixture
def runs(folder, monkeypatch):
    """Two stored runs, the newer one without ipvlan; what is read of them is made up."""
    root = folder / ".netlab" / "runs"
    older = factories.header(run_id="older")
    newer = older.model_copy(
        update={
            "run_id": "newer",
            "created_at": older.created_at + timedelta(days=1),
            "profiles": factories.PROFILES[:2],
        }
    )
    for header in (older, newer):
        store.write_header(root / header.run_id, header)

    def load(directory):
        return factories.run(rounds=1, proofs=proofs.proofs(), run_id=directory.name)

    monkeypatch.setattr(store, "load_run", load)
    return root


def test_it_draws_the_path_and_says_what_costs_what(runs, capsys):
    assert main(["explain", "calico-ipip"]) == 0
    text = capsys.readouterr().out
    assert "run newer" in text
    assert "in lab0 → +PREROUTING → +DNAT" in text
    assert "are netfilter" in text


def test_the_newest_run_that_has_the_profile_is_read(runs, capsys):
    (runs / "broken").mkdir()
    (runs / "broken" / "run.json").write_text("{")
    assert main(["explain", "ipvlan-l2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["profile"], found["run_id"]) == ("ipvlan-l2", "older")


def test_a_run_can_be_named(runs, capsys):
    assert main(["explain", "calico-ipip", "--run", "older", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run_id"] == "older"


@pytest.mark.parametrize(
    ("words", "code", "message", "hint"),
    [
        (["calico-ipp"], 3, "there is no profile 'calico-ipp'; did you mean 'calico-ipip'?", "known profiles: "),
        (
            ["ipvlan-l2", "--run", "newer"],
            6,
            "run newer has no profile 'ipvlan-l2'",
            "it has: baseline-vm, calico-ipip",
        ),
        (["ipvlan-l2", "--run", "oldr"], 6, "there is no run 'oldr'; did you mean 'older'?", "netlab status"),
    ],
)
def test_what_cannot_be_explained_is_said(runs, capsys, words, code, message, hint):
    assert main(["explain", *words]) == code
    error = capsys.readouterr().err
    assert message in error
    assert hint in error


def test_a_profile_that_was_never_measured_says_how_to(folder, capsys):
    assert main(["explain", "calico-ipip"]) == 6
    error = capsys.readouterr().err
    assert "no stored run has profile 'calico-ipip'" in error
    assert "netlab run --profiles baseline-vm,calico-ipip" in error
