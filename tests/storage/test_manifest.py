import os

import pytest

from netlab.storage import manifest


def keep_date(change):
    """A change that leaves the file's date: only reading all of it shows it."""

    def changed(path):
        before = path.stat()
        change(path)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    return changed


CHANGES = {
    "missing": (lambda path: path.unlink(), "a is missing"),
    "truncated": (lambda path: os.truncate(path, 3), "a has 3 bytes instead of 6"),
    "truncated, with its date": (keep_date(lambda path: os.truncate(path, 3)), "a has 3 bytes instead of 6"),
    "empty": (lambda path: path.write_bytes(b""), "a has 0 bytes instead of 6"),
    "longer": (lambda path: path.write_bytes(b"1234567"), "a has 7 bytes instead of 6"),
    "other content": (lambda path: path.write_bytes(b"abcdef"), "the content of a has changed"),
    "swapped": (lambda path: path.with_name("b").replace(path), "the content of a has changed"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "a has "),
    "a dead link": (lambda path: (path.unlink(), path.symlink_to("nowhere")), "a is missing"),
}


@pytest.fixture
def files(tmp_path):
    (tmp_path / "a").write_bytes(b"123456")
    (tmp_path / "b").write_bytes(b"654321")
    return manifest.record_folder(tmp_path)


@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=CHANGES)
def test_a_file_that_changed_is_noticed(tmp_path, files, change, message):
    assert manifest.damage(tmp_path, files) is None
    change(tmp_path / "a")
    assert manifest.damage(tmp_path, files).startswith(message)


def test_a_content_that_changed_under_its_old_date_is_noticed_by_reading_all_and_from_then_on(tmp_path, files):
    keep_date(lambda path: path.write_bytes(b"abcdef"))(tmp_path / "a")
    assert manifest.damage(tmp_path, files) is None
    assert manifest.damage(tmp_path, files, deep=True) == "the content of a has changed"
    assert manifest.damage(tmp_path, files) == "the content of a has changed"


def test_a_file_with_the_same_content_and_another_date_is_read_once(tmp_path, files, monkeypatch):
    os.utime(tmp_path / "a", (1, 1))
    assert manifest.damage(tmp_path, files) is None
    monkeypatch.setattr(manifest, "digest_of", lambda _: pytest.fail("read again"))
    assert manifest.damage(tmp_path, files) is None


def test_the_digest_is_that_of_names_and_contents(tmp_path, files):
    os.utime(tmp_path / "a", (1, 1))
    assert manifest.digest(manifest.record_folder(tmp_path)) == manifest.digest(files)
    (tmp_path / "a").rename(tmp_path / "c")
    assert manifest.digest(manifest.record_folder(tmp_path)) != manifest.digest(files)
