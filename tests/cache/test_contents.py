"""What is found in a cache that other netlabs work on at the same moment, and when its entries were last used."""

from pathlib import Path

import pytest

from netlab.artifacts.cache import Cache
from netlab.cache import contents
from netlab.cache.contents import entries
from netlab.errors import ArtifactChanged
from netlab.files import digest_of
from tests.cache.factories import make_image, make_old, make_snapshot


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


def test_to_read_an_artifact_is_not_to_use_it(tmp_path):
    (tmp_path / "file").write_text("x")
    sha256 = digest_of(tmp_path / "file")
    cache = Cache(tmp_path)
    make_old(cache.adopt(tmp_path / "file", sha256, "a", "b"), 40)

    def last_used():
        (entry,) = entries(tmp_path, deep=True)
        return entry.last_used

    then = last_used()
    assert cache.compared(sha256, "a").read_text() == "x"
    assert last_used() == then
    cache.checked(sha256, "a")
    assert (last_used() - then).days >= 39


def test_an_artifact_that_is_damaged_is_not_used_either(tmp_path):
    file = tmp_path / "artifacts" / "sha256" / ("0" * 64)
    file.parent.mkdir(parents=True)
    file.write_text("x")
    make_old(file, 40)
    before = file.stat().st_mtime_ns
    with pytest.raises(ArtifactChanged):
        Cache(tmp_path).checked("0" * 64, "a")
    assert file.stat().st_mtime_ns == before
