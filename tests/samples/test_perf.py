from __future__ import annotations

import contextlib
import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import ResultsError
from netlab.samples import perf
from netlab.samples.perf import parse_hotspots, parse_stacks
from netlab.samples.subsystems import GROUPS

if TYPE_CHECKING:
    from netlab.model.sample import HotSpots

# Recorded by netlab-agent: perf 6.1 on kernel 6.18 (everything built in, no modules), two CPUs, wrk in one network
# namespace, iptables DNAT in a second, nginx behind a veth in a third.
DATA = Path(__file__).parent / "data"
RECORDED = (DATA / "nodeport-netfilter.perf.gz").read_bytes()
# perf 6.1 on kernel 6.18 while threads and processes ended all the time: 109 samples of tasks that had exited, and
# threads of the kernel
EXITED = (DATA / "exited-tasks.perf.gz").read_bytes()


def parse(raw: bytes) -> HotSpots:
    return parse_hotspots(raw, profile="calico-ipip", path="nodeport-local")


def script(*samples: tuple[str, ...]) -> bytes:
    """`perf script`'s text of samples, each a command and its frames from the leaf on."""
    blocks = []
    for command, *frames in samples:
        lines = [f"{command}  1234 [000]  2079.398830:    5025125 cpu-clock: "]
        blocks.append("\n".join(lines + [f"\t{frame}" for frame in frames]))
    # no time in it: the names of tests must be the same in every process
    return gzip.compress("\n\n".join([*blocks, ""]).encode(), mtime=0)


def text(*blocks: str) -> bytes:
    return gzip.compress("\n\n".join([*blocks, ""]).encode(), mtime=0)


def kernel(symbol: str, module: str = "[kernel.kallsyms]") -> str:
    return f"ffffffff821f236b {symbol}+0xb ({module})"


def test_recorded_profile():
    spots = parse(RECORDED)
    groups: dict[str, int] = {}
    for function in spots.functions:
        groups[function.group] = groups.get(function.group, 0) + function.samples
    assert spots.total_samples == sum(groups.values()) == 658
    assert {"veth", "netfilter", "routing", "tcp", "socket", "epoll", "softirq", "user", "idle"} <= groups.keys()
    assert groups.keys() <= set(GROUPS)
    assert groups.get("other", 0) <= 0.01 * spots.total_samples


def test_functions_are_sorted_and_add_up():
    spots = parse(RECORDED)
    counts = [function.samples for function in spots.functions]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == spots.total_samples
    assert len({(function.symbol, function.group) for function in spots.functions}) == len(counts)


def test_a_helper_belongs_to_its_nearest_caller():
    raw = script(
        ("nginx", kernel("memcpy_orig"), kernel("skb_copy_bits"), kernel("veth_xmit", "[veth]"), kernel("tcp_sendmsg")),
        ("nginx", kernel("memcpy_orig"), kernel("tcp_sendmsg"), kernel("do_syscall_64")),
        ("nginx", kernel("tcp_sendmsg"), kernel("do_syscall_64")),
    )
    found = [(function.symbol, function.group) for function in parse(raw).functions]
    assert found == [("memcpy_orig", "tcp"), ("tcp_sendmsg", "tcp"), ("memcpy_orig", "veth")]


def test_user_space_is_one_entry_a_program():
    raw = script(
        ("wrk", "5571 http_parser_execute+0x1 (/usr/bin/wrk)"),
        ("wrk", "7fff1234 [unknown] ([vdso])"),
        ("nginx: worker pr", "55d0 ngx_http_send (/usr/sbin/nginx (deleted))"),
    )
    found = [(function.symbol, function.group, function.samples) for function in parse(raw).functions]
    assert found == [("wrk", "user", 2), ("nginx: worker pr", "user", 1)]


def test_a_kernel_function_is_not_grouped_by_the_program_that_called():
    raw = script(("wrk", kernel("clear_bhb_loop"), "7f12 tcp_like_name (/usr/bin/wrk)"))
    assert [(f.symbol, f.group) for f in parse(raw).functions] == [("clear_bhb_loop", "other")]


def test_clones_of_a_function_are_one():
    raw = script(
        ("wrk", kernel("ipvlan_rcv_frame.isra.0", "[ipvlan]")), ("wrk", kernel("ipvlan_rcv_frame", "[ipvlan]"))
    )
    assert [(f.symbol, f.samples) for f in parse(raw).functions] == [("ipvlan_rcv_frame", 2)]


def test_tasks_that_exited_are_counted():
    spots = parse(EXITED)
    assert spots.unreadable_samples == 0
    assert spots.total_samples == gzip.decompress(EXITED).count(b" cpu-clock: ")
    assert gzip.decompress(EXITED).count(b"\n:-1    -1 [") == 109
    exiting = {"release_task", "do_exit", "exit_task_stack_account", "add_device_randomness"}
    assert exiting & {function.symbol for function in spots.functions}


FRAME = f"\t{kernel('tcp_sendmsg')}"
GOOD = f"nginx  1234 [000]  2079.398830:    5025125 cpu-clock: \n{FRAME}"
HEADERS = {
    ":-1    -1 [000]   873.672035:    1003009 cpu-clock: ": "(no name)",
    ":1234  1234 [000]   873.672035:    1003009 cpu-clock: ": "(no name)",
    "           :1234  1234 [000]   873.672035:    1003009 cpu-clock: ": "(no name)",
    "                  1234 [000]   873.672035:    1003009 cpu-clock: ": "(no name)",
    "swapper     0 [000]  2079.398830:    5025125 cpu-clock: ": "swapper",
    "         swapper       0 [000]  2079.398830:    5025125 cpu-clock:pppH: ": "swapper",
    "(sd-pam)   815 [001]  2079.398830:    5025125 cpu-clock: ": "(sd-pam)",
    "nginx: worker pr  1234 [000]  2079.398830:    5025125 cpu-clock: ": "nginx: worker pr",
    "kworker/0:1-ev    12 [000]  2079.398830:    5025125 cpu-clock: ": "kworker/0:1-ev",
    "top 10 of 1.5: 7  1234 [000]  2079.398830:    5025125 cpu-clock: ": "top 10 of 1.5: 7",
    "7  1234 [000]  2079.398830:    5025125 cpu-clock: ": "7",
    "wrk 1234/1240 [000]  2079.398830:    5025125 cpu-clock: ": "wrk",
    "wrk    -1/-1    [000]  2079.398830:    5025125 cpu-clock: ": "wrk",
    "wrk  1234  2079.398830:    5025125 cpu-clock: ": "wrk",
    "wrk  1234 [000]  2079.398830: cpu-clock: ": "wrk",
}


@pytest.mark.parametrize("header", HEADERS)
def test_what_perf_writes_before_a_sample(header):
    for frame, place in (("", (HEADERS[header], "other")), (FRAME, ("tcp_sendmsg", "tcp"))):
        spots = parse(text(f"{header}\n{frame}".strip("\n"), GOOD))
        expected = {place: 1, ("tcp_sendmsg", "tcp"): 1} if place[0] != "tcp_sendmsg" else {place: 2}
        assert {(one.symbol, one.group): one.samples for one in spots.functions} == expected
        assert spots.unreadable_samples == 0


@pytest.mark.parametrize(
    ("blocks", "samples"),
    [
        ([GOOD.splitlines()[0] + "\n" + GOOD], 2),  # no empty line where there is no chain of frames
        ([GOOD.splitlines()[0] + kernel("tcp_sendmsg")], 1),  # the frame in the header's line
        ([GOOD + "\n\t    55d0 [unknown] ([unknown])"], 1),
        ([GOOD.replace(FRAME, f"\tffffffff821f236b tcp_push (inlined)\n{FRAME}")], 1),
        (["perf  7 [000]  2079.398831: PERF_RECORD_LOST lost 12", GOOD], 1),
        (["perf  7 [000]  2079.398831: PERF_RECORD_LOST lost 12\n" + GOOD], 1),
        (["\n\n\n" + GOOD + "\n\n\n"], 1),
    ],
)
def test_what_stands_between_samples(blocks, samples):
    spots = parse(text(*blocks))
    assert (spots.total_samples, spots.unreadable_samples) == (samples, 0)
    assert {one.symbol for one in spots.functions} <= {"tcp_sendmsg", "nginx"}


@pytest.mark.parametrize("strange", ["Warning:\nProcessed 12 events", "nginx ???\n" + FRAME, f"{GOOD}\n\tno frame"])
def test_a_sample_that_cannot_be_read_is_counted_and_left_out(strange):
    spots = parse(text(*[GOOD] * 19, strange))
    assert (spots.total_samples, spots.unreadable_samples) == (19, 1)


@given(
    commands=st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=15), min_size=1, max_size=5),
    pid=st.integers(-1, 4_194_304),
    cpu=st.integers(0, 4095),
    framed=st.booleans(),
)
def test_every_name_of_a_program_makes_a_sample(commands, pid, cpu, framed):
    blocks = [f"{name:>16} {pid:5} [{cpu:03}] 12.345678: {1003009:10} cpu-clock: " for name in commands]
    spots = parse(text(*(f"{block}\n{FRAME}" if framed else block for block in blocks)))
    assert (spots.total_samples, spots.unreadable_samples) == (len(commands), 0)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"perf: not found", "not a whole gzip file"),
        (RECORDED[:500], "not a whole gzip file"),
        (text("failed to open perf.data: No such file"), "1 of the profile's 1 samples .* 'failed to open perf.data"),
        (script(("wrk", "no frame")), "1 of the profile's 1 samples .* '\\\\tno frame'"),
        (text(*[GOOD] * 37, *["what is this"] * 2), "2 of the profile's 39 samples cannot be read"),
    ],
    ids=["no gzip", "cut off", "a message", "no frame", "more than one in twenty"],
)
def test_what_is_wrong_is_said(raw, message):
    with pytest.raises(ResultsError, match=message):
        parse(raw)


def test_a_profiler_that_saw_nothing_is_no_mistake():
    assert parse(gzip.compress(b"")).total_samples == 0
    assert parse(gzip.compress(b"")).functions == ()


@given(raw=st.binary() | st.binary().map(gzip.compress) | st.text().map(lambda text: gzip.compress(text.encode())))
def test_any_bytes_are_read_or_refused(raw):
    with contextlib.suppress(ResultsError):
        assert parse(raw).total_samples == 0


@given(cut=st.integers(0, 5000), junk=st.text(max_size=5))
def test_any_damaged_text_is_read_or_refused(cut, junk):
    text = gzip.decompress(RECORDED).decode()[:5000]
    try:
        parse(gzip.compress((text[:cut] + junk + text[cut:]).encode()))
    except ResultsError as error:
        assert "samples cannot be read" in error.message  # noqa: PT017 - either outcome is right


def test_stacks_have_the_program_first_and_nothing_of_an_idle_cpu():
    user = "           f8011 __GI___libc_writev+0x51 (/usr/lib/x86_64-linux-gnu/libc.so.6)"
    nameless = "    558676212a70 [unknown] ([unknown])"
    raw = script(
        ("nginx", kernel("veth_xmit.isra.0"), kernel("do_syscall_64"), user, nameless, nameless),
        ("nginx", kernel("veth_xmit"), kernel("do_syscall_64"), user),
        ("wrk", nameless),
        ("swapper", kernel("pv_native_safe_halt"), kernel("do_idle")),
    )
    assert parse_stacks(raw) == {("nginx", "__GI___libc_writev", "do_syscall_64", "veth_xmit"): 2, ("wrk",): 1}


def test_stacks_are_of_the_same_samples_as_hot_functions():
    found, spots = parse_stacks(RECORDED), parse(RECORDED)
    busy = sum(one.samples for one in spots.functions if one.group != "idle")
    assert 0 < busy == sum(found.values()) < spots.total_samples
    leaves = {stack[-1] for stack in found}
    assert {one.symbol for one in spots.functions if one.group not in {"idle", "user"}} <= leaves


@pytest.mark.parametrize("raw", [b"perf: not found", text(*[GOOD] * 5, "what is this")])
def test_stacks_of_no_profile_are_refused(raw):
    with pytest.raises(ResultsError):
        parse_stacks(raw)


LOST = "perf  7 [000]  2.5: PERF_RECORD_LOST lost 12"
PIECES = (
    "\n",
    "\n\n",
    " ",
    "\t",
    "\u00a0",
    GOOD,
    FRAME,
    GOOD.splitlines()[0],
    "perf  7 [000]  2.5: PERF_RECORD_LOST lost 12",
    "x",
)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_samples_that_begin_plainly_are_those_that_are_found_line_by_line(written):
    found = [[line for line in one if line.strip()] for one in perf._samples(written)]
    assert found == list(perf._line_by_line(written.split("\n")))


def test_chains_of_calls_begin_with_the_program_and_leave_out_what_is_idle():
    spots = parse(
        script(
            (
                "nginx",
                kernel("nf_hook_slow"),
                kernel("ip_output"),
                kernel("do_syscall_64"),
                "7f7756bdb3a7 [unknown] (libc.so)",
            ),
            ("nginx", kernel("nf_hook_slow"), kernel("ip_output"), kernel("do_syscall_64")),
            ("nginx", "7f7756bdb3a7 [unknown] (libc.so)"),
            ("swapper", kernel("default_idle"), kernel("do_idle")),
        )
    )
    assert [(stack.frames, stack.samples) for stack in spots.stacks] == [
        (("nginx",), 1),
        (("nginx", "do_syscall_64", "ip_output", "nf_hook_slow"), 2),
    ]


def test_a_recorded_profile_has_a_chain_for_every_sample_that_is_not_idle():
    spots = parse(RECORDED)
    idle = sum(function.samples for function in spots.functions if function.group == "idle")
    assert sum(stack.samples for stack in spots.stacks) == spots.total_samples - idle
    assert max(len(stack.frames) for stack in spots.stacks) > 20
