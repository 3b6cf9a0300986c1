"""Rules on machines where nothing is measured."""

import pytest

from netlab.gates import before
from netlab.gates.before import Look
from netlab.model.sample import CpuTicks
from tests import factories

QUIET = {"user": 2, "nice": 0, "system": 2, "idle": 390, "iowait": 4, "irq": 0, "softirq": 2, "steal": 0}


def look(halted=0, frequencies=(), **ticks):
    return Look(cpu=CpuTicks(**{**QUIET, **ticks}), halted=halted, frequencies=frequencies)


def broken(readings):
    return [one.gate.name for one in readings if one.broken]


def test_a_quiet_machine_breaks_no_rule():
    quiet = look(frequencies=((900_000, 3_400_000), (2_700_000, 3_400_000)))
    assert broken(before.of_machine(quiet)) == []
    assert broken(before.of_host(quiet, ("node1",), "real")) == []


@pytest.mark.parametrize(
    ("changes", "machine", "host"),
    [
        ({"user": 60}, ["machine-load"], ["host-load"]),
        ({"steal": 10}, [], ["steal"]),
        ({"halted": 1}, ["throttling"], ["throttling"]),
        ({"frequencies": ((900_000, 3_400_000), (2_000_000, 3_400_000))}, ["frequency"], ["frequency"]),
    ],
)
def test_each_is_seen_on_the_machine_and_on_hosts(changes, machine, host):
    assert broken(before.of_machine(look(**changes))) == machine
    assert broken(before.of_host(look(**changes), ("node1",), "real")) == host


def test_on_the_virtual_clock_a_hosts_own_work_matters_and_nothing_below_it():
    bad = look(user=60, steal=100, halted=9, frequencies=((1, 100),))
    assert broken(before.of_host(bad, ("client", "node1"), "virtual")) == ["host-load"]


def at(clock, asked=100.0, answered=100.5):
    return look().model_copy(update={"clock_s": clock, "asked_s": (asked, answered)})


@pytest.mark.parametrize(
    ("clocks", "apart"),
    [((100.2, 100.4), 0.0), ((100.2, 103.0), 2.3), ((95.0, 100.2), 4.7), ((100.2,), None)],
)
def test_clocks_are_apart_by_what_asking_cannot_explain(clocks, apart):
    found = list(before.of_clocks({f"host{at_}": at(clock) for at_, clock in enumerate(clocks)}))
    assert [one.value for one in found] == ([] if apart is None else [pytest.approx(apart)])
    assert broken(found) == (["clock-skew"] if (apart or 0) > 1 else [])


def test_a_link_that_is_full_is_named_and_one_that_says_no_rate_is_not():
    sample = factories.sample(rate=1000)  # 1.3 MB/s
    assert [one.value for one in before.of_link([sample], [100, 11])] == [pytest.approx(100 * 10.4 / 11)]
    assert broken(before.of_link([sample], [11])) == ["link-rate"]
    assert broken(before.of_link([sample], [100])) == []
    assert list(before.of_link([sample], [])) == list(before.of_link([], [100])) == []
