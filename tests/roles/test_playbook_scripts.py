"""The scripts that playbooks run on hosts of a cluster, run for real with stand-ins for the programs they ask."""

import subprocess
import sys
from pathlib import Path

import pytest
from jinja2 import Environment

TEMPLATES = Path(__file__).parents[2] / "playbooks" / "templates"


@pytest.fixture
def run(tmp_path):
    def run_script(name, programs, **values):
        for program, text in {"sleep": "exec /bin/sleep 0.1", **programs}.items():
            (tmp_path / program).write_text(f"#!/bin/sh\ncd {tmp_path}\n{text}\n")
            (tmp_path / program).chmod(0o755)
        script = Environment(autoescape=False).from_string((TEMPLATES / name).read_text()).render(**values)
        env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
        return subprocess.run(["sh", "-c", script], env=env, capture_output=True, text=True, check=False, timeout=30)

    return run_script


# What runs: process 17, and 18 some time after the first was asked for
RESTARTED = "echo x >> asked; [ $(wc -l < asked) -gt 3 ] && echo 18 || { [ $(wc -l < asked) -gt 1 ] || echo 99999917; }"


def test_the_controllers_are_waited_for(run, tmp_path):
    well = "echo x >> tried; [ $(wc -l < tried) -gt 2 ]"
    done = run("restart-controllers.sh.j2", {"pgrep": RESTARTED, "python3": well}, netlab_resume_s=20)
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "tried").read_text().count("x") == 3


@pytest.mark.parametrize(
    ("pgrep", "said"),
    [
        ("echo 99999917", "before: 99999917, now: 99999917"),
        ("exit 1", "before: none, now: none"),
        (RESTARTED, "before: 99999917, now: 18"),
    ],
    ids=["the old one stays", "none comes", "the new one is not well"],
)
def test_controllers_that_do_not_come_back_are_told_of(run, pgrep, said):
    programs = {"pgrep": pgrep, "python3": "exit 1", "journalctl": "echo kubelet: no room"}
    done = run("restart-controllers.sh.j2", programs, netlab_resume_s=1)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"The controller manager is not well 1 s after it was ended (process {said}).",
        "The kubelet's last log lines:",
        "kubelet: no room",
    ]


@pytest.mark.parametrize(
    ("used", "seconds", "said", "looks"),
    [
        ("echo 1000", 20, "", 3),
        # 80, 80, 10, 90, 10, 10 hundredths of a second
        ("set -- 0 80 160 170 260 270 280; shift $(($(wc -l < asked) - 1)); echo $1", 20, "", 7),
        ("echo $(wc -l < asked)00", 1, "still busy after 1 s\n", None),
    ],
    ids=["quiet", "quiet at last", "busy"],
)
def test_a_cluster_is_measured_when_it_is_quiet(run, tmp_path, used, seconds, said, looks):
    done = run("settle.sh.j2", {"awk": f"echo x >> asked; {used}"}, netlab_settle_s=seconds)
    assert (done.returncode, done.stdout) == (0, said)
    assert looks in {None, (tmp_path / "asked").read_text().count("x")}


WORK = ("user", "nice", "system", "irq", "softirq")
STAT = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice")


@pytest.mark.parametrize(
    ("name", "ticks", "busy"),
    [*((name, 50, name in WORK) for name in STAT), *((name, 49, False) for name in WORK)],
)
def test_a_processor_is_busy_by_what_it_works(run, tmp_path, name, ticks, busy):
    """The real awk, and a /proc/stat in which one of the columns grows by so much each second."""
    (tmp_path / "stat").write_text(f"cpu  {'1000 ' * 10}\ncpu0 {'7 ' * 10}\nintr 9 9 9 9 9 9 9 9\n")
    more = f"awk '{{ ${STAT.index(name) + 2} += {ticks} }} {{ print }}' stat > new && mv new stat"
    seconds = 1 if busy else 20
    done = run("settle.sh.j2", {"sleep": more}, netlab_settle_s=seconds, netlab_settle_stat=tmp_path / "stat")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ("still busy after 1 s\n" if busy else "")


def test_no_other_controllers_are_ended(run, tmp_path):
    """The real pgrep, among processes of these names; the one that is looked for ends, the others do not."""
    script = "import time; time.sleep(30)"
    names = ("kube-controller-manager", "/usr/bin/kube-controllers", "sh -c kube-controller-manager ")
    started = [subprocess.Popen([name, "-c", script], executable=sys.executable) for name in names]
    try:
        done = run("restart-controllers.sh.j2", {"python3": "exit 1", "journalctl": ""}, netlab_resume_s=1)
        assert f"process before: {started[0].pid}, now: none" in done.stdout
        assert started[0].wait(5) != 0
        assert [process.poll() for process in started[1:]] == [None, None]
    finally:
        for process in started:
            process.kill()
            process.wait()
