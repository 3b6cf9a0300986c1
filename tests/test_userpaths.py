import getpass
from pathlib import Path

import pytest

from netlab.errors import UsageError
from netlab.userpaths import expand, of_option


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("~", "{home}"),
        ("~/x y", "{home}/x y"),
        ("./~/x", "./~/x"),
        ("a/~", "a/~"),
        ("", ""),
        ("../x", "../x"),
        ("/x/~user", "/x/~user"),
        ("é,\udcff", "é,\udcff"),
    ],
)
def test_a_home_stands_at_the_beginning(monkeypatch, tmp_path, text, expected):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expand(text) == expected.format(home=tmp_path)


def test_the_home_of_a_user():
    user = getpass.getuser()
    assert expand(f"~{user}/x") == str(Path(f"~{user}/x").expanduser())


@pytest.mark.parametrize("text", ["~nosuchuser", "~nosuchuser/x", "a\0b", "half \ud800"])
def test_what_is_no_path(text):
    with pytest.raises(ValueError, match=r"there is no user 'nosuchuser'|cannot hold such a character"):
        expand(text)


def test_a_home_that_is_not_known(monkeypatch):
    monkeypatch.setenv("HOME", "relative")
    with pytest.raises(ValueError, match="home folder is not known"):
        expand("~/x")


def test_an_option_is_below_the_current_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert of_option("x/y", "--mirror") == tmp_path / "x" / "y"
    with pytest.raises(UsageError, match=r"^--mirror: '~nosuchuser/x': there is no user 'nosuchuser'$"):
        of_option("~nosuchuser/x", "--mirror")
