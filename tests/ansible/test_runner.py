"""Plays, really played on this machine."""

import os
import signal
import sys
import threading
import time

import psutil
import pytest

from netlab import locales
from netlab.ansible import accelerator, play
from netlab.errors import AnsibleFailed, HostUnreachable, RequirementError
from tests.paths import ALL_AT_ONCE

pytestmark = pytest.mark.real

LOCAL = {"all": {"hosts": {"here": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}}}


class Tasks:
    def __init__(self):
        self.seen = []

    def task(self, host, name):
        self.seen.append((host, name))


@pytest.fixture
def run(tmp_path):
    def run_tasks(tasks, progress=None, **options):
        playbook = tmp_path / "book.yml"
        playbook.write_text(f"- name: Test\n  hosts: all\n  gather_facts: false\n  tasks:\n{tasks}", encoding="utf-8")
        job = {"inventory": LOCAL, "folder": tmp_path / "private", "log": tmp_path / "log"} | options
        return play(playbook, progress=progress or Tasks(), **job)

    return run_tasks


GREET = """
    - name: Greet
      ansible.builtin.command: echo {{ greeting }}
    - name: Say nothing
      ansible.builtin.debug:
        msg: never
      when: false
"""


@pytest.mark.parametrize("accelerate", [False, True], ids=["linear", "mitogen"])
def test_both_strategies_give_the_same_result(run, accelerate, capfd):
    progress = Tasks()
    result = run(GREET, progress, extra_vars={"greeting": "hello"}, accelerate=accelerate)
    assert result.accelerated is (accelerate and accelerator() is not None)
    stats = result.stats["here"]
    assert (stats.ok, stats.changed, stats.skipped, stats.failed) == (1, 1, 1, 0)
    assert progress.seen == [("here", "Greet"), ("here", "Say nothing")]
    assert [task.task for task in result.tasks] == ["Greet", "Say nothing"]
    assert result.changed == 1
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    "locale",
    [{"LC_ALL": "C", "FORCE_COLOR": "1"}, {"LANG": "C.UTF-8", "LC_NUMERIC": "xx_XX.UTF-8"}],
    ids=lambda locale: " ".join(f"{name}={value}" for name, value in locale.items()),
)
def test_a_play_needs_no_locale_of_the_users(run, monkeypatch, tmp_path, locale):
    for name in ("LANG", "LC_ALL", "LC_CTYPE", "LC_NUMERIC"):
        monkeypatch.delenv(name, raising=False)
    for name, value in locale.items():
        monkeypatch.setenv(name, value)
    progress = Tasks()
    assert run(GREET.replace("Greet", "Grüße"), progress, extra_vars={"greeting": "µ"}).changed == 1
    assert ("here", "Grüße") in progress.seen
    assert "\x1b" not in (tmp_path / "log").read_text(encoding="utf-8")


def test_without_any_utf8_locale_it_is_said(run, monkeypatch):
    monkeypatch.setattr(locales, "utf8_locale", lambda: None)
    with pytest.raises(RequirementError, match="no UTF-8 locale") as caught:
        run(GREET, extra_vars={"greeting": "x"})
    assert "localedef" in caught.value.hint


FAIL = """
    - name: Caught
      block:
        - name: Not this
          ansible.builtin.fail:
            msg: caught
      rescue:
        - name: Go on
          ansible.builtin.debug:
            msg: on
    - name: Try each
      ansible.builtin.command: sh -c "echo no {{ item }} >&2; exit 3"
      loop: [apples, pears]
"""


def test_a_failure_names_host_task_item_and_message(run, tmp_path):
    with pytest.raises(AnsibleFailed) as caught:
        run(FAIL)
    assert str(caught.value) == "here: task 'Try each' failed: item apples: exit code 3: no apples"
    assert caught.value.log == tmp_path / "log"
    assert "no pears" in (tmp_path / "log").read_text()


LONG = """
    - name: Read
      ansible.builtin.command: seq 1 100
      register: read
    - name: Explain
      ansible.builtin.fail:
        msg: |
          There is no network:
          {{ read.stdout }}
"""


def test_what_a_role_explains_arrives_in_whole_lines(run, tmp_path):
    with pytest.raises(AnsibleFailed) as caught:
        run(LONG)
    lines = str(caught.value).splitlines()
    assert lines[0] == "here: task 'Explain' failed: There is no network:"
    assert lines[1:40] == [str(number) for number in range(1, 40)]
    assert lines[40:] == [f"… 61 more lines in {tmp_path}/log"]


def test_a_host_that_does_not_answer_is_unreachable(run):
    lost = {"all": {"hosts": {"far": {"ansible_host": "127.0.0.1", "ansible_port": 1}}}}
    with pytest.raises(HostUnreachable, match="far: lost in task 'Greet'"):
        run(GREET, inventory=lost, extra_vars={"greeting": "x"})


def test_a_playbook_that_cannot_run_says_why(run):
    with pytest.raises(AnsibleFailed, match=r"book.yml could not run: .*no-such-role"):
        run("    - name: Missing\n      ansible.builtin.import_role:\n        name: no-such-role\n")


def command_lines():
    return [found.info["cmdline"] for found in psutil.process_iter(["cmdline"]) if found.info["cmdline"]]


def test_no_part_of_the_environment_is_kept(run, monkeypatch, tmp_path):
    """ansible-runner writes all of it down, with whatever credentials somebody has there."""
    monkeypatch.setenv("A_SECRET", "a-secret-of-the-users")
    run(GREET, extra_vars={"greeting": "hello"})
    kept = [path for path in (tmp_path / "private").rglob("*") if path.is_file()]
    assert any(path.parent.name == "job_events" for path in kept), "the play was there"
    assert not [path for path in kept if b"a-secret-of-the-users" in path.read_bytes()]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # files that ansible-runner left open
@pytest.mark.parametrize("accelerate", [False, True], ids=["linear", "mitogen"])
def test_ctrl_c_leaves_nothing_running(run, accelerate, tmp_path):
    mark = f"98.{os.getpid()}"
    running = lambda: [words for words in command_lines() if words == ["sleep", mark]]  # noqa: E731

    def interrupt():
        deadline = time.monotonic() + 20
        while not running() and time.monotonic() < deadline:
            time.sleep(0.05)
        if running():
            os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        run(f"    - name: Wait\n      ansible.builtin.command: sleep {mark}\n", accelerate=accelerate)
    begin = time.monotonic()
    while running() and time.monotonic() < begin + 2:
        time.sleep(0.05)
    assert running() == []
    assert [words for words in command_lines() if str(tmp_path) in " ".join(words)] == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # files that ansible-runner left open
def test_an_error_in_the_display_ends_the_play(run):
    class Broken:
        def task(self, host, name):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(GREET, Broken(), extra_vars={"greeting": "x"})


WRITE = """
    - name: Write
      ansible.builtin.copy:
        content: text
        dest: "{{ place }}"
        mode: "0600"
"""


def test_a_lab_may_be_in_a_folder_with_an_awkward_name(run, tmp_path):
    folder = tmp_path / ALL_AT_ONCE
    folder.mkdir()
    run(WRITE, folder=folder / "private", log=folder / "log", extra_vars={"place": str(folder / "made")})
    assert (folder / "made").read_text() == "text"
