"""Connections of ssh's that plays keep open."""

import pytest

from netlab import proc
from netlab.ansible import connections


@pytest.fixture
def ended(monkeypatch):
    """Which sockets ssh was told to give up."""
    found = []

    def run(argv, **_):
        assert "-Oexit" in argv
        found.append(argv[2].removeprefix("-oControlPath=").strip('"'))

    monkeypatch.setattr(proc, "run", run)
    return found


def test_all_below_a_folder_end_and_leave_no_socket(tmp_path, ended):
    for name in ("0/ssh-a", "1/ssh-b", "1/other"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    connections.close_connections(tmp_path)
    assert ended == [str(tmp_path / "0/ssh-a"), str(tmp_path / "1/ssh-b")]
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["other"]


def test_a_folder_that_is_given_stays_with_its_connections(tmp_path, ended):
    (tmp_path / "ssh-a").touch()
    with connections.kept(tmp_path) as place:
        assert place == tmp_path
    assert ended == []
    assert (tmp_path / "ssh-a").exists()


def test_one_of_a_single_play_is_gone_after_it_whatever_happened(ended):
    play = connections.kept(None)
    place = play.__enter__()
    (place / "ssh-a").touch()
    assert not play.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert ended == [str(place / "ssh-a")]
    assert not place.exists()
