"""The program that receives a payload on a host: what it keeps, what it removes, what it says."""

import hashlib
import io
import types

import pytest

from tests.roles.programs import program

CONTENT = bytes(range(256)) * 5000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
SIZE = str(len(CONTENT))


@pytest.fixture
def receiver():
    return program("payload", "receive-payload")


@pytest.fixture
def place(tmp_path):
    return tmp_path / "netlab" / "payload.ext4"


@pytest.fixture
def run(receiver, place, monkeypatch, capsys):
    def run(*words, told=b""):
        monkeypatch.setattr(receiver.sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(told)))
        receiver.main([str(place), *words])
        return dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())

    return run


def half(place, content):
    place.parent.mkdir(exist_ok=True)
    path = place.with_name(f"payload.ext4.{DIGEST[:16]}")
    path.write_bytes(content)
    return path


def test_it_says_what_is_there(run, place):
    said = run("look", DIGEST, SIZE)
    assert (said["there"], said["partial"]) == ("no", "0")
    assert int(said["free"]) > 0
    assert not place.parent.exists(), "who only looks leaves nothing"
    half(place, CONTENT[:7])
    assert run("look", DIGEST, SIZE)["partial"] == "7"
    place.write_bytes(CONTENT)
    assert run("look", DIGEST, SIZE)["there"] == "yes"
    place.write_bytes(CONTENT[:-1] + b"x")
    assert run("look", DIGEST, SIZE)["there"] == "no"


def test_the_room_of_what_is_replaced_is_free(run, place, receiver, monkeypatch):
    monkeypatch.setattr(receiver, "free", lambda _: 100)
    place.parent.mkdir()
    place.write_bytes(b"another")
    assert run("look", DIGEST, SIZE)["free"] == "107"


def test_it_is_in_its_place_when_it_is_whole(run, place):
    assert run("take", DIGEST, SIZE, "0", told=CONTENT) == {"received": "yes"}
    assert place.read_bytes() == CONTENT
    assert [path.name for path in place.parent.iterdir()] == ["payload.ext4"]
    assert place.stat().st_mode & 0o777 == 0o444


def test_what_is_not_whole_is_kept_for_the_next_attempt(run, place):
    assert run("take", DIGEST, SIZE, "0", told=CONTENT[:1000]) == {"problem": f"1000 of {SIZE} bytes have come"}
    assert not place.exists()
    assert run("take", DIGEST, SIZE, "1000", told=CONTENT[1000:]) == {"received": "yes"}
    assert place.read_bytes() == CONTENT


def test_what_two_senders_have_sent_is_cut_where_the_second_begins(run, place):
    half(place, CONTENT[:1000] + b"of a sender that was killed")
    assert run("take", DIGEST, SIZE, "1000", told=CONTENT[1000:]) == {"received": "yes"}


def test_a_sender_that_is_ahead_is_told(run, place):
    half(place, CONTENT[:10])
    said = run("take", DIGEST, SIZE, "1000", told=CONTENT[1000:])
    assert said == {"problem": "it has 10 bytes of the payload, not 1000"}


def test_what_is_whole_and_wrong_goes(run, place):
    path = half(place, b"x")
    said = run("take", DIGEST, SIZE, "1", told=CONTENT[1:])
    assert said["problem"].startswith(f"the payload is not what was sent: expected sha256 {DIGEST}, found sha256 ")
    assert not path.exists()
    assert not place.exists()


def test_others_payloads_go_first(run, place):
    half(place, CONTENT[:10]).with_name("payload.ext4.0123").write_bytes(b"of another")
    place.write_bytes(b"an older one")
    place.with_name("before.json").touch()
    assert "problem" in run("take", DIGEST, SIZE, "10", told=b"")
    assert sorted(path.name for path in place.parent.iterdir()) == ["before.json", f"payload.ext4.{DIGEST[:16]}"]


def test_one_that_is_mounted_is_unmounted_before_it_is_replaced(run, place, receiver, monkeypatch):
    told = []
    monkeypatch.setattr(receiver.os.path, "ismount", lambda path: path == str(place.with_suffix("")))
    monkeypatch.setattr(receiver.subprocess, "run", lambda words, **_: told.append(words))
    run("take", DIGEST, SIZE, "0", told=CONTENT)
    assert told == [["umount", str(place.with_suffix(""))]]


def test_a_full_disk_is_an_answer(run, place, receiver, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(receiver.shutil, "copyfileobj", full)
    assert run("take", DIGEST, SIZE, "0", told=CONTENT) == {"problem": "[Errno 28] No space left on device"}


def test_a_host_that_is_not_there_gives_nothing(run, place):
    said = run("fetch", DIGEST, SIZE, "http://127.0.0.1:9/x")
    assert "refused" in said["problem"]


def test_what_has_come_as_a_whole_is_not_fetched(run, place):
    half(place, CONTENT)
    assert run("fetch", DIGEST, SIZE, "http://127.0.0.1:9/x") == {"received": "yes"}
    assert [path.name for path in place.parent.iterdir()] == ["payload.ext4"]
