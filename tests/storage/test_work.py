import signal
import subprocess
import sys

import pytest

from netlab.storage import work

MAKE = """
import pathlib, sys
from netlab.storage.work import work_folder
with work_folder(pathlib.Path(sys.argv[1]), ".new-") as folder:
    (folder / "half").write_text("done")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def maker(tmp_path):
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", MAKE, tmp_path], stdin=pipe, stdout=pipe, text=True) as child:
        child.stdout.readline()
        yield child
        child.kill()


def test_what_somebody_is_making_is_left_alone(tmp_path, maker):
    assert work.leftovers(tmp_path) == []
    work.sweep(tmp_path)
    assert list(tmp_path.glob(".new-*/half"))
    maker.communicate("")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed(tmp_path, maker):
    maker.send_signal(signal.SIGKILL)
    maker.wait()
    assert len(work.leftovers(tmp_path)) == 1
    work.sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_removal_that_was_cut_short_is_finished(tmp_path):
    (tmp_path / ".old-1" / "deep").mkdir(parents=True)
    (tmp_path / ".old-2").write_text("a file")
    (tmp_path / ".bake-by-an-earlier-version").mkdir()
    (tmp_path / "kept").mkdir()
    work.sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_nobody_sees_a_part_of_what_is_discarded(tmp_path, monkeypatch):
    (tmp_path / "entry").mkdir()
    monkeypatch.setattr(work, "_delete", lambda _: None)  # killed right after the rename
    work.discard(tmp_path / "entry")
    assert not (tmp_path / "entry").exists()
    assert len(work.leftovers(tmp_path)) == 1
    work.discard(tmp_path / "entry")  # there is none any more


def test_a_folder_that_could_not_be_finished_is_gone(tmp_path):
    def fail():
        with work.work_folder(tmp_path, ".make-") as folder:
            (folder / "half").write_text("done")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert list(tmp_path.iterdir()) == []
