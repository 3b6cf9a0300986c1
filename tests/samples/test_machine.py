"""What hosts say of themselves, as the script writes it there, and whatever else they may say."""

import contextlib
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import ResultsError
from netlab.samples.machine import SCRIPT, parse_machine, parse_number

X86 = """os=Debian GNU/Linux 13 (trixie)
kernel=6.12.38+deb13-cloud-amd64
cpus=2
memory_kib=4013940
cpu=Intel(R) Xeon(R) Processor @ 2.60GHz
cpu_flags=fpu vme de pse tsc msr pae mce cx8 apic sep
"""
ARM = """os=Ubuntu 24.04.1 LTS
kernel=6.8.0-45-generic
cpus=4
memory_kib=16131072
cpu=0xd0c
cpu_flags=fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics
"""


def test_a_host_of_x86():
    machine = parse_machine("node1", X86)
    assert (machine.name, machine.os, machine.kernel) == (
        "node1", "Debian GNU/Linux 13 (trixie)", "6.12.38+deb13-cloud-amd64"
    )  # fmt: skip
    assert (machine.cpu, machine.cpus, machine.memory_mib) == ("Intel(R) Xeon(R) Processor @ 2.60GHz", 2, 3919)
    assert machine.cpu_flags.split()[:2] == ["fpu", "vme"]


def test_a_host_of_arm():
    machine = parse_machine("node1", ARM)
    assert (machine.cpu, machine.cpus, machine.memory_mib) == ("0xd0c", 4, 15753)
    assert "atomics" in machine.cpu_flags


def test_a_processor_without_a_name_is_unknown():
    machine = parse_machine("node1", "".join(line for line in X86.splitlines(keepends=True) if "cpu=" not in line))
    assert machine.cpu == "unknown"


def test_values_may_hold_the_sign_that_ends_a_name():
    assert parse_machine("node1", X86.replace("os=", "os=a=b ")).os == "a=b Debian GNU/Linux 13 (trixie)"


@pytest.mark.parametrize("missing", ["os", "kernel", "cpus", "memory_kib"])
def test_what_is_missing_is_named_with_what_was_said(missing):
    text = "".join(line for line in X86.splitlines(keepends=True) if not line.startswith(f"{missing}="))
    with pytest.raises(ResultsError, match=f"node1 does not say what it is \\('{missing}'\\): ") as caught:
        parse_machine("node1", text)
    assert "model" not in caught.value.message
    assert "Debian" in caught.value.message or missing == "os"


@pytest.mark.parametrize(
    ("text", "number"), [("2", 2), ("  4013940", 4013940), ("1767268800.123456789", 1767268800.123456789), ("7.", 7)]
)
def test_a_number_is_read_as_programs_write_it(text, number):
    assert parse_number(text) == number


@pytest.mark.parametrize("text", [None, "", "-1", "1e9", "nan", "inf", "2 MiB", "9" * 400, "1\n2"])
def test_what_is_none_passes_no_comparison(text):
    number = parse_number(text)
    assert (number < 0, number >= 0) == (False, False)


def test_what_is_no_number_is_named():
    with pytest.raises(ResultsError, match=r"node1 does not say what it is .*'many'"):
        parse_machine("node1", X86.replace("cpus=2", "cpus=many"))


@given(st.one_of(st.text(), st.dictionaries(st.sampled_from(["os", "kernel", "cpus", "memory_kib"]), st.text())))
def test_whatever_a_host_says_is_read_or_refused(said):
    text = said if isinstance(said, str) else "\n".join(f"{name}={value}" for name, value in said.items())
    with contextlib.suppress(ResultsError):
        assert parse_machine("node1", text).name == "node1"


def test_this_machine_answers_the_script():
    done = subprocess.run(["sh", "-s"], input=SCRIPT, capture_output=True, text=True, check=True)
    machine = parse_machine("here", done.stdout)
    kernel = subprocess.run(["uname", "-r"], capture_output=True, text=True, check=True).stdout.strip()
    assert machine.kernel == kernel
    assert machine.cpus > 0
    assert machine.memory_mib > 0


# As Linux shows them: two processors each, of which the first counts
CPUINFO = {
    "x86": (
        "model name\t: AMD EPYC 7R13\nflags\t\t: fpu vme\n\nmodel name\t: other\nflags\t\t: fpu\n",
        "AMD EPYC 7R13",
    ),
    "arm": ("processor\t: 0\nFeatures\t: fp asimd\nCPU part\t: 0xd0c\n\nFeatures\t: fp\nCPU part\t: 0x0\n", "0xd0c"),
}


@pytest.mark.parametrize("kind", CPUINFO)
def test_the_script_reads_the_first_processor(kind, tmp_path):
    text, name = CPUINFO[kind]
    (tmp_path / "cpuinfo").write_text(text)
    script = SCRIPT.replace("/proc/cpuinfo", str(tmp_path / "cpuinfo"))
    done = subprocess.run(["sh", "-s"], input=script, capture_output=True, text=True, check=True)
    machine = parse_machine("here", done.stdout)
    assert (machine.cpu, machine.cpu_flags.split()[0]) == (name, {"x86": "fpu", "arm": "fp"}[kind])
    assert len(machine.cpu_flags.split()) == 2
