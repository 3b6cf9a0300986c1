import errno
import os
import signal
from pathlib import Path

import pytest

from netlab import __main__
from netlab.errors import LabBusy


@pytest.fixture
def failing(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def fail_with(action):
        monkeypatch.setattr(__main__, "run_command", lambda argv: action())
        return __main__.main([])

    return fail_with


def raiser(error):
    def act():
        raise error

    return act


def test_an_error_is_a_message_a_hint_and_a_log(failing, capsys, tmp_path):
    assert failing(raiser(LabBusy("taken", hint="wait", log=tmp_path / "x.log"))) == 5
    assert capsys.readouterr().err.splitlines() == ["netlab: error: taken", "  wait", f"  log: {tmp_path}/x.log"]


def test_an_error_of_several_lines_is_set_in(failing, capsys):
    failing(raiser(LabBusy("taken:\nby a\n  since 1", hint="wait")))
    assert capsys.readouterr().err == "netlab: error: taken:\n    by a\n      since 1\n  wait\n"


def test_ctrl_c_is_130(failing, capsys):
    assert failing(lambda: os.kill(os.getpid(), signal.SIGINT)) == 130
    assert "interrupted" in capsys.readouterr().err


def test_sigterm_unwinds_and_is_143(failing):
    seen = []

    def act():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            seen.append("cleaned up")

    assert failing(act) == 143
    assert seen == ["cleaned up"]


def test_a_full_disk_is_no_bug(failing, capsys):
    assert failing(raiser(OSError(errno.ENOSPC, "No space left on device", "/x/disk"))) == 4
    assert "netlab: error: /x/disk: No space left on device" in capsys.readouterr().err


@pytest.mark.parametrize(
    "number",
    [errno.EEXIST, errno.EIO, errno.EISDIR, errno.ELOOP, errno.EMFILE, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EROFS],
    ids=errno.errorcode.get,
)
def test_what_a_file_system_refuses_is_no_bug(failing, capsys, tmp_path, number):
    assert failing(raiser(OSError(number, os.strerror(number), "/x"))) == 1
    assert capsys.readouterr().err.splitlines()[0] == f"netlab: error: /x: {os.strerror(number)}"
    assert not list(tmp_path.rglob("crash-*.log"))


def test_no_folder_for_temporary_files_is_no_bug(failing, capsys):
    assert failing(raiser(FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/x']"))) == 4
    assert "TMPDIR" in capsys.readouterr().err


def test_no_permission_is_no_bug(failing, capsys):
    assert failing(raiser(PermissionError(errno.EACCES, "Permission denied", "/x"))) == 1
    first, hint = capsys.readouterr().err.splitlines()
    assert first == "netlab: error: /x: Permission denied"
    assert "XDG_CACHE_HOME" in hint


@pytest.mark.parametrize("error", [ZeroDivisionError("oops"), FileNotFoundError(errno.ENOENT, "oops", "/x")])
def test_a_bug_is_one_line_and_a_crash_log(failing, capsys, tmp_path, error):
    assert failing(raiser(error)) == 70
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert "Traceback" not in printed
    (log,) = (tmp_path / "cache").rglob("crash-*.log")
    assert str(log) in printed
    assert "oops" in log.read_text()


@pytest.mark.parametrize("words", [("--registry-mirror", "robot:s3cret@reg:5000"), ("--mirror=https://r:12/s3cret@x",)])
def test_no_password_of_the_command_line_is_in_a_crash_log(failing, tmp_path, monkeypatch, words):
    monkeypatch.setattr("sys.argv", ["netlab", "lock", *words])
    assert failing(raiser(ZeroDivisionError("oops"))) == 70
    (log,) = (tmp_path / "cache").rglob("crash-*.log")
    assert "s3cret" not in log.read_text()
    assert words[0].partition("=")[0] in log.read_text()


def test_the_crash_log_of_a_lab_is_in_the_lab(failing, tmp_path):
    (tmp_path / ".netlab").mkdir()
    assert failing(raiser(ZeroDivisionError("oops"))) == 70
    assert list((tmp_path / ".netlab" / "logs").glob("crash-*.log"))


def test_a_bug_without_a_place_for_its_log_shows_what_is_known(failing, capsys, tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("in the way")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    monkeypatch.setattr(Path, "write_text", raiser_of_anything(OSError(errno.ENOSPC, "full")))
    assert failing(raiser(ZeroDivisionError("oops"))) == 70
    printed = capsys.readouterr().err
    assert printed.startswith("netlab: this is a bug in netlab; please report it with this:\n")
    assert "ZeroDivisionError: oops" in printed


def raiser_of_anything(error):
    return lambda *_, **__: raiser(error)()


def test_a_bug_in_a_folder_that_has_gone_has_a_log(failing, capsys, tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert failing(raiser(ZeroDivisionError("oops"))) == 70
    assert list(tmp_path.glob("crash-*.log"))


def test_a_reader_that_leaves_is_quiet(failing, capsys):
    assert failing(raiser(BrokenPipeError())) == 141
    assert capsys.readouterr().err == ""
