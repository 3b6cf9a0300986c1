"""What a machine says of its load, as `sh` wrote it on a real one."""

import contextlib
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import ResultsError
from netlab.samples import look
from tests.standins import GOLDEN

TEXT = (GOLDEN / "look.txt").read_text(encoding="utf-8")


def parsed(text):
    return look.parse_look(text, (1.0, 4.0))


def test_a_busy_machine():
    found = parsed(TEXT)
    assert (found.cpu.user, found.cpu.nice, found.cpu.idle, found.cpu.steal) == (480, 16, 0, 3)
    assert (found.halted, found.frequencies, found.link_mbit) == (0, (), None)
    assert found.asked_s == (1.0, 2.0), "the clock was read before it slept"


def test_what_only_some_machines_say():
    text = TEXT.replace("@frequencies\n", "@frequencies\n1200000 3400000\n3300000 3400000\n")
    text = _link(text, "1000\n").replace("@after halted\n", "@after halted\n4\n3\n", 1)
    found = parsed(text)
    assert found.frequencies == ((1_200_000, 3_400_000), (3_300_000, 3_400_000))
    assert found.link_mbit == 1000
    assert found.halted == 7
    assert [parsed(_link(TEXT, said)).link_mbit for said in ("", "-1\n", "0\n")] == [None] * 3


def _link(text, said):
    return f"{text.partition('@link')[0]}@link\n{said}@end\n"


@pytest.mark.parametrize(
    "text",
    ["", "@boot\n", TEXT.removesuffix("@end\n"), TEXT.replace("@clock\n", "@clock\nx"), TEXT.replace("cpu ", "gpu ")],
)
def test_half_an_answer_is_refused_in_a_sentence(text):
    with pytest.raises(ResultsError, match=r"of its load cannot be read|/proc/stat: the first line"):
        parsed(text)


@given(st.integers(0, len(TEXT)), st.text(max_size=20))
def test_anything_is_read_or_refused(at, noise):
    with contextlib.suppress(ResultsError):
        parsed(TEXT[:at] + noise + TEXT[at:])


def test_the_script_runs_here_and_takes_its_time():
    before = time.time()
    done = subprocess.run(["sh", "-s"], input=look.script("lo"), capture_output=True, text=True, check=True, timeout=60)
    found = look.parse_look(done.stdout, (before, time.time()))
    assert sum(found.cpu.model_dump().values()) >= 100 * look.SECONDS
    assert before <= found.clock_s <= time.time()


@pytest.mark.parametrize("name", ["$(reboot)", "a b", "../x", "eth0\nreboot", ""])
def test_a_name_that_is_no_interfaces_is_not_handed_to_a_shell(name):
    assert look.script(name) == look.script()
