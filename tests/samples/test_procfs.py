from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import ResultsError
from netlab.samples.procfs import RawCounters, RawHost, kernels, parse_softirqs, parse_softnet, parse_stat

DATA = Path(__file__).parent / "data"
STAT = "cpu  100 2 30 400 5 6 7 8 10 1\n"
SOFTIRQS = "       CPU0  CPU1\n NET_TX:   4     5\n NET_RX:  40    50\n"
SOFTNET = "0000000a 00000001 00000002\n00000014 00000000 00000001\n"


def recorded() -> RawHost:
    raw = json.loads((DATA / "sample-keepalive.json").read_bytes())
    return RawHost.model_validate(raw["hosts"]["node1"])


def host(before: dict[str, str], after: dict[str, str], boot_id: str = "a") -> RawHost:
    first = {"stat": STAT, "softirqs": SOFTIRQS, "softnet": SOFTNET, **before}
    return RawHost(boot_id=boot_id, before=RawCounters(**first), after=RawCounters(**(first | after)))


def test_recorded_counters():
    (kernel,) = kernels({"node1": recorded()})
    assert kernel.cpu.model_dump() == {
        "user": 21, "nice": 0, "system": 60, "idle": 29, "iowait": 0, "irq": 0, "softirq": 50, "steal": 52,
    }  # fmt: skip
    assert kernel.softirqs["NET_RX"] == 20612
    assert set(kernel.softirqs) >= {"HI", "TIMER", "NET_TX", "TASKLET", "SCHED", "HRTIMER", "RCU"}
    assert (kernel.softnet_processed, kernel.softnet_dropped, kernel.softnet_squeezed) == (41317, 0, 2)


def test_hosts_of_one_kernel_are_counted_once():
    shared = recorded()
    other = shared.model_copy(update={"boot_id": "another"})
    found = kernels({"node1": shared, "node2": other, "node3": shared})
    assert [kernel.hosts for kernel in found] == [("node1", "node3"), ("node2",)]
    assert found[0].softirqs == found[1].softirqs


def test_hosts_that_are_known_to_share_a_kernel_are_counted_once_whatever_they_report():
    other = recorded().model_copy(update={"boot_id": "another"})
    found = kernels({"client": recorded(), "node1": other}, [("client", "node1", "node2")])
    assert [kernel.hosts for kernel in found] == [("client", "node1", "node2")]


def test_guest_time_is_not_counted_twice():
    (kernel,) = kernels({"n": host({}, {"stat": "cpu 150 12 30 400 5 6 7 8 40 6\n"})})
    assert (kernel.cpu.user, kernel.cpu.nice) == (20, 5)


def test_the_kernel_may_take_idle_time_back():
    (kernel,) = kernels({"n": host({}, {"stat": "cpu 100 2 30 399 4 6 7 8 10 1\n"})})
    assert (kernel.cpu.idle, kernel.cpu.iowait) == (0, 0)


def test_each_processor_has_its_own():
    before = STAT + "cpu0 60 1 20 200 5 6 4 8 10 1\ncpu1 40 1 10 200 0 0 3 0 0 0\nctxt 7\n"
    after = "cpu 110 2 33 400 5 6 16 8 10 1\ncpu0 60 1 20 205 5 6 4 8 10 1\ncpu1 50 1 13 200 0 0 12 0 0 0\nctxt 9\n"
    softirqs = "       CPU0  CPU1\n NET_TX:   4     6\n NET_RX:  40    95\n"
    (kernel,) = kernels({"n": host({"stat": before}, {"stat": after, "softirqs": softirqs})})
    assert [processor.name for processor in kernel.processors] == ["cpu0", "cpu1"]
    assert [processor.softirqs for processor in kernel.processors] == [
        {"NET_TX": 0, "NET_RX": 0},
        {"NET_TX": 1, "NET_RX": 45},
    ]
    assert [processor.cpu.softirq for processor in kernel.processors] == [0, 9]
    assert (kernel.softirqs, kernel.cpu.softirq) == ({"NET_TX": 1, "NET_RX": 45}, 9)


def test_a_single_processor_is_the_kernel():
    stat = STAT + STAT.replace("cpu", "cpu0")
    (kernel,) = kernels({"n": host({"stat": stat}, {"stat": stat})})
    assert kernel.processors == ()


def test_a_processor_that_left_during_the_sample_has_no_figures():
    before = STAT + "".join(STAT.replace("cpu", f"cpu{number}") for number in range(3))
    (kernel,) = kernels({"n": host({"stat": before}, {"stat": before.rsplit("cpu2")[0]})})
    assert [processor.name for processor in kernel.processors] == ["cpu0", "cpu1"]


def test_other_time_never_goes_backwards():
    with pytest.raises(ResultsError, match="'softirq' went backwards"):
        kernels({"n": host({}, {"stat": "cpu 100 2 30 400 5 6 6 8 10 1\n"})})


def test_counts_of_32_bits_wrap():
    before = {"softirqs": "CPU0\n NET_RX: 4294967290\n", "softnet": "fffffffe 0 0\n"}
    after = {"softirqs": "CPU0\n NET_RX: 10\n", "softnet": "00000003 0 0\n"}
    (kernel,) = kernels({"n": host(before, after)})
    assert (kernel.softirqs["NET_RX"], kernel.softnet_processed) == (16, 5)


@pytest.mark.parametrize("columns", [3, 9, 11, 13, 15], ids=lambda n: f"{n} columns")
def test_softnet_columns_vary_by_kernel(columns):
    row = "0000000a 00000001 00000002 " + "00000000 " * (columns - 3)
    assert parse_softnet(f"{row}\n{row}\n") == (20, 2, 4)


@pytest.mark.parametrize(
    ("parse", "text", "message"),
    [
        (parse_stat, "", "/proc/stat: the first line is not 'cpu'"),
        (parse_stat, "cpu0 1 2 3 4 5 6 7 8 9 10\n", "/proc/stat: the first line"),
        (parse_stat, "cpu 1 2 3\n", "10 figures"),
        (parse_stat, "cpu 1 2 3 4 x 6 7 8 9 10\n", "/proc/stat: 'x' is not a count"),
        (parse_softirqs, "", "/proc/softirqs: no line of CPUs"),
        (parse_softirqs, "CPU0 CPU1\nNET_RX: 1\n", "not a vector and 2 counts"),
        (parse_softnet, "", "/proc/net/softnet_stat: no rows"),
        (parse_softnet, "0001 0002\n", "at least three"),
        (parse_softnet, "0001 0002 -3\n", "'-3' is not a count"),
    ],
)
def test_what_is_wrong_is_named(parse, text, message):
    with pytest.raises(ResultsError, match=message):
        parse(text)


def test_a_vector_that_appears_is_an_error():
    with pytest.raises(ResultsError, match="the vectors or processors before and after"):
        kernels({"n": host({}, {"softirqs": "CPU0\n NET_RX: 1\n"})})


@pytest.mark.parametrize("parse", [parse_stat, parse_softirqs, parse_softnet])
@given(text=st.text() | st.from_regex(r"(cpu|CPU0\n\w*:)?( [0-9a-f]{1,9}){0,12}\n", fullmatch=True))
def test_any_text_is_read_or_refused(parse, text):
    try:
        parse(text)
    except ResultsError as error:
        assert error.message.startswith("/proc/")  # noqa: PT017 - either outcome is right
