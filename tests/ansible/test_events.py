"""What is made of ansible-runner's events, without a play."""

import io
from pathlib import Path

import pytest

from netlab.ansible.events import Record
from netlab.ansible.results import HostStats
from netlab.errors import AnsibleFailed, HostUnreachable

BOOK, LOG = Path("up.yml"), Path("/x/ansible.log")


class Progress:
    def __init__(self):
        self.seen = []

    def task(self, host, name):
        self.seen.append((host, name))


@pytest.fixture
def record():
    return Record(io.StringIO(), Progress())


def ended(record, kind, host="node1", task="Install", **data):
    record.receive({"event": f"runner_on_{kind}", "event_data": {"host": host, "task": task, **data}})


def stats(record, **counts):
    record.receive({"event": "playbook_on_stats", "event_data": counts})


def test_what_ansible_prints_is_in_the_log(record):
    record.receive({"event": "verbose", "stdout": "PLAY [all]"})
    assert record._log.getvalue() == "PLAY [all]\n"


def test_a_task_is_shown_when_it_starts_with_its_role_named_once(record):
    for task in ("Install", "base : Install"):
        record.receive({"event": "runner_on_start", "event_data": {"host": "node1", "task": task, "role": "base"}})
    assert record._progress.seen == [("node1", "base : Install")] * 2


def test_times_of_all_tasks_and_counts_of_all_hosts_are_kept(record):
    ended(record, "ok", duration=1.5)
    ended(record, "skipped", host="client")
    stats(record, ok={"node1": 1}, skipped={"client": 1}, changed={"node1": 1})
    assert [(each.host, each.seconds) for each in record.tasks] == [("node1", 1.5), ("client", 0.0)]
    assert record.stats == {"client": HostStats(skipped=1), "node1": HostStats(ok=1, changed=1)}


def test_the_first_host_that_failed_for_good_is_named(record):
    ended(record, "failed", host="client", task="Rescued", res={"msg": "caught"})
    ended(record, "failed", host="node1", ignore_errors=True, res={"msg": "ignored"})
    ended(record, "failed", host="node1", res={"msg": "no room"})
    ended(record, "failed", host="node2", res={"msg": "no room either"})
    stats(record, failures={"node1": 1, "node2": 1}, ok={"client": 1})
    error = record.error(BOOK, LOG)
    assert error.message == "node1: task 'Install' failed (and on 1 more): no room"
    assert error.log == LOG
    assert not isinstance(error, HostUnreachable)


def test_a_host_that_was_lost_is_another_error_with_what_to_do(record):
    ended(record, "unreachable", res={"msg": "timed out"})
    stats(record, dark={"node1": 1})
    error = record.error(BOOK, LOG)
    assert isinstance(error, HostUnreachable)
    assert error.message == "node1: lost in task 'Install': timed out"
    assert "run the command again" in error.hint


def test_without_a_host_what_ansible_said_last_is_the_reason(record):
    record.receive({"event": "verbose", "stdout": "ERROR! no such role"})
    error = record.error(BOOK, LOG)
    assert isinstance(error, AnsibleFailed)
    assert error.message == "up.yml could not run: no such role"
