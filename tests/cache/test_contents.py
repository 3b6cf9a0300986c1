"""What is found in a cache that other netlabs work on at the same moment, and when its entries were last used."""

from pathlib import Path

import pytest

from netlab.cache import contents
from netlab.cache.contents import entries
from tests.cache.factories import make_image, make_snapshot


@pytest.fixture
def cache(tmp_path):
    """An entry of each kind but the rare ones."""
    make_snapshot(tmp_path, make_image(tmp_path))
    for name in ("payloads/p.ext4", "artifacts/sha256/" + "0" * 64, "artifacts/partial/coming", "logs/cache.log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "artifacts" / "partial" / "tmp1").mkdir()
    (tmp_path / "artifacts" / "partial" / "tmp1" / "blob").write_text("x")
    return tmp_path


def kinds(found):
    return [entry.kind for entry in found]


ALL = ["image", "snapshot", "payload", "artifact", "download", "download", "log"]


@pytest.mark.parametrize("deep", [False, True])
def test_what_goes_once_its_folder_was_read_is_not_there(cache, monkeypatch, deep):
    """A download ends, a snapshot is replaced, another netlab prunes: between the names and the look at each."""
    visible = contents._visible
    monkeypatch.setattr(contents, "_visible", lambda folder: [*visible(folder), folder / "gone"])
    monkeypatch.setattr(contents.work, "leftovers", lambda parent: [parent / ".new-gone"])
    assert kinds(entries(cache, deep=deep)) == ALL


def test_what_goes_while_the_others_are_looked_at_is_not_there(cache, monkeypatch):
    def last(*_, **__):
        (cache / "artifacts" / "partial" / "coming").unlink()
        return iter(())

    monkeypatch.setattr(contents, "_leftovers", last)
    assert [entry.path.name for entry in entries(cache) if entry.kind == "download"] == ["tmp1"]


def test_what_goes_while_it_is_measured_takes_nothing(cache, monkeypatch):
    lstat = Path.lstat

    def late(path):
        if path.name == "blob":
            path.unlink()
        return lstat(path)

    monkeypatch.setattr(Path, "lstat", late)
    assert kinds(entries(cache)) == ALL


def test_a_folder_that_goes_before_it_is_read_has_nothing_in_it(cache, monkeypatch):
    def gone(path, *_):
        raise FileNotFoundError(2, "No such file or directory", str(path))

    monkeypatch.setattr(Path, "iterdir", gone)
    assert contents.work.leftovers(cache / "fleets" / "f1") == []
    monkeypatch.setattr(Path, "glob", gone)
    assert contents._visible(cache / "fleets" / "f1") == []
