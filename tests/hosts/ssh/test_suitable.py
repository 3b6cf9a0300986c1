"""What a host's answers mean: each check as it should be, as it should not, and whatever a host may say instead."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.hosts.ssh.suitable import CLAIM, RELEASE, SCRIPT, checks, claim
from netlab.model.host import Host
from netlab.samples.machine import parse_answers
from tests.hosts.ssh_program import PACKAGES

HOST = Host(name="node1", part="node", address="192.0.2.11", lab_address="10.0.0.7")
NOW = 1_700_000_000.0
KNOWN = "netlab's roles know Debian 12, Debian 13, Ubuntu 22.04, Ubuntu 24.04"
NOBODY = "a program that netlab does not know"
LAB = "0123456789abcdef"

# Of a Debian 13 that netlab booted, and its own answers to SCRIPT
ANSWERS = f"""{PACKAGES}distribution=debian 13
os=Debian GNU/Linux 13 (trixie)
kernel=6.12.38+deb13-cloud-amd64
init=systemd
time=1700000001.234567890
free_mib= 5120
claim=
btf=yes
python=yes
modprobe=yes
address 127.0.0.1=lo
address 192.0.2.11=ens3
address 10.0.0.7=ens4
networkd ens4=/run/systemd/network/10-netplan-ens4.network
mtu ens4=1450
"""


def found(answers=ANSWERS, host=HOST, **changes):
    """The checks by what they look at."""
    said = parse_answers(answers) | changes
    known = {name: value for name, value in said.items() if value is not None}
    return {check.name.removeprefix("node1 "): check for check in checks(host, known, LAB, now=NOW)}


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
            "mtu",
            "labs",
            "kubernetes",
            "network",
            "packages",
        ),
    ]
    assert all(check.ok and check.hint is None for check in every.values())
    assert {name for name, check in every.items() if not check.needed} == {"network"}
    assert every["disk"].message == "5120 MiB free on /"
    assert every["clock"].message == "1.2 s from this machine's"
    assert every["lab address"].message == "10.0.0.7 on ens4"
    assert every["mtu"].message == "1450, as ens4 has it"
    assert every["labs"].message == "carries no lab"
    assert every["network"].message == "ens4 is configured by networkd by 10-netplan-ens4.network, which netplan writes"
    assert every["packages"].message == "apt has all that netlab's roles install"


@pytest.mark.parametrize(
    ("what", "changes", "message", "hint"),
    [
        ("distribution", {"distribution": "fedora 43", "os": "Fedora Linux 43"}, "Fedora Linux 43", KNOWN),
        ("distribution", {"distribution": "debian 11"}, "Debian GNU/Linux 13 (trixie)", KNOWN),
        ("distribution", {"distribution": "debian "}, "Debian GNU/Linux 13 (trixie)", KNOWN),
        ("distribution", {"distribution": "ubuntu 26.04"}, "Debian GNU/Linux 13 (trixie)", KNOWN),
        ("distribution", {"distribution": "linuxmint 22"}, "Debian GNU/Linux 13 (trixie)", KNOWN),
        ("distribution", {"distribution": None, "os": None}, "unknown", KNOWN),
        ("kernel", {"kernel": "6.5.0-1-amd64"}, "Linux 6.5.0-1-amd64", "6.6 or newer with BTF"),
        ("kernel", {"kernel": "4.19"}, "Linux 4.19", "6.6 or newer"),
        ("kernel", {"kernel": None}, "Linux unknown", "6.6 or newer"),
        ("kernel", {"kernel": "x.9.9"}, "Linux x.9.9", "6.6 or newer"),
        ("kernel", {"btf": None}, "Linux 6.12.38+deb13-cloud-amd64 without BTF", "CONFIG_DEBUG_INFO_BTF"),
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
        ("mtu", {"mtu ens4": None}, "ens4 says no MTU that a lab can have", "ip link show ens4"),
        ("mtu", {"mtu ens4": "68"}, "ens4 says no MTU that a lab can have", "ip link show ens4"),
        ("labs", {"claim": "fedcba /home/eve/my lab"}, "carries the lab in /home/eve/my lab", CLAIM),
        (
            "kubernetes",
            {"kubernetes": "/etc/kubernetes/kubelet.conf"},
            "belongs to a cluster (/etc/kubernetes/kubelet.conf)",
            "'netlab down' would take that apart",
        ),
        (
            "network",
            {"networkd ens4": "", "manager ens4": "ifupdown"},
            "ens4 is configured by ifupdown",
            "docs/hosts.md",
        ),
        (
            "network",
            {"networkd ens4": "/etc/{{ 1 }}.network"},
            f"ens4 is configured by {NOBODY}",
            "routes between hosts",
        ),
        ("packages", {"package wrk": None}, "apt has no wrk (role benchmark)", "apt-get update"),
        ("packages", {"package crun": None}, "apt has no crun (role pod)", "apt-get update"),
    ],
)
def test_what_a_host_is_without_is_said_with_what_to_do(what, changes, message, hint):
    every = found(**changes)
    wrong = [name for name, check in every.items() if not check.ok and (check.needed or name == what)]
    assert wrong == [what]
    assert every[what].message == message
    assert hint in every[what].hint


@pytest.mark.parametrize(("own", "ok"), [(1400, True), (1450, True), (1451, False)])
def test_the_user_may_name_less_than_the_interface_carries_and_no_more(own, ok):
    check = found(host=HOST.model_copy(update={"mtu": own, "own_mtu": own}))["mtu"]
    assert (check.ok, check.needed) == (ok, True)
    assert check.message == f"{own} (netlab_mtu of the inventory); ens4 itself has 1450"
    assert ok or "lower netlab_mtu" in check.hint


@pytest.mark.parametrize("kernel", ["6.6", "6.8.0-31-generic", "6.12.38+deb13", "10.0"])
def test_every_newer_kernel_will_do(kernel):
    assert found(kernel=kernel)["kernel"].ok


@pytest.mark.parametrize(("kernel", "ok"), [("5.4.0-150-generic", True), ("6.12", True), ("5.3", False)])
def test_a_control_plane_gets_no_requests_to_be_recorded(kernel, ok):
    control = HOST.model_copy(update={"part": "control"})
    check = found(host=control, kernel=kernel, btf=None)["kernel"]
    assert (check.ok, check.message) == (ok, f"Linux {kernel}")


@pytest.mark.parametrize(
    ("distribution", "newer"),
    [
        ("debian 12", "the one of bookworm-backports"),
        ("debian 13", None),
        ("ubuntu 22.04", "linux-generic-hwe-22.04"),
        ("ubuntu 24.04", None),
    ],
)
def test_where_a_newer_kernel_is_found_depends_on_the_release(distribution, newer):
    every = found(distribution=distribution, kernel="5.15.0-1-generic")
    assert every["distribution"].ok
    assert every["kernel"].hint.endswith(f": install a newer kernel ({newer}), and reboot" if newer else "INFO_BTF)")


def test_packages_go_by_the_names_of_what_the_host_runs():
    missing = found(distribution="ubuntu 24.04", kernel="6.8.0-31-generic")["packages"]
    assert missing.needed
    assert missing.message == (
        "apt has no linux-tools-6.8.0-31-generic (role benchmark); linux-tools-6.8.0-31-generic (role bpf_service)"
    )
    assert found(distribution="ubuntu 24.04", kernel="6.8.0", **{"package linux-tools-6.8.0": "6"})["packages"].ok


def test_what_only_some_profiles_install_is_not_needed_by_every_host():
    assert not found(**{"package gcc-bpf": None})["packages"].needed


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
    assert len(every) in {11, 12}, "packages are looked for where their names are known"
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
