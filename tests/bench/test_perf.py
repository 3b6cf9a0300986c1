from __future__ import annotations

import contextlib
import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.bench.perf import parse_hotspots
from netlab.bench.subsystems import GROUPS
from netlab.errors import ResultsError

if TYPE_CHECKING:
    from netlab.results.model import HotSpots

# Recorded by netlab-agent: perf 6.1 on kernel 6.18 (everything built in, no modules), two CPUs, wrk in one network
# namespace, iptables DNAT in a second, nginx behind a veth in a third.
RECORDED = (Path(__file__).parent / "data" / "nodeport-netfilter.perf.gz").read_bytes()


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


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"perf: not found", "not a whole gzip file"),
        (RECORDED[:500], "not a whole gzip file"),
        (gzip.compress(b"failed to open perf.data: No such file", mtime=0), "does not begin a sample: 'failed to open"),
        (script(("wrk", "no frame")), "not a frame: '\\\\tno frame'"),
    ],
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
        assert "the profile has a line" in error.message  # noqa: PT017 - either outcome is right
