"""What a host's answers mean: each check as it should be, as it should not, and whatever a host may say instead."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.hosts.ssh.suitable import CLAIM, RELEASE, SCRIPT, checks, claim
from netlab.model.host import Host
from netlab.samples.machine import parse_answers

HOST = Host(name="node1", part="node", address="192.0.2.11", lab_address="10.0.0.7")
NOW = 1_700_000_000.0
LAB = "0123456789abcdef"

# Of a Debian 13 that netlab booted, and its own answers to SCRIPT
ANSWERS = """distribution=debian
os=Debian GNU/Linux 13 (trixie)
kernel=6.12.38+deb13-cloud-amd64
init=systemd
time=1700000001.234567890
free_mib= 5120
claim=
python=yes
modprobe=yes
address 127.0.0.1=lo
address 192.0.2.11=ens3
address 10.0.0.7=ens4
networkd ens4=/run/systemd/network/10-netplan-ens4.network
"""


def found(answers=ANSWERS, **changes):
    """The checks by what they look at."""
    said = parse_answers(answers) | changes
    known = {name: value for name, value in said.items() if value is not None}
    return {check.name.removeprefix("node1 "): check for check in checks(HOST, known, LAB, now=NOW)}


def test_a_host_that_can_carry_a_lab_has_nothing_against_it():
    every = found()
    assert list(every) == [
        *(
            "distribution",
            "kernel",
            "init",
            "python",
            "modprobe",
            "disk",
            "clock",
            "lab address",
            "labs",
            "kubernetes",
            "networkd",
        ),
    ]
    assert all(check.ok and check.hint is None for check in every.values())
    assert {name for name, check in every.items() if not check.needed} == {"networkd"}
    assert every["disk"].message == "5120 MiB free on /"
    assert every["clock"].message == "1.2 s from this machine's"
    assert every["lab address"].message == "10.0.0.7 on ens4"
    assert every["labs"].message == "carries no lab"
    assert every["networkd"].message == "configures ens4 by 10-netplan-ens4.network"


@pytest.mark.parametrize(
    ("what", "changes", "message", "hint"),
    [
        ("distribution", {"distribution": "fedora "}, "Debian GNU/Linux 13 (trixie)", "Debian and Ubuntu"),
        ("distribution", {"distribution": None, "os": None}, "unknown", "Debian and Ubuntu"),
        ("kernel", {"kernel": "5.3.0-1-amd64"}, "Linux 5.3.0-1-amd64", "5.4 or newer"),
        ("kernel", {"kernel": "4.19"}, "Linux 4.19", "5.4 or newer"),
        ("kernel", {"kernel": None}, "Linux unknown", "5.4 or newer"),
        ("kernel", {"kernel": "x.9.9"}, "Linux x.9.9", "5.4 or newer"),
        ("init", {"init": "init"}, "init", "systemd's"),
        ("python", {"python": None}, "not installed", "apt-get install python3"),
        ("modprobe", {"modprobe": None}, "not installed", "apt-get install kmod"),
        ("disk", {"free_mib": "1023"}, "1023 MiB free on /", "netlab needs 1024 MiB"),
        ("disk", {"free_mib": ""}, "it does not say how much is free on /", "netlab needs 1024 MiB"),
        ("disk", {"free_mib": "much"}, "it does not say how much is free on /", "netlab needs 1024 MiB"),
        ("clock", {"time": "1700000006"}, "6.0 s from this machine's", "NTP"),
        ("clock", {"time": "1699999994"}, "6.0 s from this machine's", "NTP"),
        ("clock", {"time": "nan"}, "it does not say what time it is", "NTP"),
        ("lab address", {"address 10.0.0.7": None}, "10.0.0.7 on no interface", "netlab_address"),
        ("lab address", {"address 10.0.0.7": "{{ 1 }}"}, "10.0.0.7 on no interface", "netlab_address"),
        ("labs", {"claim": "fedcba /home/eve/my lab"}, "carries the lab in /home/eve/my lab", CLAIM),
        (
            "kubernetes",
            {"kubernetes": "/etc/kubernetes/kubelet.conf"},
            "belongs to a cluster (/etc/kubernetes/kubelet.conf)",
            "'netlab down' would take that apart",
        ),
        ("networkd", {"networkd ens4": ""}, "does not configure ens4", "routes between hosts"),
        ("networkd", {"networkd ens4": "/etc/{{ 1 }}.network"}, "does not configure ens4", "routes between hosts"),
    ],
)
def test_what_a_host_is_without_is_said_with_what_to_do(what, changes, message, hint):
    every = found(**changes)
    assert [name for name, check in every.items() if not check.ok and (check.needed or name == what)] == [what]
    assert every[what].message == message
    assert hint in every[what].hint


@pytest.mark.parametrize("kernel", ["5.4", "5.4.0-150-generic", "5.10.0-30-amd64", "6.12.38+deb13", "10.0"])
def test_every_newer_kernel_will_do(kernel):
    assert found(kernel=kernel)["kernel"].ok


@pytest.mark.parametrize("distribution", ["debian", "ubuntu debian", "linuxmint ubuntu debian"])
def test_what_is_like_debian_will_do(distribution):
    assert found(distribution=distribution)["distribution"].ok


@pytest.mark.parametrize("said", ["", "  ", f"{LAB} /home/me/lab", LAB])
def test_a_host_is_free_or_this_labs(said):
    assert found(claim=said)["labs"].ok


def test_a_clock_is_compared_with_this_machines():
    said = parse_answers(ANSWERS)
    clock = next(check for check in checks(HOST, said, LAB) if check.name == "node1 clock")
    assert not clock.ok, "the answers are of 2023"


NAMES = st.sampled_from([line.partition("=")[0] for line in ANSWERS.splitlines()])
VALUES = st.one_of(st.text(max_size=30), st.text("0123456789.-eE²٣ ", max_size=5000), st.integers().map(str))


@given(st.dictionaries(NAMES, VALUES))
def test_whatever_a_host_says_is_judged(said):
    every = list(checks(HOST, said, LAB, now=NOW))
    assert len(every) == 11
    assert all(check.ok == (check.hint is None) for check in every)
    assert all("\n" not in check.name for check in every)


def test_a_slow_answer_is_no_wrong_clock():
    said = {**parse_answers(ANSWERS), "asked": "1699999990", "answered": "1700000030"}
    clock = next(check for check in checks(HOST, said, LAB) if check.name == "node1 clock")
    assert (clock.ok, clock.message) == (True, "0.0 s from this machine's")
    late = {**said, "time": "1700000036"}
    clock = next(check for check in checks(HOST, late, LAB) if check.name == "node1 clock")
    assert (clock.ok, clock.message) == (False, "6.0 s from this machine's")


@given(st.text())
def test_whatever_a_host_writes_is_read_and_is_not_enough(text):
    said = parse_answers(text)
    assert not all(check.ok for check in checks(HOST, said, LAB, now=NOW))


def run(script, folder):
    """Run a script as a host's ``sh`` does, with its own files in a folder."""
    text = script.replace("/var/lib/netlab", str(folder / "netlab"))
    return subprocess.run(["sh", "-s"], input=text, capture_output=True, text=True, check=False)


def test_the_script_asks_for_all_that_is_checked(tmp_path):
    done = run(SCRIPT, tmp_path)
    said = parse_answers(done.stdout)
    assert {"distribution", "os", "kernel", "init", "time", "free_mib", "claim"} <= said.keys()
    assert said["claim"] == ""
    assert int(said["free_mib"]) >= 0
    assert float(said["time"]) > NOW
    assert done.returncode == 0


@pytest.mark.parametrize("folder", ["/home/me/lab", "/home/me/o'brien's \"lab\" $HOME 100%s\\n"])
def test_a_mark_is_read_as_it_was_written_and_goes_again(tmp_path, folder):
    (tmp_path / "netlab").mkdir()
    (tmp_path / "netlab" / "other").touch()
    assert run(claim(LAB, folder), tmp_path).returncode == 0
    assert parse_answers(run(SCRIPT, tmp_path).stdout)["claim"] == f"{LAB} {folder}"
    assert run(RELEASE, tmp_path).returncode == 0
    assert [path.name for path in (tmp_path / "netlab").iterdir()] == ["other"], "what is not netlab's mark stays"
    (tmp_path / "netlab" / "other").unlink()
    assert run(RELEASE, tmp_path).returncode == 0
    assert not (tmp_path / "netlab").exists()
