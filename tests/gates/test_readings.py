"""Rules on real samples: healthy ones break none, and each altered copy breaks its own."""

import json

import pytest

from netlab.gates.readings import excluding, flying, of_samples, processors
from netlab.gates.rules import GATES
from netlab.model.run import Machine
from netlab.samples.sample import parse_sample
from tests import factories
from tests.standins import GOLDEN

REAL = factories.environment(clock="real", guest_cpus=2, kernels=(("client",), ("node1",)))
"""The golden sample's: two processors, on a machine that was busy with something else."""
VIRTUAL = factories.environment(guest_cpus=2)
STAT = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


def sample(steal=0, taken=0, **wrk):
    """Return the golden sample with so many ticks of steal in place of its own, and so many taken from idle time."""
    raw = json.loads((GOLDEN / "sample-keepalive.json").read_bytes())
    found = parse_sample(json.dumps(raw).encode(), profile="baseline-vm", round_=1, position=0)
    (kernel,) = found.kernels
    ticks = kernel.cpu.model_dump()
    ticks["idle"] += ticks["steal"] - steal - taken
    cpu = kernel.cpu.model_copy(update={**ticks, "steal": steal})
    kernel = kernel.model_copy(update={"cpu": cpu, "softnet_dropped": wrk.pop("dropped", 0)})
    load = found.load.model_copy(update={"connections": wrk.pop("connections", found.load.connections)})
    changed = found.wrk.model_copy(update=wrk)
    return found.model_copy(update={"kernels": (kernel,), "wrk": changed, "load": load})


def broken(environment, *samples):
    return {one.gate.name: one for one in of_samples(samples, environment) if one.broken}


@pytest.mark.parametrize("environment", [REAL, VIRTUAL])
def test_a_healthy_sample_breaks_no_rule(environment):
    assert broken(environment, sample()) == {}
    assert excluding(sample(), environment) is None


@pytest.mark.parametrize(
    ("gate", "altered", "value"),
    [
        ("steal", {"steal": 4}, 100 * 4 / 212),
        ("lost-ticks", {"taken": 20}, 100 * (2 * 104.1632 - 192) / (2 * 104.1632)),
        ("errors", {"errors": factories.WrkErrors(timeout=2)}, 2000 / 10277),
        ("dropped-packets", {"dropped": 7}, 7),
        ("client-saturated", {"connections": 8}, None),
        ("littles-law", {"connections": 2}, None),
    ],
)
def test_each_altered_copy_breaks_its_own_rule_and_no_other(gate, altered, value):
    found = broken(REAL, sample(**altered))
    assert found.keys() == {gate}
    assert value is None or found[gate].value == pytest.approx(value)


def test_steal_as_it_was_really_measured_is_named_with_its_host():
    raw = (GOLDEN / "sample-keepalive.json").read_bytes()
    found = broken(REAL, parse_sample(raw, profile="baseline-vm", round_=1, position=0))
    assert found.keys() == {"steal"}
    assert found["steal"].text == "24.5\N{NARROW NO-BREAK SPACE}% on node1"


def test_a_tick_of_a_second_is_no_alarm_and_many_samples_are_taken_together():
    assert broken(REAL, sample(steal=2)) == {}, "2 of 212"
    assert broken(REAL, sample(steal=4), sample(), sample()) == {}


def test_without_keepalive_only_too_many_in_flight_cannot_be():
    few = sample(connections=8)
    few = few.model_copy(update={"load": few.load.model_copy(update={"keepalive": False})})
    assert broken(REAL, few) == {}


def test_where_response_times_are_unknown_nothing_is_said_of_them():
    unknown = sample(histogram=None)
    assert flying(unknown) is None
    assert not {"client-saturated", "littles-law"} & {one.gate.name for one in of_samples([unknown], REAL)}
    assert list(of_samples([], REAL)) == []


@pytest.mark.parametrize(
    ("altered", "gate"), [({"steal": 20}, None), ({"steal": 22}, "steal"), ({"taken": 26}, "lost-ticks")]
)
def test_a_sample_is_taken_again_on_the_real_clock_alone(altered, gate):
    found = excluding(sample(**altered), REAL)
    assert (found and found.gate.name) == gate
    assert excluding(sample(**altered), VIRTUAL) is None


def test_failures_and_drops_are_no_reason_to_take_a_sample_again():
    assert excluding(sample(errors=factories.WrkErrors(timeout=9), dropped=10_000), REAL) is None


def test_on_the_virtual_clock_there_is_no_steal():
    assert broken(VIRTUAL, sample(steal=100)) == {}
    assert "steal" not in {one.gate.name for one in of_samples([sample()], VIRTUAL)}


def test_processors_are_those_of_the_host():
    machine = Machine(name="node1", os="", kernel="", cpu="", cpus=8, memory_mib=1)
    fleet = {"client": "client", "node1": "node", "control": "control"}
    environment = factories.environment(guest_cpus=2, control_cpus=4, fleet=fleet)
    assert [processors(environment, [name]) for name in fleet] == [2, 2, 4]
    assert processors(environment.model_copy(update={"machines": (machine,)}), ["node1"]) == 8


def test_rules_have_names_of_their_own_and_say_all_that_a_reader_needs():
    assert len({gate.name for gate in GATES}) == len(GATES)
    for gate in GATES:
        assert gate.reason.endswith(".")
        assert gate.then.endswith((".", ")."))
        assert gate.broken(gate.limit) is False, "the limit itself is within it"
        assert gate.exclude is None or gate.exclude > gate.limit
