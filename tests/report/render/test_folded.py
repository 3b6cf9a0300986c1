from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from netlab.model.sample import Stacks
from netlab.report.render import folded

LINE = re.compile(r"[^;\s]+(?:;[^;\s]+)* [0-9]+")
"""As flamegraph.pl and speedscope read it: frames, and after the last space how many samples."""


def stacks(counts):
    return Stacks(profile="calico-ipip", path="pod-ip", keepalive=True, counts=counts)


def test_a_line_per_stack_the_program_first():
    found = {("nginx", "do_syscall_64", "tcp_sendmsg"): 12, ("wrk",): 1, ("nginx", "do_syscall_64"): 3}
    assert folded.render(stacks(found)) == "nginx;do_syscall_64 3\nnginx;do_syscall_64;tcp_sendmsg 12\nwrk 1\n"


def test_nothing_is_no_line():
    assert folded.render(stacks({})) == ""


def test_operators_of_c_plus_plus_keep_their_name():
    assert folded.render(stacks({("a b", "f<int>::g(char; int)"): 1})) == "a_b;f<int>::g(char_int) 1\n"


@given(
    st.dictionaries(st.lists(st.text(max_size=8), min_size=1, max_size=4).map(tuple), st.integers(1, 99), max_size=5)
)
def test_no_name_breaks_a_line(counts):
    lines = folded.render(stacks(counts)).split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(counts)
    assert all(LINE.fullmatch(line) for line in lines)
    assert sum(int(line.rpartition(" ")[2]) for line in lines) == sum(counts.values())
