"""Jobs on several fleets: stand-ins for fleets and plays, real threads."""

import threading

import pytest

from netlab import ansible
from netlab.provision.parallel import work

WAIT_S = 20.0


@pytest.fixture
def ended(monkeypatch):
    """Set once plays are told to end."""
    event = threading.Event()
    monkeypatch.setattr(ansible, "end_plays", event.set)
    return event


def test_jobs_run_on_all_lanes_at_the_same_time():
    together = threading.Barrier(2)

    def job(lane):
        together.wait(WAIT_S)

    work(["one", "two"], [job, job, job, job])


def test_every_job_is_done_once_and_begun_in_order():
    begun = []
    work(["one"], [lambda lane, n=n: begun.append((lane, n)) for n in range(5)])
    assert begun == [("one", n) for n in range(5)]


def test_an_error_ends_the_others_plays_and_no_job_follows(ended):
    begun = []

    def fail(lane):
        raise ValueError(lane)

    def play_until_ended(lane):
        begun.append("long")
        assert ended.wait(WAIT_S)
        raise RuntimeError("the play was ended")

    with pytest.raises(ValueError, match=r"one|two"):
        work(["one", "two"], [play_until_ended, fail, lambda lane: begun.append("never")])
    assert begun == ["long"]


def test_ctrl_c_ends_the_plays_and_is_passed_on(ended, monkeypatch):
    def interrupted(*_, **__):
        monkeypatch.undo()
        monkeypatch.setattr(ansible, "end_plays", ended.set)
        raise KeyboardInterrupt

    monkeypatch.setattr("netlab.provision.parallel.wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        work(["one"], [lambda lane: ended.wait(WAIT_S)])
    assert ended.is_set()
