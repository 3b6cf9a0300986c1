from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import get_args

import pytest

from netlab.cli import options
from netlab.report.draw import charts
from netlab.report.render import comparison_files, files
from netlab.results import store
from tests import factories

RECORDED = Path(__file__).parents[2] / "samples" / "data" / "nodeport-netfilter.perf.gz"


@pytest.fixture
def material(proven, tmp_path):
    """The report of a stored run, whose profiler's files are real ones; another cannot be read."""
    run = factories.run()
    folder = tmp_path / "run"
    store.write_header(folder, run.header)
    spots = store.hotspots_folder(folder / "raw", "calico-ipip")
    spots.mkdir(parents=True)
    (spots / "nodeport-local.perf.gz").write_bytes(RECORDED.read_bytes())
    (spots / "nodeport-local+close.perf.gz").write_bytes(RECORDED.read_bytes())
    (spots / "pod-ip.perf.gz").write_bytes(b"no gzip")
    return files.Material(proven, (run,), (folder,))


def names(written, root):
    return {name: sorted(str(path.relative_to(root)) for path in paths) for name, paths in written.items()}


def test_every_format_writes_its_files(material, tmp_path):
    out = tmp_path / "new" / "folder"
    written = files.write_report(material, out, get_args(files.Format))
    found = names(written, out)
    pictures = found.pop("svg")
    assert found == {
        "html": ["report.html"],
        "json": ["report.json", "report.schema.json"],
        "csv": ["cells.csv", "samples.csv"],
        "openmetrics": ["report.prom"],
        "markdown": ["report.md"],
        "folded": ["folded/calico-ipip-nodeport-local-close.folded", "folded/calico-ipip-nodeport-local.folded"],
    }
    assert {"svg/latency.svg", "svg/path-baseline-vm-host.svg"} < set(pictures)
    assert {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()} == {
        *pictures,
        *(name for files_ in found.values() for name in files_),
    }
    stacks = (out / "folded" / "calico-ipip-nodeport-local.folded").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith("nginx;") and ";veth_xmit " in line for line in stacks)
    document = json.loads((out / "report.json").read_bytes())
    assert (out / document["$schema"]).is_file()


def test_the_usual_ones_are_what_a_report_has_always_had(material, tmp_path):
    found = names(files.write_report(material, tmp_path / "out"), tmp_path / "out")
    assert found == {"html": ["report.html"], "markdown": ["report.md"], "json": ["report.json", "report.schema.json"]}


def test_stacks_of_several_runs_are_told_apart(material, tmp_path):
    twice = files.Material(material.report, material.runs * 2, (material.folders[0], material.folders[0]))
    (written,) = files.write_report(twice, tmp_path / "out", ["folded"]).values()
    assert len({path.name for path in written}) == 4
    assert all(path.name.startswith("run-calico-ipip") for path in written)


def test_what_cannot_be_rendered_leaves_the_older_report(material, tmp_path, monkeypatch):
    out = tmp_path / "out"
    (first,) = files.write_report(material, out, ["json"])["json"][:1]
    before = first.read_bytes()

    def fail(_):
        raise RuntimeError("no picture")

    monkeypatch.setattr(charts, "draw", fail)
    other = files.Material(material.report.model_copy(update={"title": "Another"}))
    with pytest.raises(RuntimeError):
        files.write_report(other, out, ["json", "svg"])
    assert first.read_bytes() == before
    assert sorted(path.name for path in out.iterdir()) == ["report.json", "report.schema.json"]


def test_the_command_line_knows_the_formats():
    assert options.FORMATS == tuple(files.RENDERERS) == get_args(files.Format)
    assert set(options.COMPARISON_FORMATS) == set(comparison_files.RENDERERS) == set(get_args(comparison_files.Format))


def test_the_recorded_profile_is_one():
    assert gzip.decompress(RECORDED.read_bytes()).count(b"cpu-clock") == 658
